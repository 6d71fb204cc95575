"""IDF1: how much of the time each animal carries its one best-fitting track.

Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", 2016.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.evaluation.identity.sequences import TrackSequence
from sleap_rt.evaluation.poses import FloatArray, IntArray

_NEVER = 1e10  # cost of leaving out a track in the place that belongs to another


@dataclass(frozen=True, kw_only=True)
class IdCounts:
    """Detections with the right identity, missed ones, wrong ones; they add up over videos."""

    tp: int
    fn: int
    fp: int


def id_counts(sequence: TrackSequence, threshold: float) -> IdCounts:
    """Count one video under the one-to-one mapping of animals to tracks that costs least.

    Args:
        sequence: one video.
        threshold: least similarity at which an animal and a track agree in a frame.
    """
    gt_counts, pr_counts = sequence.gt_counts(), sequence.pr_counts()
    agree = np.zeros((len(gt_counts), len(pr_counts)))
    frames = zip(sequence.gt_ids, sequence.pr_ids, sequence.similarity, strict=True)
    for gt_ids, pr_ids, similarity in frames:
        rows, columns = np.nonzero(similarity >= threshold)
        agree[gt_ids[rows], pr_ids[columns]] += 1
    missed, wrong = _costs(agree, gt_counts, pr_counts)
    rows, columns = linear_sum_assignment(missed + wrong)
    fn = int(missed[rows, columns].sum())
    return IdCounts(tp=sequence.n_gt - fn, fn=fn, fp=int(wrong[rows, columns].sum()))


def _costs(
    agree: FloatArray, gt_counts: IntArray, pr_counts: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Missed and wrong detections of each choice; an animal or a track may also go unpaired."""
    n_gt, n_pr = agree.shape
    missed = np.zeros((n_gt + n_pr, n_gt + n_pr))
    wrong = np.zeros_like(missed)
    wrong[n_gt:, :n_pr] = _NEVER
    missed[:n_gt, n_pr:] = _NEVER
    missed[:n_gt, :n_pr] = gt_counts[:, None] - agree
    wrong[:n_gt, :n_pr] = pr_counts[None, :] - agree
    np.fill_diagonal(missed[:n_gt, n_pr:], gt_counts)
    np.fill_diagonal(wrong[n_gt:, :n_pr], pr_counts)
    return missed, wrong


def sum_ids(counts: Sequence[IdCounts]) -> IdCounts:
    """Pool videos."""
    return IdCounts(
        tp=sum(c.tp for c in counts), fn=sum(c.fn for c in counts), fp=sum(c.fp for c in counts)
    )


def id_values(counts: IdCounts) -> dict[str, float]:
    """The metrics by their usual names."""
    return {
        "IDF1": counts.tp / max(1.0, counts.tp + 0.5 * counts.fp + 0.5 * counts.fn),
        "IDP": counts.tp / max(1.0, counts.tp + counts.fp),
        "IDR": counts.tp / max(1.0, counts.tp + counts.fn),
        "IDTP": counts.tp,
        "IDFN": counts.fn,
        "IDFP": counts.fp,
    }
