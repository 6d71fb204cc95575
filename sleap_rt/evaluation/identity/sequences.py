"""One video as the identity metrics see it: ids on both sides and similarities, per frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sleap_rt.arrays import Doubles, Ints
from sleap_rt.errors import DataError
from sleap_rt.evaluation.reading.pose_table import PoseTable

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, kw_only=True)
class FrameGroup:
    """Frames with equally many instances on each side, stacked into arrays.

    Attributes:
        gt_ids, pr_ids: (n_frames, n_gt), (n_frames, n_pr)
        similarity: (n_frames, n_gt, n_pr)
        places: (n_frames,) place of each frame in its sequence.
        cells: (n_frames, n_gt, n_pr) place of each pair among all pairs of the sequence.
    """

    gt_ids: Ints
    pr_ids: Ints
    similarity: Doubles
    places: Ints
    cells: Ints


@dataclass(frozen=True, kw_only=True)
class TrackSequence:
    """The frames of one video, in temporal order.

    Attributes:
        video: its name in messages.
        frame_idxs: (n_frames,) position of each frame in the video.
        gt_ids, pr_ids: per frame (n_gt,), (n_pr,) ids, 0 .. n_ids - 1, unique within a frame.
        similarity: per frame (n_gt, n_pr), 0 to 1.
        gt_names, pr_names: the track name of each id.
    """

    video: str
    frame_idxs: Ints
    gt_ids: Sequence[Ints]
    pr_ids: Sequence[Ints]
    similarity: Sequence[Doubles]
    gt_names: tuple[str, ...]
    pr_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.frame_idxs)

    @property
    def n_gt(self) -> int:
        """Ground-truth instances in all frames."""
        return sum(len(ids) for ids in self.gt_ids)

    @property
    def n_pr(self) -> int:
        """Predicted instances in all frames."""
        return sum(len(ids) for ids in self.pr_ids)

    @property
    def n_frames_missed(self) -> int:
        """Frames with animals in which nothing is predicted."""
        pairs = zip(self.gt_ids, self.pr_ids, strict=True)
        return sum(len(truth) > 0 and not len(predicted) for truth, predicted in pairs)

    @cached_property
    def groups(self) -> list[FrameGroup]:
        """The frames that have instances on both sides, by the shape of their matrices."""
        shapes = np.array([matrix.shape for matrix in self.similarity], np.int64).reshape(-1, 2)
        sizes = shapes.prod(axis=1)
        starts = np.cumsum(sizes) - sizes
        return [
            self._group(np.flatnonzero((shapes == shape).all(axis=1)), starts)
            for shape in np.unique(shapes[sizes > 0], axis=0)
        ]

    def _group(self, places: Ints, starts: Ints) -> FrameGroup:
        similarity = np.stack([self.similarity[place] for place in places])
        within = np.arange(similarity[0].size).reshape(similarity[0].shape)
        return FrameGroup(
            gt_ids=np.stack([self.gt_ids[place] for place in places]),
            pr_ids=np.stack([self.pr_ids[place] for place in places]),
            similarity=similarity,
            places=places,
            cells=starts[places][:, None, None] + within,
        )

    def gt_counts(self) -> Ints:
        """(n_gt_ids,) frames each true animal is in."""
        return _counts(self.gt_ids, len(self.gt_names))

    def pr_counts(self) -> Ints:
        """(n_pr_ids,) frames each predicted track is in."""
        return _counts(self.pr_ids, len(self.pr_names))


def in_frame_order(
    groups: Sequence[FrameGroup], values: Sequence[NDArray[Scalar]]
) -> NDArray[Scalar]:
    """Values per pair, (n_frames, n_gt, n_pr) for each of `groups`, as one array in frame order."""
    together = np.concatenate([value.ravel() for value in values])
    ordered = np.empty_like(together)
    ordered[np.concatenate([group.cells.ravel() for group in groups])] = together
    return ordered


def _counts(ids: Sequence[Ints], n_ids: int) -> Ints:
    together = np.concatenate([np.zeros(0, np.int64), *ids])
    return np.bincount(together, minlength=n_ids).astype(np.int64)


@dataclass(frozen=True)
class NumberedTracks:
    """Tracks of one video, numbered from 0.

    Attributes:
        ids: (n,) for each of the instances asked about.
        names: (n_ids,) track names; an instance without a track is a track of its own.
    """

    ids: Ints
    names: tuple[str, ...]


def number_tracks(table: PoseTable, rows: Ints) -> NumberedTracks:
    """Number the tracks of the instances at `rows`; those without a track get one id each."""
    tracks = table.track_ids[rows]
    known, ids = np.unique(tracks, return_inverse=True)
    names = [table.track_names[track] for track in known if track >= 0]
    untracked = np.flatnonzero(tracks < 0)
    ids = ids - (len(known) - len(names))  # -1, if present, is the first of `known`
    ids[untracked] = len(names) + np.arange(len(untracked))
    names += [f"untracked {number + 1}" for number in range(len(untracked))]
    return NumberedTracks(ids=ids.astype(np.int64), names=tuple(names))


def resolve_repeated_tracks(table: PoseTable) -> PoseTable:
    """One instance per track and frame: a user label replaces the prediction it was made from.

    Raises:
        DataError: a track has two user labels, or two predictions, in one frame.
    """
    kept = table.keep_instances(~table.is_replaced)
    _refuse_repeated_tracks(kept)
    return kept


def _refuse_repeated_tracks(table: PoseTable) -> None:
    tracked = table.track_ids >= 0
    keys = np.stack([table.instance_frames[tracked], table.track_ids[tracked]], axis=1)
    found, counts = np.unique(keys, axis=0, return_counts=True)
    if (counts > 1).any():
        frame, track = found[np.argmax(counts > 1)]
        raise DataError(
            f"Track {table.track_names[track]!r} is on {counts.max()} instances of frame "
            f"{table.frame_idxs[frame]} of {table.videos[table.frame_videos[frame]]} in "
            f"{table.name}. An animal can only be once in a frame; correct the tracks."
        )
