"""Matches predictions with animals frame by frame: greedily, the highest score first."""

from dataclasses import dataclass

import numpy as np

from sleap_rt.arrays import Bools, Doubles, Ints
from sleap_rt.evaluation.pairing.candidates import CandidatePairs, rows_of


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Pairs in the order they were found, and the instances left over on either side.

    Attributes:
        gt_rows, pr_rows: (n_matches,) instance rows in the two tables.
        values: (n_matches,) oks, or distance in px in centroid mode.
        missed_rows: (n_missed,) ground truth that no prediction was paired with.
        extra_rows: (n_extra,) predictions that no ground truth was paired with.
    """

    gt_rows: Ints
    pr_rows: Ints
    values: Doubles
    missed_rows: Ints
    extra_rows: Ints

    def __len__(self) -> int:
        return len(self.gt_rows)


FramePairing = list[tuple[int, int]]  # (row, column) of a frame's matrix, in the order found


def greedy_pairs(oks: Doubles, scores: Doubles, threshold: float) -> FramePairing:
    """Pair the animals of one frame, PASCAL VOC style.

    Each prediction, in descending score (ties in file order, NaN last), takes the ground truth
    still free with the highest oks above `threshold`; of equals, the earlier one.

    Args:
        oks: (n_gt, n_pr); NaN never pairs.
        scores: (n_pr,) instance scores.
        threshold: a pair needs oks > threshold.
    """
    allowed = oks > threshold
    free = np.ones(len(oks), bool)
    pairs = []
    for column in np.argsort(-scores, kind="stable").tolist():
        open_rows = free & allowed[:, column]
        if open_rows.any():
            row = int(np.argmax(np.where(open_rows, oks[:, column], -np.inf)))
            free[row] = False
            pairs.append((row, column))
    return pairs


def match_greedily(
    candidates: CandidatePairs, oks: Doubles, scores: Doubles, threshold: float
) -> Matches:
    """Pair the instances of all frames.

    Args:
        candidates: the pairs to choose from.
        oks: (n_candidates,) similarity of each.
        scores: (n_predictions,) instance scores of the whole prediction table.
        threshold: a pair needs oks > threshold.
    """
    starts = candidates.pr_starts.tolist()
    pairings = [
        greedy_pairs(matrix, scores[start : start + matrix.shape[1]], threshold)
        for matrix, start in zip(candidates.matrices(oks), starts, strict=True)
    ]
    return collect_matches(candidates, pairings, oks)


def collect_matches(
    candidates: CandidatePairs, pairings: list[FramePairing], values: Doubles
) -> Matches:
    """Put the pairings of single frames together."""
    n_pairs = [len(pairing) for pairing in pairings]
    frames = np.repeat(np.arange(len(pairings)), n_pairs)
    local = np.array([pair for pairing in pairings for pair in pairing], np.int64).reshape(-1, 2)
    gt_rows = candidates.gt_starts[frames] + local[:, 0]
    pr_rows = candidates.pr_starts[frames] + local[:, 1]
    places = candidates.starts[frames] + local[:, 0] * candidates.n_pr[frames] + local[:, 1]
    return Matches(
        gt_rows=gt_rows,
        pr_rows=pr_rows,
        values=values[places],
        missed_rows=_left(candidates.gt_starts, candidates.n_gt, gt_rows),
        extra_rows=_left(candidates.pr_starts, candidates.n_pr, pr_rows),
    )


def _left(starts: Ints, counts: Ints, taken: Ints) -> Ints:
    """The rows of the paired frames that are not in `taken`, in order."""
    rows = rows_of(starts, counts)
    untaken: Bools = np.isin(rows, taken, invert=True)
    return rows[untaken]
