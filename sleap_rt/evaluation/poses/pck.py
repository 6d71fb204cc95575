"""Percentage of correct keypoints (PCK): the share of nodes closer than a few px to the truth."""

from typing import Any

import numpy as np

from sleap_rt.arrays import Bools, Doubles

PCK_THRESHOLDS_PX: Doubles = np.linspace(1, 10, 10)
_NAMED_PX = (5, 10)  # thresholds that have a key of their own


def correct_nodes(distances: Doubles, thresholds: Doubles = PCK_THRESHOLDS_PX) -> Bools:
    """(n, n_nodes, n_thresholds) whether distance < threshold; a missing node is wrong.

    Args:
        distances: (n, n_nodes) px, NaN where a node is missing on either side.
        thresholds: (n_thresholds,) px.
    """
    correct: Bools = distances[..., None] < thresholds
    return correct


def pair_pck(distances: Doubles) -> Doubles:
    """(n,) mean PCK of each pair over thresholds and nodes, from distances (n, n_nodes) px.

    Over thresholds first: these means often equal a match score threshold such as 0.6 to the
    last bit, so the order of summation decides; this is the order of the stored numbers.
    """
    means: Doubles = correct_nodes(distances).mean(axis=-1).mean(axis=-1)
    return means


def pck_metrics(distances: Doubles, thresholds: Doubles = PCK_THRESHOLDS_PX) -> dict[str, Any]:
    """PCK per node and over all, as sleap-nn's files store them; NaN if there is no pair.

    A node that the ground truth does not have counts as wrong here, so that the values compare
    with published ones; `pck_curve` has the values over labelled nodes.
    """
    correct = correct_nodes(distances, thresholds)
    shares = _share(correct)  # (n_nodes, n_thresholds)
    parts = shares.mean(axis=-1)
    named = {
        f"PCK@{px}": _mean(correct[..., int(np.argmin(np.abs(thresholds - px)))])
        for px in _NAMED_PX
    }
    return {
        "thresholds": thresholds,
        "pcks": correct,
        "mPCK_parts": parts,
        "mPCK": _mean(parts),
        **named,
    }


def pck_curve(
    distances: Doubles, labelled: Bools, thresholds: Doubles = PCK_THRESHOLDS_PX
) -> dict[str, Any]:
    """PCK against the threshold and the area under that curve, over all and over labelled nodes.

    Args:
        distances: (n, n_nodes) px.
        labelled: (n, n_nodes) nodes that the ground truth has.
        thresholds: (n_thresholds,) px, ascending.

    Returns:
        `PCK`, `PCK_visible` (n_thresholds,); `AUC`, `AUC_visible`: area by trapezoids from
        0 px, where PCK is 0, divided by the last threshold; `mPCK_visible`. NaN without nodes.
    """
    correct = correct_nodes(distances, thresholds)
    every = _share(correct.reshape(-1, len(thresholds)))
    visible = _share(correct[labelled])
    return {
        "thresholds": thresholds,
        "PCK": every,
        "PCK_visible": visible,
        "mPCK_visible": float(visible.mean()),
        "AUC": _area(every, thresholds),
        "AUC_visible": _area(visible, thresholds),
    }


def _area(shares: Doubles, thresholds: Doubles) -> float:
    heights = np.concatenate([[0.0], shares])
    widths = np.diff(thresholds, prepend=0.0)
    return float(((heights[1:] + heights[:-1]) / 2 * widths).sum() / thresholds[-1])


def _share(correct: Bools) -> Doubles:
    """Mean over the first axis; NaN when it is empty."""
    if not len(correct):
        return np.full(correct.shape[1:], np.nan)
    share: Doubles = correct.mean(axis=0)
    return share


def _mean(values: np.ndarray[Any, Any]) -> float:
    return float(values.mean()) if values.size else float("nan")
