"""HOTA: detection and association in one number, at 19 similarity thresholds.

Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-object Tracking", IJCV 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.arrays import Doubles, Ints
from sleap_rt.evaluation.identity.sequences import FrameGroup, TrackSequence, in_frame_order
from sleap_rt.geometry import EPSILON

ALPHAS: Doubles = np.arange(0.05, 0.99, 0.05)


@dataclass(frozen=True, kw_only=True)
class HotaCounts:
    """Sums over matched detections, (19,) each; they add up over videos.

    Attributes:
        tp, fn, fp: detections.
        association, association_recall, association_precision: sums of the association score
            A(c) of each true positive c, and of its recall and precision.
        similarity: sum of the similarities of the true positives.
    """

    tp: Doubles
    fn: Doubles
    fp: Doubles
    association: Doubles
    association_recall: Doubles
    association_precision: Doubles
    similarity: Doubles


def hota_counts(sequence: TrackSequence) -> HotaCounts:
    """Count one video."""
    gt_counts, pr_counts = sequence.gt_counts(), sequence.pr_counts()
    gt, pr, similarity = _matches(sequence, _alignment(sequence, gt_counts, pr_counts))
    shape = (len(gt_counts), len(pr_counts))
    tp, association, recall, precision, located = (np.zeros(len(ALPHAS)) for _ in range(5))
    for index, alpha in enumerate(ALPHAS):
        found = similarity >= alpha - EPSILON
        cells = np.bincount(gt[found] * shape[1] + pr[found], minlength=shape[0] * shape[1])
        n = cells.reshape(shape)  # frames in which a true and a predicted track are matched
        either = gt_counts[:, None] + pr_counts[None, :] - n
        tp[index] = found.sum()
        association[index] = (n * (n / np.maximum(1, either))).sum()
        recall[index] = (n * (n / np.maximum(1, gt_counts[:, None]))).sum()
        precision[index] = (n * (n / np.maximum(1, pr_counts[None, :]))).sum()
        located[index] = similarity[found].sum()
    return HotaCounts(
        tp=tp,
        fn=sequence.n_gt - tp,
        fp=sequence.n_pr - tp,
        association=association,
        association_recall=recall,
        association_precision=precision,
        similarity=located,
    )


def _alignment(sequence: TrackSequence, gt_counts: Ints, pr_counts: Ints) -> Doubles:
    """(n_gt_ids, n_pr_ids) how well two tracks fit over the whole video, before any matching."""
    shape = (len(gt_counts), len(pr_counts))
    if not sequence.groups:
        return np.zeros(shape)
    shares = in_frame_order(sequence.groups, [_shares(g.similarity) for g in sequence.groups])
    keys = in_frame_order(sequence.groups, [_keys(g, shape[1]) for g in sequence.groups])
    # Added up frame after frame, as TrackEval does: rounding must not decide a tie differently.
    shared = np.bincount(keys, shares, minlength=shape[0] * shape[1])
    shared = shared.reshape(shape)
    union = gt_counts[:, None] + pr_counts[None, :] - shared
    alignment: Doubles = np.divide(shared, union, out=np.zeros(shape), where=union > 0)
    return alignment


def _shares(similarity: Doubles) -> Doubles:
    """Similarity as a share of all similarities that either side has in its frame."""
    either = similarity.sum(1)[:, None, :] + similarity.sum(2)[:, :, None] - similarity
    shares: Doubles = np.divide(
        similarity, either, out=np.zeros_like(similarity), where=either > EPSILON
    )
    return shares


def _keys(group: FrameGroup, n_pr_ids: int) -> Ints:
    """(n_frames, n_gt, n_pr) flat index into a table (n_gt_ids, n_pr_ids)."""
    return group.gt_ids[:, :, None] * n_pr_ids + group.pr_ids[:, None, :]


def _matches(sequence: TrackSequence, alignment: Doubles) -> tuple[Ints, Ints, Doubles]:
    """Ids and similarity of the pairs matched in each frame, over all frames."""
    gt, pr, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for group in sequence.groups:
        score = alignment[group.gt_ids[:, :, None], group.pr_ids[:, None, :]] * group.similarity
        frames, rows, columns = best_pairs(score)
        gt.append(group.gt_ids[frames, rows])
        pr.append(group.pr_ids[frames, columns])
        values.append(group.similarity[frames, rows, columns])
    return np.concatenate(gt), np.concatenate(pr), np.concatenate(values)


def best_pairs(score: Doubles) -> tuple[Ints, Ints, Ints]:
    """Frame, row and column of the pairing with the greatest total in each frame of a stack."""
    n_pairs = min(score.shape[1:])
    chosen = [linear_sum_assignment(-matrix) for matrix in score]
    frames = np.repeat(np.arange(len(score)), n_pairs)
    rows = np.concatenate([rows for rows, _ in chosen])
    return frames, rows, np.concatenate([columns for _, columns in chosen])


def sum_hota(counts: Sequence[HotaCounts]) -> HotaCounts:
    """Pool videos."""
    return HotaCounts(
        **{f.name: np.sum([getattr(c, f.name) for c in counts], axis=0) for f in fields(HotaCounts)}
    )


def hota_values(counts: HotaCounts) -> dict[str, Any]:
    """Means over the thresholds under the metric's name, and each curve as `<name>_alpha`."""
    tp = counts.tp
    matched = np.maximum(1, tp)
    curves = {
        "DetA": tp / np.maximum(1, tp + counts.fn + counts.fp),
        "DetRe": tp / np.maximum(1, tp + counts.fn),
        "DetPr": tp / np.maximum(1, tp + counts.fp),
        "AssA": counts.association / matched,
        "AssRe": counts.association_recall / matched,
        "AssPr": counts.association_precision / matched,
        # Without a true positive nothing is badly placed: 1, by convention.
        "LocA": np.where(tp > 0, counts.similarity / matched, 1.0),
    }
    curves = {"HOTA": np.sqrt(curves["DetA"] * curves["AssA"]), **curves}
    return {
        **{name: float(curve.mean()) for name, curve in curves.items()},
        **{f"{name}_alpha": curve for name, curve in curves.items()},
        **{
            f"HOTA_{name.upper()}_alpha": getattr(counts, name).astype(np.int64)
            for name in ("tp", "fn", "fp")
        },
        "alphas": ALPHAS,
    }
