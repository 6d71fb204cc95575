"""A labels file as a pose table, read some frames at a time, so that it need not fit into memory.

As sleap-io's labels, a long file takes 4 kB per animal and frame. Of predictions, only the frames
that can be compared are read; the others are counted.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.arrays import Bools, Ints
from sleap_rt.errors import DataError
from sleap_rt.evaluation.reading.labels import table_from_labels, videos_of
from sleap_rt.evaluation.reading.pose_table import PoseTable, Unread
from sleap_rt.evaluation.reading.videos import pair_videos
from sleap_rt.labels import dataset_of, load_labels
from sleap_rt.labels.slices import Slice, SlicedLabels, open_sliced

if TYPE_CHECKING:
    import sleap_io as sio

_VIDEO = 40  # bits to the left of a frame's number


def load_table(
    path: Path, compared_with: PoseTable | None = None
) -> tuple[PoseTable, "list[sio.Video]"]:
    """The poses of a `.slp` file and its videos.

    Args:
        path: of the file.
        compared_with: the ground truth; frames that it does not have are left unread where they
            say nothing else. None reads all.

    Raises:
        DataError: the file cannot be read, or its instances have skeletons with different nodes.
    """
    sliced = open_sliced(path)
    if sliced is None or not _has_plain_videos(sliced.frameless):
        labels = load_labels(path)
        return table_from_labels(labels, str(path)), videos_of(labels)
    table = table_from_labels(sliced.frameless, str(path))
    wanted = None if compared_with is None else _wanted(compared_with, table)
    return _read(sliced, table, wanted), list(sliced.frameless.videos)


def _has_plain_videos(labels: "sio.Labels") -> bool:
    """Whether the tables' numbers of videos are those of `videos_of`."""
    is_embedded = any(dataset_of(video) for video in labels.videos)
    return not is_embedded and len(videos_of(labels)) == len(labels.videos)


def _wanted(truth: PoseTable, predicted: PoseTable) -> Ints | None:
    """Video and number of the frames to read, as `_order` has them; None for all."""
    try:
        pairs = pair_videos(truth.videos, predicted.videos)
    except DataError:  # to be told when the frames are paired
        return None
    places = np.full(len(truth.videos) + 1, -1, np.int64)
    places[list(pairs)] = list(pairs.values())
    videos = places[truth.frame_videos]
    return (videos << _VIDEO | truth.frame_idxs)[videos >= 0]


def _read(sliced: SlicedLabels, empty: PoseTable, wanted: Ints | None) -> PoseTable:
    parts, unread, n_instances = [], Unread(), 0
    for part in sliced.slices():
        kept = np.ones(len(part.frames), np.bool_)
        if wanted is not None:
            kept = np.isin(_order(part), wanted) | _repeats_a_track(part)
        if kept.any():
            table = _table(sliced, part, kept)
            rows = n_instances + np.flatnonzero(kept[part.frame_of])
            parts.append(replace(table, rows_in_file=rows))
        unread = unread.and_also(_unread(part, ~kept))
        n_instances += len(part.instances)
    return replace(_joined([empty, *parts]), unread=unread)


def _table(sliced: SlicedLabels, part: Slice, kept: Bools) -> PoseTable:
    import sleap_io as sio

    whole = sliced.frameless
    labels = sio.Labels(
        sliced.labeled(part, kept),
        videos=list(whole.videos),
        skeletons=list(whole.skeletons),
        tracks=list(whole.tracks),
    )
    return table_from_labels(labels, str(sliced.path))


def _order(part: Slice) -> Ints:
    return part.videos << _VIDEO | part.frame_idxs


def _repeats_a_track(part: Slice) -> Bools:
    """(n_frames,) whether a track is on several instances, which the comparison looks into."""
    tracked = part.track_ids >= 0
    keys = np.stack([part.frame_of, part.track_ids])[:, tracked]
    (frames, _), counts = np.unique(keys, axis=1, return_counts=True)
    repeats = np.zeros(len(part.frames), np.bool_)
    repeats[frames[counts > 1]] = True
    return repeats


def _unread(part: Slice, left: Bools) -> Unread:
    instances = left[part.frame_of]
    idxs = part.frame_idxs[left]
    return Unread(
        n_frames=int(left.sum()),
        n_instances=int(instances.sum()),
        n_predicted=int((instances & part.is_predicted).sum()),
        n_untracked=int((instances & (part.track_ids < 0)).sum()),
        frame_idxs=(int(idxs.min()), int(idxs.max())) if len(idxs) else None,
    )


def _joined(parts: list[PoseTable]) -> PoseTable:
    """Tables of parts of one file as one; what is the same in all is that of the first."""
    per_frame = np.concatenate([part.instances_per_frame for part in parts])
    return replace(
        parts[0],
        frame_videos=np.concatenate([part.frame_videos for part in parts]),
        frame_idxs=np.concatenate([part.frame_idxs for part in parts]),
        is_negative=np.concatenate([part.is_negative for part in parts]),
        frame_starts=np.concatenate([[0], np.cumsum(per_frame)]).astype(np.int64),
        points=np.concatenate([part.points for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        is_predicted=np.concatenate([part.is_predicted for part in parts]),
        is_replaced=np.concatenate([part.is_replaced for part in parts]),
        track_ids=np.concatenate([part.track_ids for part in parts]),
        rows_in_file=np.concatenate([part.rows_in_file for part in parts]),
    )
