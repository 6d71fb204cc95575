"""Track-only: tracks the poses that a labels file already has."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.arrays import AnyFloats
from sleap_rt.errors import DataError, log_of
from sleap_rt.instances import FrameInstances
from sleap_rt.labels import check_labels, in_one_form
from sleap_rt.options import SelectionOptions
from sleap_rt.options.value_types import check_value, typed
from sleap_rt.runtime.frames.selection import on_merged_videos
from sleap_rt.runtime.pipeline.stages.faults import doing
from sleap_rt.tracking import Assignment, Tracker, TrackerOptions
from sleap_rt.untrusted import listed
from sleap_rt.version import __version__
from sleap_rt.words import counted

if TYPE_CHECKING:
    import sleap_io as sio

_log = log_of(__name__)


@typed
def retrack(
    labels: "sio.Labels",
    options: TrackerOptions | None = None,
    *,
    frames: Collection[int] | None = None,
    video_index: int | None = None,
    in_place: bool = False,
) -> "sio.Labels":
    """Track the instances of labels, each video by itself; earlier tracks are replaced.

    Videos and frames that are in the labels more than once count once; nodes go by name.
    Where a frame has user instances, only those are tracked; its predicted instances come first,
    and stay unchanged but for those that a user instance was made from, which get its track.
    Everything else in the labels is kept.

    Args:
        labels: poses, as `sleap_io.load_slp` reads them. Video files are opened only where the
            options need images.
        options: how to track.
        frames: frame indices to keep, in every video; None keeps all.
        video_index: the one video to keep; None keeps all.
        in_place: change and return `labels` itself, which saves copying it.

    Returns:
        Labels with only the frames kept, which can be none.

    Raises:
        OptionError: there is no such video, or an argument is of another type.
        DataError: a video that is needed is missing or damaged, or skeletons differ.
    """
    check_labels("labels", labels)
    check_value("frames", frames, Sequence[int] | None)
    tracked, notes, _ = track_labels(
        labels if in_place else labels.copy(), options, frames=frames, video_index=video_index
    )
    for note in notes:
        _log.warning(note)
    return tracked


def track_labels(
    labels: "sio.Labels",
    options: TrackerOptions | None,
    *,
    frames: Collection[int] | None,
    video_index: int | None,
) -> "tuple[sio.Labels, tuple[str, ...], int]":
    """As `retrack` in place; also what a person should know, and how many got no track."""
    started = datetime.now()
    options = options or TrackerOptions()
    selection = SelectionOptions(video_index=video_index)
    form = in_one_form(labels, in_place=True)
    labels, selection = form.labels, on_merged_videos(selection, form.video_numbers)
    kept = kept_frames(labels.labeled_frames, labels.videos, frames, selection.video_index)
    if options.needs_images:
        check_videos([labels.videos[video] for video in sorted({video for video, _ in kept})])
    retracker = Retracker(options, _names_passed_on(kept), len(_node_names(kept)))
    for video, frame in sorted(kept, key=lambda item: (item[0], item[1].frame_idx)):
        retracker.track(frame, video)
    labels.labeled_frames = [frame for _, frame in kept]
    labels.tracks = []
    labels.update()  # collects the tracks that are still in use
    labels.provenance = retrack_provenance(labels, retracker.used, started, len(kept))
    return labels, (*form.notes, *retracker.notes), retracker.n_left_out


class Retracker:
    """Tracks the instances of labelled frames, in order of video and time.

    Args:
        options: how to track.
        taken: names that tracks must not get, since instances that are passed on have them.
        n_nodes: of the instances to track.
    """

    def __init__(self, options: TrackerOptions, taken: Collection[str], n_nodes: int) -> None:
        self._tracker, self._names = Tracker(options), _Names(taken)
        self._n_nodes = n_nodes
        self._n_beside, self._stay, self._lacks_track = 0, dict[str, None](), False

    @property
    def n_left_out(self) -> int:
        """Predictions that got no track so far, and were left out."""
        return self._tracker.n_left_out

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, in words."""
        if not self._n_beside:
            return self._tracker.notes
        tracks = [f"keep their earlier tracks ({listed(self._stay)})"] if self._stay else []
        tracks += ["stay without a track"] if self._lacks_track else []
        return (
            *self._tracker.notes,
            f"{counted(self._n_beside, 'frame')} with user instances: only these are tracked "
            f"there, and predictions beside them {' or '.join(tracks)}. "
            "Delete those of animals that have a user instance; make user instances of the others",
        )

    @property
    def used(self) -> TrackerOptions:
        """The options as they took effect."""
        return self._tracker.used

    def track(self, frame: "sio.LabeledFrame", video: int) -> None:
        """Track the next frame, which is changed; `video` is the position of its video."""
        beside = _track_frame(self._tracker, self._names, frame, video, self._n_nodes)
        self._n_beside += bool(beside)
        self._lacks_track |= any(one.track is None for one in beside)
        self._stay.update(dict.fromkeys(sorted(_track_names(beside))))


class _Names:
    """Tracks by id, named `track_<number>`; skips names that untracked instances already use."""

    def __init__(self, taken: Collection[str]) -> None:
        self._numbers = (number for number in count() if f"track_{number}" not in taken)
        self._tracks: list[sio.Track] = []

    def track(self, track_id: int) -> "sio.Track | None":
        import sleap_io as sio

        if track_id < 0:
            return None
        while len(self._tracks) <= track_id:
            self._tracks.append(sio.Track(f"track_{next(self._numbers)}"))
        return self._tracks[track_id]


def _names_passed_on(kept: "list[tuple[int, sio.LabeledFrame]]") -> set[str]:
    """Names of the tracks of instances that keep them."""
    return _track_names(one for _, frame in kept for one in _left_as_they_are(frame))


def _track_names(instances: "Iterable[sio.Instance]") -> set[str]:
    return {one.track.name for one in instances if one.track is not None}


def kept_frames(
    labeled_frames: "Sequence[sio.LabeledFrame]",
    videos: "Sequence[sio.Video]",
    frames: Collection[int] | None,
    video_index: int | None,
) -> "list[tuple[int, sio.LabeledFrame]]":
    """(video index, frame) of the frames to keep, in the order given."""
    video_indices = {id(video): index for index, video in enumerate(videos)}
    wanted = None if frames is None else set(frames)
    kept = [
        (video_indices[id(frame.video)], frame)
        for frame in labeled_frames
        if wanted is None or frame.frame_idx in wanted
    ]
    return [item for item in kept if video_index is None or item[0] == video_index]


def _node_names(kept: "list[tuple[int, sio.LabeledFrame]]") -> Sequence[str]:
    """Nodes of the instances to track, which must be the same for all."""
    tracked = (one for _, frame in kept for one in _tracked_instances(frame))
    skeletons = {id(one.skeleton): one.skeleton for one in tracked}
    first: list[str]
    first, *others = [skeleton.node_names for skeleton in skeletons.values()] or [["none"]]
    for other in others:
        if other != first:
            raise DataError(
                f"The instances to track have skeletons with different nodes, {', '.join(first)} "
                f"and {', '.join(other)}; one tracker takes one skeleton"
            )
    return first


def check_videos(videos: "list[sio.Video]") -> None:
    """Open the videos whose images tracking needs.

    Raises:
        DataError: one is missing.
    """
    for video in videos:
        if not video.exists():
            raise DataError(
                f"{video.filename} is missing, and use_flow and features image read every frame. "
                "Put the video there, or track without images."
            )
        video.open_backend = True


def _user_instances(frame: "sio.LabeledFrame") -> "list[sio.Instance]":
    import sleap_io as sio

    return [item for item in frame.instances if not isinstance(item, sio.PredictedInstance)]


def _tracked_instances(frame: "sio.LabeledFrame") -> "list[sio.Instance]":
    return _user_instances(frame) or list(frame.instances)


def _passed_on_instances(frame: "sio.LabeledFrame") -> "list[sio.Instance]":
    tracked = {id(instance) for instance in _tracked_instances(frame)}
    return [instance for instance in frame.instances if id(instance) not in tracked]


def _corrections(frame: "sio.LabeledFrame") -> "dict[int, sio.Instance]":
    """A person's instances, by the ids of the predictions that they were made from."""
    users = _user_instances(frame)
    return {id(one.from_predicted): one for one in users if one.from_predicted is not None}


def _left_as_they_are(frame: "sio.LabeledFrame") -> "list[sio.Instance]":
    """Instances of other animals than those that are tracked, as far as the labels tell."""
    corrected = _corrections(frame)
    return [one for one in _passed_on_instances(frame) if id(one) not in corrected]


def _track_frame(
    tracker: Tracker, names: _Names, frame: "sio.LabeledFrame", video: int, n_nodes: int
) -> "list[sio.Instance]":
    """Track a frame; a prediction that a person corrected has the track of its correction.

    Returns:
        Predictions beside a person's instances that stay as they are.
    """
    user_labeled = bool(_user_instances(frame))
    tracked, passed_on = _tracked_instances(frame), _passed_on_instances(frame)
    image = _image(frame) if tracker.options.needs_images else None
    arrays = _arrays(tracked, frame.frame_idx, video, n_nodes)
    with doing(f"Tracking frame {frame.frame_idx}"):
        found: Assignment = tracker.assign(arrays, image, user_labeled=user_labeled)
    stay = []
    for position, track_id, score in zip(
        found.positions.tolist(),
        found.track_ids.tolist(),
        found.tracking_scores.tolist(),
        strict=True,
    ):
        instance = tracked[position]
        instance.track = names.track(track_id)
        instance.tracking_score = score if track_id >= 0 else None
        stay.append(instance)
    corrections, beside = _corrections(frame), []
    for old in passed_on:
        made = corrections.get(id(old))
        if made is None:
            beside.append(old)
        else:
            old.track, old.tracking_score = made.track, made.tracking_score
    frame.instances = passed_on + stay
    return beside


def _image(frame: "sio.LabeledFrame") -> AnyFloats:
    try:
        image: AnyFloats = frame.video[frame.frame_idx]
    except (OSError, IndexError, ValueError, KeyError) as error:
        raise DataError(
            f"Frame {frame.frame_idx} of {frame.video.filename} cannot be read: {error}"
        ) from error
    return image


def _arrays(
    instances: "list[sio.Instance]", frame_index: int, video_index: int, n_nodes: int
) -> FrameInstances:
    import sleap_io as sio

    points = np.array([item.numpy() for item in instances], np.float32)
    points = points.reshape(len(instances), n_nodes, 2)
    visible = ~np.isnan(points[..., 0])
    scores = [item.score if isinstance(item, sio.PredictedInstance) else 1.0 for item in instances]
    return FrameInstances.untracked(
        frame_index=frame_index,
        video_index=video_index,
        points=points,
        point_scores=visible.astype(np.float32),
        scores=np.array(scores, np.float32),
    )


def replaced_identities(whose: object, labels: "sio.Labels") -> tuple[str, ...]:
    """A word on identities that an input has, as tracking does not go on with them; none without.

    Args:
        whose: the file, or what else the input is.
        labels: what is in it.
    """
    names = [track.name for track in labels.tracks]
    if not names:
        return ()
    name = whose if isinstance(whose, Path) else "the input"
    return (
        f"{name} had {counted(len(names), 'track')} ({listed(names)}): animals are followed anew, "
        "and get new identities",
    )


def retrack_provenance(
    labels: "sio.Labels", options: TrackerOptions, started: datetime, n_frames: int
) -> dict[str, Any]:
    """How `n_frames` frames of labels were tracked, from `started` until now."""
    import platform

    finished = datetime.now()
    return {
        "pipeline_type": "tracking_only",
        "sleap_rt_version": __version__,
        "python_version": platform.python_version(),
        "platform": platform.platform(),
        "start_timestamp": str(started),
        "finish_timestamp": str(finished),
        "runtime_sec": (finished - started).total_seconds(),
        "n_frames": n_frames,
        "tracking_options": asdict(options),
        "input_provenance": dict(labels.provenance),
    }
