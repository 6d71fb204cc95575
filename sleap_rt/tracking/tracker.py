"""The tracker: frames in, the same frames with track ids out, one at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sleap_rt.errors import DataError
from sleap_rt.instances import FloatArray, FrameInstances, IntArray
from sleap_rt.tracking.association import SimilarityAssociator
from sleap_rt.tracking.breaks import BreakConnector
from sleap_rt.tracking.culling import cull
from sleap_rt.tracking.flow import Image
from sleap_rt.tracking.ids import TrackIds
from sleap_rt.tracking.motion import MotionAssociator
from sleap_rt.tracking.options import TrackerOptions


class _Associator(Protocol):
    def associate(
        self, points: FloatArray, image: Image | None = None
    ) -> tuple[IntArray, FloatArray]: ...


class _VideoTracks:
    """What is remembered of one video."""

    def __init__(self, associator: _Associator, connector: BreakConnector | None) -> None:
        self.associator = associator
        self.connector = connector


class Tracker:
    """Follows animals through the frames of one or more videos.

    Every video has its own history; ids run on from video to video, so that names stay unique.
    Culling and connecting breaks happen frame by frame too: nothing is left to do at the end.

    Args:
        options: how to track.
    """

    def __init__(self, options: TrackerOptions | None = None) -> None:
        self.options = options or TrackerOptions()
        self._track_ids = TrackIds()
        self._videos: dict[int, _VideoTracks] = {}
        self._resolved: TrackerOptions | None = None

    @property
    def track_names(self) -> tuple[str, ...]:
        """Names of all tracks started so far; a track id is a position in them."""
        return tuple(f"track_{track_id}" for track_id in range(self._track_ids.n_issued))

    def track(
        self, frame: FrameInstances, image: Image | None = None, *, user_labeled: bool = False
    ) -> FrameInstances:
        """Take the next frame of its video; frames without instances belong to the sequence too.

        Args:
            frame: detections, in any order; track ids and tracking scores they have are replaced.
            image: (height, width[, 1 or 3]), 0..255, needed where `options.needs_images`.
            user_labeled: a person made these instances, so none is ever culled or left out.

        Returns:
            A new frame in input order. Predicted instances without a track are left out.

        Raises:
            DataError: the options need an image and there is none.
        """
        if self.options.needs_images and image is None:
            raise DataError(
                f"frame {frame.frame_index} of video {frame.video_index} came without its image, "
                "which use_flow and features image need"
            )
        if not user_labeled and self.options.tracking_pre_cull_to_target:
            frame = self._pre_culled(frame)
        video = self._video(frame)
        ids, scores = video.associator.associate(_whole_points(frame.points), image)
        tracked = replace(frame, track_ids=ids, tracking_scores=scores.astype(np.float32))
        if not user_labeled:
            tracked = self._post_culled(tracked)
        if video.connector is not None:
            tracked = replace(tracked, track_ids=video.connector.connect(tracked.track_ids))
        return tracked

    def end_video(self, video_index: int) -> None:
        """Free what is remembered of a video that will not continue."""
        self._videos.pop(video_index, None)

    def _video(self, frame: FrameInstances) -> _VideoTracks:
        video = self._videos.get(frame.video_index)
        if video is None:
            if self._resolved is None:
                self._resolved = self.options.resolved(n_nodes=frame.points.shape[1])
            connector = BreakConnector() if self.options.connects_breaks else None
            video = _VideoTracks(self._associator(self._resolved, frame), connector)
            self._videos[frame.video_index] = video
        return video

    def _associator(self, options: TrackerOptions, frame: FrameInstances) -> _Associator:
        if options.motion_model == "kalman":
            return MotionAssociator(options, self._track_ids, frame.points.shape[1])
        return SimilarityAssociator(options, self._track_ids)

    def _pre_culled(self, frame: FrameInstances) -> FrameInstances:
        target = self.options.target_count
        if target is None or len(frame) <= target:
            return frame
        threshold = self.options.tracking_pre_cull_iou_threshold
        return frame.take(
            cull(frame.points, frame.scores, max_count=target, overlap_threshold=threshold)
        )

    def _post_culled(self, frame: FrameInstances) -> FrameInstances:
        keep: NDArray[np.bool_] = frame.track_ids >= 0
        if not keep.all():
            frame = frame.take(keep)
        count = self.options.tracking_clean_instance_count
        if not count or len(frame) <= count:
            return frame
        threshold = self.options.tracking_clean_iou_threshold
        return frame.take(
            cull(frame.points, frame.scores, max_count=count, overlap_threshold=threshold)
        )


def track_frames(
    frames: Iterable[FrameInstances],
    options: TrackerOptions | None = None,
    *,
    image_of: Callable[[FrameInstances], Image] | None = None,
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


def _whole_points(points: FloatArray) -> FloatArray:
    """Float64 poses in which a node has both coordinates or none."""
    whole = np.array(points, np.float64)
    known = np.isfinite(whole)
    if not known.all():
        whole[~known.all(axis=2)] = np.nan
    return whole
