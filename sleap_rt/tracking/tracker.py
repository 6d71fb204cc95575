"""The tracker: frames in, the same frames with track ids out, one at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from operator import index
from threading import Lock
from typing import Any, Protocol, SupportsIndex

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyImage, AnyInts
from sleap_rt.errors import DataError, OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.libraries.assignment import load_solver
from sleap_rt.options.calls import fitted
from sleap_rt.options.value_types import check_value, typed
from sleap_rt.tracking.breaks import BreakConnector
from sleap_rt.tracking.culling import cull
from sleap_rt.tracking.ids import TrackIds
from sleap_rt.tracking.left_out import LeftOut
from sleap_rt.tracking.motion.associator import MotionAssociator
from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.tracking.similarity.associator import SimilarityAssociator

_FARTHEST_PX = 1e9  # of a node; no image has a side of so many px


class _Associator(Protocol):
    @property
    def n_followed(self) -> int: ...

    @property
    def room(self) -> int | None: ...

    def associate(
        self, points: AnyFloats, image: AnyImage | None = None
    ) -> tuple[AnyInts, AnyFloats]: ...


@dataclass(frozen=True)
class Assignment:
    """Tracks of the instances of one frame.

    Attributes:
        positions: (m,) of the instances that stay in the frame, ascending.
        track_ids: (m,), -1 for a user's instance without a track.
        tracking_scores: (m,) float32, NaN without a track.
    """

    positions: AnyInts
    track_ids: AnyInts
    tracking_scores: AnyFloats


@dataclass
class _VideoTracks:
    """State of the tracker for one video."""

    associator: _Associator
    connector: BreakConnector | None
    frame_index: int = 0  # of the last frame


class Tracker:
    """Follows animals through the frames of one or more videos.

    Every video has its own history; ids run on from video to video, so that names stay unique.
    Culling and connecting breaks also work frame by frame: nothing is left to do at the end.

    Args:
        options: how to track.
        **named: the same as keywords, in place of `options`; see
            `sleap_rt.tracking.TrackerOptions`.

    Raises:
        OptionError: an option has a value that cannot be honoured.
    """

    @fitted
    def __init__(self, options: TrackerOptions | None = None, **named: Any) -> None:
        if options is not None and (named or not isinstance(options, TrackerOptions)):
            raise OptionError("A Tracker takes TrackerOptions, or their options by name")
        self.options = TrackerOptions(**named) if options is None else options
        load_solver()  # a fifth of a second: not in the middle of an experiment
        if self.options.needs_images:
            import_module("cv2")
        self._track_ids = TrackIds()
        self._videos: dict[int, _VideoTracks] = {}
        self._resolved: TrackerOptions | None = None
        self._n_nodes = 0
        self._left_out = LeftOut()
        self._in_use = Lock()

    def __repr__(self) -> str:
        return f"<Tracker {self._track_ids.n_issued} tracks so far>"

    @property
    def track_names(self) -> tuple[str, ...]:
        """Names of all tracks started so far; a track id is a position in them."""
        return tuple(map(self.track_name, range(self._track_ids.n_issued)))

    @property
    def used(self) -> TrackerOptions:
        """The options as they took effect: from the first frame on, those that fit its poses."""
        return self._resolved or self.options

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out so far and why, in words."""
        return self._left_out.notes(self.used)

    @property
    def n_left_out(self) -> int:
        """Predictions that got no track so far, of which `notes` tells why."""
        return self._left_out.n

    @staticmethod
    @typed
    def track_name(track_id: SupportsIndex) -> str:
        """The name of one track.

        Raises:
            OptionError: it is below 0, as the id of an instance without a track is.
        """
        number = index(track_id)
        if number < 0:
            raise OptionError(f"track_id {number} stands for no track; names count from 0 on")
        return f"track_{number}"

    @fitted
    def track(
        self, frame: FrameInstances, image: AnyImage | None = None, *, user_labeled: bool = False
    ) -> FrameInstances:
        """Track the next frame of a video; frames without instances belong to the sequence too.

        Args:
            frame: detections, in any order; track ids and tracking scores they have are replaced.
            image: in which they were found, (height, width[, 1 or 3]), 0..255; needed where
                `options.needs_images`, else not looked at.
            user_labeled: a person made these instances, so none is culled or left out.

        Returns:
            A new frame in input order. Predicted instances without a track are left out.

        Raises:
            DataError: the options need an image and there is none, or it cannot be that of the
                frame; a node is where no image can be; the number of nodes changed, the frame
                belongs ahead of the one before it, or another thread uses the tracker.
        """
        found = self.assign(frame, image, user_labeled=user_labeled)
        if len(found.positions) < len(frame):
            frame = frame.take(found.positions)
        return replace(frame, track_ids=found.track_ids, tracking_scores=found.tracking_scores)

    def assign(
        self, frame: FrameInstances, image: AnyImage | None = None, *, user_labeled: bool = False
    ) -> Assignment:
        """As `track`, for callers whose instances hold more than `FrameInstances` does."""
        if not self._in_use.acquire(blocking=False):
            raise DataError(
                "This Tracker is in use by another thread; frames follow one another, so hand them "
                "over from one thread, or give each thread a Tracker of its own"
            )
        try:
            return self._assign(frame, image, user_labeled)
        finally:
            self._in_use.release()

    def _assign(
        self, frame: FrameInstances, image: AnyImage | None, user_labeled: bool
    ) -> Assignment:
        if not isinstance(frame, FrameInstances):
            raise DataError(
                "A Tracker takes FrameInstances, one frame at a time, as predict_frame gives them; "
                f"got {type(frame).__name__}"
            )
        check_value("user_labeled", user_labeled, bool)
        options = self.options
        if options.needs_images and image is None:
            raise DataError(
                f"Frame {frame.frame_index} of video {frame.video_index} came without its image, "
                "which use_flow and features image need"
            )
        points = _whole_points(frame)
        video = self._video(frame)
        positions: AnyInts = np.arange(len(frame))
        if options.tracking_pre_cull_to_target and options.target_count and not user_labeled:
            positions = _culled(
                positions,
                frame,
                max_count=options.target_count,
                overlap_threshold=options.tracking_pre_cull_iou_threshold,
            )
            points = points[positions]
        ids, scores = video.associator.associate(points, image)
        if not user_labeled:
            self._left_out.count(
                points, ids, n_followed=video.associator.n_followed, room=video.associator.room
            )
            tracked = ids >= 0
            positions, ids, scores = positions[tracked], ids[tracked], scores[tracked]
            if options.tracking_clean_instance_count:
                kept = _culled(
                    positions,
                    frame,
                    max_count=options.tracking_clean_instance_count,
                    overlap_threshold=options.tracking_clean_iou_threshold,
                )
                left = np.isin(positions, kept)
                positions, ids, scores = kept, ids[left], scores[left]
        if video.connector is not None:
            ids = video.connector.connect(ids)
        return Assignment(positions, ids, scores.astype(np.float32))

    @typed
    def end_video(self, video_index: int) -> None:
        """Free the state of a video that has ended."""
        self._videos.pop(video_index, None)

    def _video(self, frame: FrameInstances) -> _VideoTracks:
        n_nodes = frame.points.shape[1]
        if self._resolved is None:
            self._resolved, self._n_nodes = self.options.resolved(n_nodes=n_nodes), n_nodes
        elif n_nodes != self._n_nodes:
            raise DataError(
                f"Frame {frame.frame_index} of video {frame.video_index} has poses of {n_nodes} "
                f"nodes, those before had {self._n_nodes}; one tracker takes one skeleton"
            )
        video = self._videos.get(frame.video_index)
        if video is None:
            connector = BreakConnector() if self.options.connects_breaks else None
            video = _VideoTracks(self._associator(self._resolved), connector)
            self._videos[frame.video_index] = video
        if frame.frame_index < 0:
            raise DataError(
                f"Frame {frame.frame_index} of video {frame.video_index} cannot be; frames count "
                "from 0 on"
            )
        if frame.frame_index < video.frame_index:
            raise DataError(
                f"Frame {frame.frame_index} of video {frame.video_index} comes behind frame "
                f"{video.frame_index}; a Tracker takes the frames of a video in their order, from "
                "0 on. For another pass, open a new Tracker or call end_video first"
            )
        video.frame_index = frame.frame_index
        return video

    def _associator(self, options: TrackerOptions) -> _Associator:
        if options.motion_model == "kalman":
            return MotionAssociator(options, self._track_ids, self._n_nodes)
        return SimilarityAssociator(options, self._track_ids)


@fitted
def track_frames(
    frames: Iterable[FrameInstances],
    options: TrackerOptions | None = None,
    *,
    image_of: Callable[[FrameInstances], AnyImage] | None = None,
) -> Iterator[FrameInstances]:
    """Track a sequence of frames of one or more videos, each in its order; lazy, flat in memory.

    Args:
        frames: as for `Tracker.track`.
        options: how to track.
        image_of: reads the image of a frame; called only where the options need images.
    """
    tracker = Tracker(options)
    if not tracker.options.needs_images:
        image_of = None
    for frame in frames:
        yield tracker.track(frame, None if image_of is None else image_of(frame))


def _whole_points(frame: FrameInstances) -> AnyFloats:
    """Float64 poses in which a node has both coordinates or none.

    Raises:
        DataError: a node is where no image can be: motion models would believe it for good.
    """
    whole = np.array(frame.points, np.float64)
    known = np.abs(whole) <= _FARTHEST_PX
    if known.all():
        return whole
    absurd = np.argwhere(~known & np.isfinite(whole))
    if len(absurd):
        instance, node, _ = absurd[0].tolist()
        x, y = whole[instance, node].tolist()
        raise DataError(
            f"Frame {frame.frame_index} of video {frame.video_index}: node {node} of instance "
            f"{instance} is at ({x:g}, {y:g}) px, where no image is; coordinates may be up to "
            f"{_FARTHEST_PX:g} px, and NaN stands for a missing node"
        )
    whole[~known.all(axis=2)] = np.nan
    return whole


def _culled(
    positions: AnyInts, frame: FrameInstances, *, max_count: int, overlap_threshold: float
) -> AnyInts:
    """The positions in the frame that culling keeps."""
    keep = cull(
        frame.points[positions],
        frame.scores[positions],
        max_count=max_count,
        overlap_threshold=overlap_threshold,
    )
    return positions[keep]
