"""Counts animals found and missed, and predictions that are no animal."""


def detection_metrics(n_tp: int, n_fp: int, n_fn: int) -> dict[str, float]:
    """Precision, recall and F1 of finding animals; 0 where undefined.

    Args:
        n_tp: matched pairs.
        n_fp: predictions in compared frames without a match.
        n_fn: ground truth in compared frames without a match.
    """
    precision = n_tp / (n_tp + n_fp) if n_tp + n_fp else 0.0
    recall = n_tp / (n_tp + n_fn) if n_tp + n_fn else 0.0
    both = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / both if both else 0.0,
        "n_tp": n_tp,
        "n_fp": n_fp,
        "n_fn": n_fn,
    }
