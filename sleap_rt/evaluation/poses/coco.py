"""COCO style average precision and recall by OKS, in which unmatched predictions count.

The same algorithm as the COCO evaluator's keypoint mode with one category and all areas: it matches
again at every threshold, and a prediction left over is a false positive.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from sleap_rt.arrays import Bools, Doubles
from sleap_rt.evaluation.poses.voc import MATCH_SCORE_THRESHOLDS, RECALL_THRESHOLDS, precision_curve

_BELOW_ONE = 1 - 1e-10  # the evaluator's cap on a threshold, so that an oks of 1 can reach it


def coco_metrics(
    frames: Iterable[tuple[Doubles, Doubles]], *, max_dets: int = 20
) -> dict[str, object]:
    """AP and AR over the ten OKS thresholds 0.50 ... 0.95.

    Args:
        frames: for each frame the oks (n_gt, n_pr) and the prediction scores (n_pr,). Ground
            truth with NaN oks (no visible node) is left out, as the evaluator ignores it.
        max_dets: most predictions of a frame that count, the best by score.

    Returns:
        `AP`, `AP50`, `AP75`, `AR`, `AR50`, `AR75` (NaN without ground truth), the values per
        threshold, and `n_predictions_left_out` because of `max_dets`.
    """
    right: list[Bools] = []
    scores: list[Doubles] = []
    n_ground_truth = n_left_out = 0
    for oks, frame_scores in frames:
        order = np.argsort(-frame_scores, kind="stable")
        best = order[:max_dets]
        n_left_out += len(order) - len(best)
        visible = ~np.isnan(oks).any(axis=1) if oks.shape[1] else np.ones(len(oks), bool)
        n_ground_truth += int(visible.sum())
        right.append(match_at_thresholds(oks[visible][:, best]))
        scores.append(frame_scores[best])
    return {
        **_summary(_stack(right), _join(scores), n_ground_truth),
        "max_dets": max_dets,
        "n_predictions_left_out": n_left_out,
    }


def match_at_thresholds(oks: Doubles, thresholds: Doubles = MATCH_SCORE_THRESHOLDS) -> Bools:
    """(n_thresholds, n_pr) whether each prediction of a frame finds a ground truth of its own.

    Args:
        oks: (n_gt, n_pr), predictions in descending score; of equally good free ground truths
            the last is taken, as in the evaluator.
        thresholds: (n_thresholds,) least oks of a match.
    """
    n_gt, n_pr = oks.shape
    found = np.zeros((len(thresholds), n_pr), bool)
    if not n_gt:
        return found
    free = np.ones((len(thresholds), n_gt), bool)
    least = np.minimum(thresholds, _BELOW_ONE)[:, None]
    rows = np.arange(len(thresholds))
    for column in range(n_pr):
        values = np.where(free & (oks[:, column] >= least), oks[:, column], -1.0)
        last_best = n_gt - 1 - np.argmax(values[:, ::-1], axis=1)
        found[:, column] = values[rows, last_best] >= 0
        free[rows[found[:, column]], last_best[found[:, column]]] = False
    return found


def _summary(right: Bools, scores: Doubles, n_ground_truth: int) -> dict[str, object]:
    if not n_ground_truth:
        nothing = np.full(len(MATCH_SCORE_THRESHOLDS), np.nan)
        return _named(nothing, nothing)
    ranked = right[:, np.argsort(-scores, kind="stable")]
    curves = [precision_curve(row, n_ground_truth, RECALL_THRESHOLDS) for row in ranked]
    return _named(
        np.array([curve.mean() for curve, _ in curves]),
        np.array([recall for _, recall in curves]),
    )


def _named(precision: Doubles, recall: Doubles) -> dict[str, object]:
    return {
        "AP": float(precision.mean()),
        "AP50": float(precision[0]),
        "AP75": float(precision[5]),
        "AR": float(recall.mean()),
        "AR50": float(recall[0]),
        "AR75": float(recall[5]),
        "oks_thresholds": MATCH_SCORE_THRESHOLDS,
        "AP_per_threshold": precision,
        "AR_per_threshold": recall,
    }


def _stack(right: Sequence[Bools]) -> Bools:
    none = np.zeros((len(MATCH_SCORE_THRESHOLDS), 0), bool)
    return np.concatenate([none, *right], axis=1)


def _join(scores: Sequence[Doubles]) -> Doubles:
    return np.concatenate([np.zeros(0), *scores])
