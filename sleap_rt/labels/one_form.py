"""Brings labels to one form: a video once, a frame once, the nodes in one order.

Merged projects have videos and frames twice, and skeletons whose nodes differ only in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.labels.same_videos import numbers_of_first
from sleap_rt.words import counted

if TYPE_CHECKING:
    import sleap_io as sio


@dataclass(frozen=True)
class OneForm:
    """Labels in one form.

    Attributes:
        labels: the same object as was given where it had this form already.
        video_numbers: of every video given, its number in `labels`.
        notes: what was put together, in words.
    """

    labels: "sio.Labels"
    video_numbers: tuple[int, ...]
    notes: tuple[str, ...] = ()


def in_one_form(labels: "sio.Labels", *, in_place: bool = False) -> OneForm:
    """Every video once, every frame once with all its instances, equal nodes in one order.

    Where two skeletons have the same nodes in another order, instances of the second get the first.
    Skeletons with other nodes stay.

    Args:
        labels: to read.
        in_place: change `labels` itself; False changes a copy, if there is anything to change.
    """
    firsts = numbers_of_first(labels.videos)
    if not (_repeats_videos(firsts) or _repeats_frames(labels) or _orders(labels)):
        return OneForm(labels, tuple(range(len(firsts))))
    if not in_place:
        labels = labels.copy()
    notes = [*_merge_videos(labels, firsts), *_merge_frames(labels), *_order_nodes(labels)]
    kept = sorted(set(firsts))
    return OneForm(labels, tuple(kept.index(first) for first in firsts), tuple(notes))


def _repeats_videos(firsts: Sequence[int]) -> bool:
    return len(set(firsts)) < len(firsts)


def _merge_videos(labels: "sio.Labels", firsts: Sequence[int]) -> list[str]:
    if not _repeats_videos(firsts):
        return []
    videos = list(labels.videos)
    twice = {video: videos[first] for video, first in zip(videos, firsts, strict=True)}
    names = {id(videos[first]): None for n, first in enumerate(firsts) if first != n}
    labels.replace_videos(video_map={old: new for old, new in twice.items() if old is not new})
    for session in labels.sessions:
        for old, new in twice.items():
            camera = session.get_camera(old)
            if old is not new and camera is not None:
                session.remove_video(old)
                if new not in session.videos:
                    session.add_video(new, camera)
    labels.videos = [video for n, video in enumerate(videos) if firsts[n] == n]
    there = [_name(video) for video in videos if id(video) in names]
    return [f"in the labels more than once, and taken as one video: {', '.join(there)}"]


def _name(video: "sio.Video") -> str:
    return str(video.filename[0] if isinstance(video.filename, list) else video.filename)


def _repeats_frames(labels: "sio.Labels") -> bool:
    places = {(id(frame.video), frame.frame_idx) for frame in labels.labeled_frames}
    return len(places) < len(labels.labeled_frames)


def _merge_frames(labels: "sio.Labels") -> list[str]:
    frames: dict[tuple[int, int], list[sio.LabeledFrame]] = {}
    for frame in labels.labeled_frames:
        frames.setdefault((id(frame.video), frame.frame_idx), []).append(frame)
    repeated = [group for group in frames.values() if len(group) > 1]
    if not repeated:
        return []
    for first, *others in repeated:
        together = [one for frame in (first, *others) for one in frame.instances]
        first.instances = [together[row] for row in distinct_rows(together)]
        for name in ("centroids", "bboxes", "masks", "label_images", "rois"):
            for other in others:
                getattr(first, name).extend(getattr(other, name))
        marked = any(frame.is_negative for frame in (first, *others))
        first.is_negative = marked and not first.has_user_instances
    labels.labeled_frames = [group[0] for group in frames.values()]
    repeats = counted(len(repeated), "frame")
    return [f"{repeats} saved more than once; the instances were put together"]


def distinct_rows(instances: Sequence[Any]) -> list[int]:
    """Places of the instances of a frame that are no exact copy of an earlier one."""
    seen: dict[Any, int] = {}
    for row, one in enumerate(instances):
        points = tuple(zip(one.skeleton.node_names, one.numpy().tolist(), strict=True))
        where = repr(sorted(points))  # NaN equals NaN as text
        track = None if one.track is None else one.track.name
        key = type(one), where, track, getattr(one, "score", None)
        seen.setdefault(key, row)
    return list(seen.values())


def _orders(labels: "sio.Labels") -> "dict[int, tuple[sio.Skeleton, list[int]]]":
    """Skeletons to give up, by id: the one instead, and where its nodes are in the old one."""
    first_of: dict[frozenset[str], sio.Skeleton] = {}
    instead = {}
    for skeleton in _skeletons(labels):
        first = first_of.setdefault(frozenset(skeleton.node_names), skeleton)
        if first.node_names != skeleton.node_names:
            places = [skeleton.node_names.index(name) for name in first.node_names]
            instead[id(skeleton)] = first, places
    return instead


def _skeletons(labels: "sio.Labels") -> "list[sio.Skeleton]":
    """All skeletons in the order of the labels' list, those in use first."""
    used = {id(one.skeleton) for frame in labels.labeled_frames for one in frame.instances}
    return sorted(labels.skeletons, key=lambda skeleton: id(skeleton) not in used)


def _order_nodes(labels: "sio.Labels") -> list[str]:
    instead = _orders(labels)
    n_changed = 0
    for frame in labels.labeled_frames:
        for one in frame.instances:
            if id(one.skeleton) in instead:
                skeleton, places = instead[id(one.skeleton)]
                one.skeleton, one.points = skeleton, one.points[np.array(places)]
                n_changed += 1
    labels.skeletons = [one for one in labels.skeletons if id(one) not in instead]
    if not n_changed:
        return []
    return [
        f"the nodes of {counted(n_changed, 'instance')} were saved in another order; "
        "nodes go by name"
    ]
