"""PASCAL VOC style average precision and recall over matched pairs.

Unmatched predictions do not count: the values measure how completely and how exactly animals are
found. `detection.py` counts predictions that are no animal.
"""

from typing import Any

import numpy as np

from sleap_rt.arrays import Doubles
from sleap_rt.geometry import EPSILON

MATCH_SCORE_THRESHOLDS: Doubles = np.linspace(0.5, 0.95, 10)
RECALL_THRESHOLDS: Doubles = np.linspace(0, 1, 101)
_KEYS = (
    "match_score_thresholds",
    "recall_thresholds",
    "match_scores",
    "precisions",
    "recalls",
    "AP",
    "AR",
    "mAP",
    "mAR",
)


def voc_metrics(
    match_scores: Doubles,
    detection_scores: Doubles,
    n_missed: int,
    *,
    match_score_thresholds: Doubles = MATCH_SCORE_THRESHOLDS,
    recall_thresholds: Doubles = RECALL_THRESHOLDS,
) -> dict[str, Any]:
    """AP and AR at each match score threshold, and their means.

    Args:
        match_scores: (n_matches,) similarity of each pair, 0 to 1.
        detection_scores: (n_matches,) instance score of each pair's prediction.
        n_missed: ground truth without a pair.
        match_score_thresholds: (n_t,) a pair is right from this match score on.
        recall_thresholds: (n_r,) where the precision curve is read.

    Returns:
        The nine values of sleap-nn's layout; all of them 0 if there is no pair.
    """
    if not len(match_scores):
        return dict.fromkeys(_KEYS, 0)
    scores = match_scores[np.argsort(-detection_scores, kind="stable")]
    n_ground_truth = len(scores) + n_missed
    curves = [
        precision_curve(scores >= threshold, n_ground_truth, recall_thresholds)
        for threshold in match_score_thresholds
    ]
    precisions = np.array([curve for curve, _ in curves])  # (n_t, n_r)
    recalls = np.array([recall for _, recall in curves])  # (n_t,)
    values = (
        match_score_thresholds,
        recall_thresholds,
        scores,
        precisions,
        recalls,
        precisions.mean(axis=1),
        recalls,
        precisions.mean(),
        recalls.mean(),
    )
    return dict(zip(_KEYS, values, strict=True))


def precision_curve(
    is_right: np.ndarray[Any, np.dtype[np.bool_]],
    n_ground_truth: int,
    recall_thresholds: Doubles,
) -> tuple[Doubles, float]:
    """Precision where the recall first reaches each threshold (0 if never), and the last recall.

    Args:
        is_right: (n,) whether each detection is a true one, the highest score first.
        n_ground_truth: number of animals to find.
        recall_thresholds: (n_r,) ascending.
    """
    n_true = np.cumsum(is_right)
    rank = np.arange(1, len(is_right) + 1)
    recall = n_true / n_ground_truth
    precision = n_true / (rank + EPSILON)
    # Precision at a recall is the best that any larger recall still has.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    first = np.searchsorted(recall, recall_thresholds, side="left")
    curve = np.append(precision, 0.0)[first]
    return curve, float(recall[-1]) if len(recall) else 0.0
