"""CLEAR MOT: MOTA, MOTP, switches, fragmentations, mostly tracked and lost animals.

Bernardin and Stiefelhagen, "Evaluating Multiple Object Tracking Performance", 2008.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.arrays import Bools, Doubles, Ints
from sleap_rt.evaluation.identity.sequences import TrackSequence
from sleap_rt.geometry import EPSILON

_KEEP = 1000  # outweighs any similarity: a match that continues is preferred
_MOSTLY_TRACKED, _MOSTLY_LOST = 0.8, 0.2  # share of an animal's frames in which it is matched


@dataclass(frozen=True, kw_only=True)
class TrackMatches:
    """The pairs matched in each frame, in temporal order.

    Attributes:
        frames: (n,) place of the frame in the sequence.
        gt_ids, pr_ids: (n,)
        similarity: (n,)
        n_starts: (n_gt_ids,) how often each true animal went from unmatched to matched.
    """

    frames: Ints
    gt_ids: Ints
    pr_ids: Ints
    similarity: Doubles
    n_starts: Ints


def match_tracks(sequence: TrackSequence, threshold: float) -> TrackMatches:
    """Match each frame, continuing the previous frame's pairs where their similarity allows.

    Args:
        sequence: one video.
        threshold: least similarity of a pair.
    """
    previous = np.full(len(sequence.gt_names), -1)  # predicted id of each animal a frame ago
    n_starts = np.zeros(len(sequence.gt_names), np.int64)
    frames, gt, pr, values = [], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for place, (gt_ids, pr_ids, similarity) in enumerate(
        zip(sequence.gt_ids, sequence.pr_ids, sequence.similarity, strict=True)
    ):
        # As in TrackEval, a frame that is empty on one side does not end a match: the pairs of
        # the last frame that had both still count as the previous ones.
        if not len(gt_ids) or not len(pr_ids):
            continue
        rows, columns = _match_frame(pr_ids == previous[gt_ids][:, None], similarity, threshold)
        matched = gt_ids[rows]
        n_starts[matched] += previous[matched] < 0
        previous[:] = -1
        previous[matched] = pr_ids[columns]
        frames += [place] * len(rows)
        gt.append(matched)
        pr.append(pr_ids[columns])
        values.append(similarity[rows, columns])
    return TrackMatches(
        frames=np.array(frames, np.int64),
        gt_ids=np.concatenate(gt),
        pr_ids=np.concatenate(pr),
        similarity=np.concatenate(values),
        n_starts=n_starts,
    )


def _match_frame(continues: Bools, similarity: Doubles, threshold: float) -> tuple[Ints, Ints]:
    score = _KEEP * continues + similarity
    score[similarity < threshold - EPSILON] = 0
    rows, columns = linear_sum_assignment(-score)
    found = score[rows, columns] > EPSILON
    return rows[found], columns[found]


@dataclass(frozen=True, kw_only=True)
class ClearCounts:
    """Counts of one video; they add up over videos. `similarity` is the sum over matches."""

    tp: int
    fn: int
    fp: int
    switches: int
    fragmentations: int
    mostly_tracked: int
    partly_tracked: int
    mostly_lost: int
    similarity: float


def clear_counts(sequence: TrackSequence, matches: TrackMatches, n_switches: int) -> ClearCounts:
    """Count one video."""
    tp = len(matches.gt_ids)
    present = sequence.gt_counts()
    tracked = np.bincount(matches.gt_ids, minlength=len(present))
    share = tracked[present > 0] / present[present > 0]
    mostly = int((share > _MOSTLY_TRACKED).sum())
    partly = int((share >= _MOSTLY_LOST).sum()) - mostly
    return ClearCounts(
        tp=tp,
        fn=sequence.n_gt - tp,
        fp=sequence.n_pr - tp,
        switches=n_switches,
        fragmentations=int(np.maximum(0, matches.n_starts - 1).sum()),
        mostly_tracked=mostly,
        partly_tracked=partly,
        mostly_lost=len(present) - mostly - partly,
        similarity=float(matches.similarity.sum()),
    )


def sum_clear(counts: Sequence[ClearCounts]) -> ClearCounts:
    """Pool videos."""
    return ClearCounts(
        **{f.name: sum(getattr(c, f.name) for c in counts) for f in fields(ClearCounts)}
    )


def clear_values(counts: ClearCounts) -> dict[str, float]:
    """The metrics by their usual names. Without any ground truth MOTA is 0, as in TrackEval.

    Without a match there is no identity to follow: switches and fragmentations are NaN, not 0.
    """
    n_gt = counts.tp + counts.fn
    n_pr = counts.tp + counts.fp
    right = counts.tp - counts.fp
    return {
        "MOTA": (right - counts.switches) / n_gt if n_gt else 0.0,
        "MODA": right / n_gt if n_gt else 0.0,
        "MOTP": counts.similarity / max(1, counts.tp),
        "recall": counts.tp / max(1, n_gt),
        "precision": counts.tp / max(1, n_pr),
        "TP": counts.tp,
        "FN": counts.fn,
        "FP": counts.fp,
        "IDSW": counts.switches if counts.tp else np.nan,
        "Frag": counts.fragmentations if counts.tp else np.nan,
        "MT": counts.mostly_tracked,
        "PT": counts.partly_tracked,
        "ML": counts.mostly_lost,
    }
