"""All pairs of a ground truth and a prediction that share a frame, as flat arrays.

A few large NumPy calls compare all pairs of all frames, which makes long recordings cheap. The
matrix of one frame is a slice of the result.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sleap_rt.arrays import Doubles, Ints
from sleap_rt.evaluation.pairing.frames import FramePairs
from sleap_rt.evaluation.reading.pose_table import PoseTable

_CHUNK_VALUES = 2_000_000  # coordinates compared at a time: tens of MB however long the recording

Measure = Callable[[Doubles, Doubles], Doubles]


@dataclass(frozen=True, kw_only=True)
class CandidatePairs:
    """All pairs of instances within the paired frames; in a frame, ground truth varies slowest.

    Attributes:
        gt_starts, n_gt: (n_frames,) first ground-truth row of each frame pair, and how many.
        pr_starts, n_pr: the same for predictions.
        gt_rows, pr_rows: (n_candidates,) instance rows in the two tables.
        starts: (n_frames + 1,) frame pair f owns candidates starts[f] : starts[f + 1].
    """

    gt_starts: Ints
    n_gt: Ints
    pr_starts: Ints
    n_pr: Ints
    gt_rows: Ints
    pr_rows: Ints
    starts: Ints

    def measure(self, function: Measure, ground_truth: PoseTable, predicted: PoseTable) -> Doubles:
        """(n_candidates,) `function` of the points of both sides, (k, n_nodes, 2) each -> (k,)."""
        values = np.empty(len(self.gt_rows))
        step = max(1, _CHUNK_VALUES // max(1, 2 * len(ground_truth.node_names)))
        for start in range(0, len(values), step):
            part = slice(start, start + step)
            values[part] = function(
                ground_truth.points[self.gt_rows[part]], predicted.points[self.pr_rows[part]]
            )
        return values

    def matrices(self, values: Doubles) -> Iterator[Doubles]:
        """Frame pair after frame pair, `values` (n_candidates,) as (n_gt, n_pr)."""
        bounds = zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True)
        shapes = zip(self.n_gt.tolist(), self.n_pr.tolist(), strict=True)
        for (start, end), shape in zip(bounds, shapes, strict=True):
            yield values[start:end].reshape(shape)


def rows_of(starts: Ints, counts: Ints) -> Ints:
    """(sum of counts,) the rows start, start + 1, ... of each frame, one frame after another."""
    before = np.cumsum(counts) - counts
    rows: Ints = np.arange(counts.sum()) + np.repeat(starts - before, counts)
    return rows


def candidate_pairs(
    frames: FramePairs, ground_truth: PoseTable, predicted: PoseTable
) -> CandidatePairs:
    """The candidates of all paired frames, in the order of `frames`."""
    gt_starts = ground_truth.frame_starts[frames.gt_frames]
    pr_starts = predicted.frame_starts[frames.pr_frames]
    n_gt = ground_truth.instances_per_frame[frames.gt_frames]
    n_pr = predicted.instances_per_frame[frames.pr_frames]
    per_frame = n_gt * n_pr
    starts = np.concatenate([[0], np.cumsum(per_frame)])
    place = np.arange(starts[-1]) - np.repeat(starts[:-1], per_frame)  # within its own frame
    columns = np.repeat(n_pr, per_frame)
    return CandidatePairs(
        gt_starts=gt_starts,
        n_gt=n_gt,
        pr_starts=pr_starts,
        n_pr=n_pr,
        gt_rows=np.repeat(gt_starts, per_frame) + place // columns,
        pr_rows=np.repeat(pr_starts, per_frame) + place % columns,
        starts=starts,
    )
