"""IDF1: how much of the time each animal carries its one best-fitting track.

Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", 2016.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.evaluation.identity.sequences import TrackSequence


@dataclass(frozen=True, kw_only=True)
class IdCounts:
    """Counts of detections with the right identity, missed and wrong; they add up over videos."""

    tp: int
    fn: int
    fp: int


def id_counts(sequence: TrackSequence, threshold: float) -> IdCounts:
    """Count one video under the one-to-one mapping of animals to tracks that fits best.

    Args:
        sequence: one video.
        threshold: least similarity at which an animal and a track agree in a frame.
    """
    agree = np.zeros((len(sequence.gt_names), len(sequence.pr_names)))
    for group in sequence.groups:
        frames, rows, columns = np.nonzero(group.similarity >= threshold)
        np.add.at(agree, (group.gt_ids[frames, rows], group.pr_ids[frames, columns]), 1)
    # Missed and wrong detections together are n_gt + n_pr - 2 * (agreeing ones), so the cheapest
    # mapping is the one that agrees most.
    tp = int(agree[linear_sum_assignment(agree, maximize=True)].sum())
    return IdCounts(tp=tp, fn=sequence.n_gt - tp, fp=sequence.n_pr - tp)


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
