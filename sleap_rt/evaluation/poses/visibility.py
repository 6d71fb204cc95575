"""Precision and recall of visible nodes: does the prediction have those of the ground truth?"""

from typing import Any

import numpy as np

from sleap_rt.arrays import Bools


def visibility_metrics(ground_truth: Bools, predicted: Bools) -> dict[str, Any]:
    """Counts over all nodes of all matched pairs, precision and recall (NaN when undefined).

    Args:
        ground_truth, predicted: (n, n_nodes) whether a node is visible.
    """
    tp = (ground_truth & predicted).sum()
    fp = (~ground_truth & predicted).sum()
    fn = (ground_truth & ~predicted).sum()
    return {
        "tp": tp,
        "fp": fp,
        "tn": (~ground_truth & ~predicted).sum(),
        "fn": fn,
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
    }


def _ratio(part: np.int64, whole: np.int64) -> np.float64:
    return np.float64(part / whole) if whole else np.float64("nan")
