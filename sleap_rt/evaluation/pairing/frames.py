"""Pairs the ground truth's labelled frames with the same frames of the predictions."""

from dataclasses import dataclass, replace

import numpy as np

from sleap_rt.arrays import Bools, Ints
from sleap_rt.errors import DataError
from sleap_rt.evaluation.reading.pose_table import PoseTable
from sleap_rt.evaluation.reading.videos import VideoSource, ambiguous_videos, pair_videos
from sleap_rt.geometry import visible_nodes
from sleap_rt.words import as_typed, counted


@dataclass(frozen=True, kw_only=True)
class FramePairs:
    """Frames that exist on both sides, and what could not be compared.

    Attributes:
        video_pairs: ground-truth video index -> predicted video index.
        gt_frames: (n_pairs,) rows of the ground-truth table's frames.
        pr_frames: (n_pairs,) rows of the prediction table's frames.
        n_gt_frames_skipped: ground-truth frames that the predictions do not have.
        n_gt_instances_skipped: instances in those frames.
        n_pr_frames_ignored: predicted frames that have no ground truth.
    """

    video_pairs: dict[int, int]
    gt_frames: Ints
    pr_frames: Ints
    n_gt_frames_skipped: int
    n_gt_instances_skipped: int
    n_pr_frames_ignored: int

    def __len__(self) -> int:
        return len(self.gt_frames)


def select_ground_truth(ground_truth: PoseTable, *, user_labels_only: bool) -> PoseTable:
    """The instances that count as truth: all that have a visible node, or those of a person.

    The frames are all, or those in which a person labelled an animal or said that there is none.
    """
    truth = ground_truth
    if user_labels_only:
        notes = (*truth.notes, *_unlabelled_beside(truth))
        truth = replace(truth.keep_instances(~truth.is_predicted), notes=notes)
    visible: Bools = np.asarray(visible_nodes(truth.points).any(axis=-1))
    n_empty = int((~visible).sum())
    if n_empty:
        truth = truth.keep_instances(visible)
        note = f"{counted(n_empty, 'instance')} of {truth.name} without a visible node: no animal"
        truth = replace(truth, notes=(*truth.notes, note))
    if not user_labels_only:
        return truth
    return truth.keep_frames((truth.instances_per_frame > 0) | truth.is_negative)


def _unlabelled_beside(truth: PoseTable) -> list[str]:
    """That animals which a person left to predictions are none, where others were labelled."""
    frames, left = truth.instance_frames, truth.is_predicted & ~truth.is_replaced
    n_beside = int(np.isin(frames[left], frames[~truth.is_predicted]).sum())
    if not n_beside:
        return []
    return [
        f"{counted(n_beside, 'prediction')} of {truth.name} left out beside what a person labelled "
        "in the same frames (user_labels_only): an animal that only they show counts as none"
    ]


def pair_tables(ground_truth: PoseTable, predicted: PoseTable) -> dict[int, int]:
    """Pair the videos of both files.

    Raises:
        DataError: there are predicted frames, but none of their videos is in the ground truth.
    """
    pairs = pair_videos(ground_truth.videos, predicted.videos)
    if pairs or not predicted.n_frames_in_file:
        return pairs
    unclear = ambiguous_videos(ground_truth.videos, predicted.videos)
    file = as_typed(predicted.name) if predicted.name.endswith(".slp") else "LABELS.slp"
    raise DataError(
        f"No video is in both: {ground_truth.name} has {_listed(ground_truth.videos)}; "
        f"{predicted.name} has {_listed(predicted.videos)}. Videos pair by file, path, or the end "
        f"of the path (file names with case and extension){_unclear_text(unclear)}; correct the "
        f"paths in one of them: `sio filenames {file} -o CORRECTED.slp --map OLD NEW`"
    )


def _unclear_text(unclear: list[VideoSource]) -> str:
    if not unclear:
        return ""
    return f", as long as only one fits, but several fit {_listed(tuple(unclear))}"


def _listed(videos: tuple[VideoSource, ...], at_most: int = 3) -> str:
    names = [str(video) for video in videos[:at_most]]
    more = len(videos) - len(names)
    return (", ".join(names) or "no videos") + (f" and {more} more" if more > 0 else "")


def pair_frames(
    ground_truth: PoseTable, predicted: PoseTable, video_pairs: dict[int, int]
) -> FramePairs:
    """Pair frames of paired videos by index, video after video, in the ground truth's order.

    Raises:
        DataError: there are predictions, but not one frame is on both sides.
    """
    row_of_frame = {
        (int(video), int(frame)): row
        for row, (video, frame) in enumerate(
            zip(predicted.frame_videos, predicted.frame_idxs, strict=True)
        )
    }
    gt_frames, pr_frames = [], []
    for gt_video, pr_video in video_pairs.items():
        for row in np.flatnonzero(ground_truth.frame_videos == gt_video).tolist():
            partner = row_of_frame.get((pr_video, int(ground_truth.frame_idxs[row])))
            if partner is not None:
                gt_frames.append(row)
                pr_frames.append(partner)
    if not gt_frames and predicted.n_instances_in_file:
        raise DataError(_no_common_frame(ground_truth, predicted))
    return _frame_pairs(ground_truth, predicted, video_pairs, gt_frames, pr_frames)


def _frame_pairs(
    ground_truth: PoseTable,
    predicted: PoseTable,
    video_pairs: dict[int, int],
    gt_frames: list[int],
    pr_frames: list[int],
) -> FramePairs:
    skipped = np.ones(ground_truth.n_frames, bool)
    skipped[gt_frames] = False
    return FramePairs(
        video_pairs=video_pairs,
        gt_frames=np.array(gt_frames, np.int64),
        pr_frames=np.array(pr_frames, np.int64),
        n_gt_frames_skipped=int(skipped.sum()),
        n_gt_instances_skipped=int(ground_truth.instances_per_frame[skipped].sum()),
        n_pr_frames_ignored=predicted.n_frames_in_file - len(pr_frames),
    )


def _no_common_frame(ground_truth: PoseTable, predicted: PoseTable) -> str:
    if not ground_truth.n_frames:
        return (
            f"Empty frame pairs: {ground_truth.name} has no frame to compare with. If its "
            "instances are predictions, turn user_labels_only off."
        )
    return (
        f"Empty frame pairs: {ground_truth.name} has {_frame_range(ground_truth)}, "
        f"{predicted.name} has {_frame_range(predicted)}, and no frame is labelled in both."
    )


def _frame_range(table: PoseTable) -> str:
    first, last = table.frame_range_in_file
    return f"{counted(table.n_frames_in_file, 'frame')} ({first} to {last})"
