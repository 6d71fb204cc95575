"""The edge to sleap-io: labels files become plain arrays here and nowhere else."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import sleap_io as sio

from sleap_rt.arrays import Ints
from sleap_rt.errors import DataError
from sleap_rt.evaluation.reading.pose_table import PoseTable
from sleap_rt.evaluation.reading.videos import VideoFile, VideoSource, numbers_of_first
from sleap_rt.labels import check_labels, dataset_of, distinct_rows
from sleap_rt.labels.corrections import replaced
from sleap_rt.words import counted


def table_from_labels(labels: sio.Labels, name: str) -> PoseTable:
    """The labelled frames of `labels` as arrays; `labels` itself is not changed.

    Args:
        labels: any labels, from a file or built in memory.
        name: their name in messages.

    Raises:
        OptionError: they are no labels.
        DataError: instances have skeletons with different nodes.
    """
    check_labels(name, labels)
    frames = _frames_by_position(labels)
    grouped = [_instances_of(group) for group in frames.values()]
    instances = [instance for group in grouped for instance in group]
    node_names, edge_inds = _skeleton(labels, instances, name)
    tracks = _distinct([*labels.tracks, *(i.track for i in instances if i.track is not None)])
    per_frame = [len(group) for group in grouped]
    keys = np.array(list(frames), np.int64).reshape(-1, 2)
    return PoseTable(
        name=name,
        videos=tuple(_video_source(video) for video in videos_of(labels)),
        node_names=node_names,
        edge_inds=edge_inds,
        track_names=tuple(track.name for track in tracks),
        frame_videos=keys[:, 0],
        frame_idxs=keys[:, 1],
        is_negative=np.array([_is_negative(group) for group in frames.values()], np.bool_),
        frame_starts=np.concatenate([[0], np.cumsum(per_frame)]).astype(np.int64),
        points=_points(instances, node_names),
        scores=np.array([_score(instance) for instance in instances], np.float64),
        is_predicted=np.array([_is_predicted(instance) for instance in instances], np.bool_),
        is_replaced=np.array([one for group in grouped for one in replaced(group)], np.bool_),
        track_ids=_track_ids(instances, _places_of(tracks)),
        rows_in_file=np.arange(len(instances)),
        notes=_notes(labels, frames.values(), name),
        made_with=_made_with(labels),
    )


def _made_with(labels: sio.Labels) -> str:
    """The models that the provenance of predictions names."""
    paths = labels.provenance.get("model_paths") or labels.provenance.get("model_path") or ()
    paths = [paths] if isinstance(paths, str) else paths
    kind = str(labels.provenance.get("model_type") or "")
    named = ", ".join(map(str, paths)) if isinstance(paths, list | tuple) else ""
    return f"{kind} ({named})" if kind and named else kind or named


def videos_of(labels: sio.Labels) -> list[sio.Video]:
    """The videos that `PoseTable.frame_videos` refers to; those of one file once."""
    videos = _all_videos(labels)
    return [videos[number] for number in sorted(set(_numbers_of_first(videos)))]


def _all_videos(labels: sio.Labels) -> list[sio.Video]:
    """Labels changed in memory may have frames of videos that their own list does not have yet."""
    return _distinct([*labels.videos, *(frame.video for frame in labels.labeled_frames)])


def _numbers_of_first(videos: list[sio.Video]) -> list[int]:
    return numbers_of_first([_video_source(video) for video in videos])


def video_places(labels: sio.Labels) -> dict[int, int]:
    """Place in `videos_of` of every video, by its id."""
    videos = _all_videos(labels)
    firsts = _numbers_of_first(videos)
    place_of = {number: place for place, number in enumerate(sorted(set(firsts)))}
    return {id(video): place_of[first] for video, first in zip(videos, firsts, strict=True)}


def _distinct(things: Iterable[Any]) -> list[Any]:
    return list({id(thing): thing for thing in things}.values())


def _places_of(things: Iterable[Any]) -> dict[int, int]:
    return {id(thing): place for place, thing in enumerate(things)}


def instances_in_order(labels: sio.Labels) -> list[Any]:
    """The instances of `labels` in the order of `PoseTable.rows_in_file`."""
    groups = _frames_by_position(labels).values()
    return [instance for group in groups for instance in _instances_of(group)]


def _instances_of(group: list[Any]) -> list[Any]:
    """The instances of one frame, which may have been saved more than once."""
    instances = [instance for frame in group for instance in frame]
    if len(group) == 1:
        return instances
    return [instances[row] for row in distinct_rows(instances)]


def _is_negative(group: list[Any]) -> bool:
    """Whether a person marked the frame as one without animals, and labelled none in it."""
    return any(frame.is_negative for frame in group) and not any(
        frame.has_user_instances for frame in group
    )


def _frames_by_position(labels: sio.Labels) -> dict[tuple[int, int], list[Any]]:
    """(video, frame index) -> labelled frames, in file order; a frame saved twice counts once."""
    video_index = video_places(labels)
    frames: dict[tuple[int, int], list[Any]] = {}
    for frame in labels.labeled_frames:
        frames.setdefault((video_index[id(frame.video)], int(frame.frame_idx)), []).append(frame)
    return frames


def _notes(labels: sio.Labels, groups: Iterable[list[Any]], name: str) -> tuple[str, ...]:
    n_repeated = sum(len(group) > 1 for group in groups)
    n_videos = len(_all_videos(labels)) - len(videos_of(labels))
    notes = []
    if n_videos:
        notes.append(
            f"{counted(n_videos, 'video')} of {name} saved twice; the same file is one video"
        )
    if n_repeated:
        notes.append(
            f"{counted(n_repeated, 'frame')} of {name} saved more than once; the instances were "
            "put together"
        )
    return tuple(notes)


def _skeleton(
    labels: sio.Labels, instances: list[Any], name: str
) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    used = {id(instance.skeleton): instance.skeleton for instance in instances}
    skeletons = list(used.values()) or list(labels.skeletons)
    if not skeletons:
        return (), ()
    first = skeletons[0]
    for other in skeletons[1:]:
        if set(other.node_names) != set(first.node_names):
            raise DataError(
                f"Skeletons of {name} have different nodes "
                f"({', '.join(first.node_names)} and {', '.join(other.node_names)}). "
                "Evaluate one kind of animal at a time."
            )
    return tuple(first.node_names), tuple((int(a), int(b)) for a, b in first.edge_inds)


def _points(instances: list[Any], node_names: tuple[str, ...]) -> np.ndarray[Any, Any]:
    """(n_instances, n_nodes, 2); the nodes of every instance in the order of `node_names`."""
    points = np.full((len(instances), len(node_names), 2), np.nan)
    columns: dict[int, list[int]] = {}
    for row, instance in enumerate(instances):
        skeleton = instance.skeleton
        if id(skeleton) not in columns:
            columns[id(skeleton)] = [node_names.index(node) for node in skeleton.node_names]
        xy = instance.points["xy"].copy()
        xy[~instance.points["visible"]] = np.nan
        points[row, columns[id(skeleton)]] = xy
    # A node with one unknown coordinate is a missing node.
    points[np.isnan(points).any(axis=-1)] = np.nan
    return points


def _is_predicted(instance: Any) -> bool:
    return isinstance(instance, sio.PredictedInstance)


def _score(instance: Any) -> float:
    return float(instance.score) if _is_predicted(instance) else float("nan")


def _track_ids(instances: Iterable[Any], tracks: dict[int, int]) -> Ints:
    return np.array(
        [-1 if instance.track is None else tracks[id(instance.track)] for instance in instances],
        np.int64,
    )


def _video_source(video: sio.Video) -> VideoSource:
    chain = [video]
    while chain[-1].source_video is not None:
        chain.append(chain[-1].source_video)
    shapes = [_shape(link) for link in chain]
    size = next((shape[1:3] for shape in reversed(shapes) if shape), None)
    crop = video.backend_metadata.get("crop")
    return VideoSource(
        files=tuple(video_file(link) for link in chain),
        frame_size=None if size is None else (int(size[0]), int(size[1])),
        crop=None if crop is None else tuple(int(value) for value in crop),
    )


def _shape(video: sio.Video) -> tuple[int, ...] | None:
    """(frames, height, width, channels) if the labels file has it; the video is not opened."""
    recorded = video.backend_metadata.get("shape")
    return None if recorded is None else tuple(recorded)


def video_file(video: sio.Video) -> VideoFile:
    """Where the frames of a video lie."""
    filename = video.filename
    paths = filename if isinstance(filename, list) else [filename]
    return VideoFile(paths=tuple(str(path) for path in paths), dataset=dataset_of(video))
