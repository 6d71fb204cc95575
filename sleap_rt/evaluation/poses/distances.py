"""How far predicted nodes are from the true ones, in px."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sleap_rt.arrays import Doubles

PERCENTILES = (50, 75, 90, 95, 99)


def node_distances(ground_truth: Doubles, predicted: Doubles) -> Doubles:
    """(n, n_nodes) Euclidean distance, px; NaN where a node is missing on either side.

    Args:
        ground_truth, predicted: (n, n_nodes, 2) px, NaN where a node is missing.
    """
    distances: Doubles = np.sqrt(((ground_truth - predicted) ** 2).sum(axis=-1))
    return distances


def distance_summary(distances: Doubles) -> dict[str, Any]:
    """Mean and (linearly interpolated) percentiles of the finite distances; NaN without any."""
    finite = distances[np.isfinite(distances)]
    if not finite.size:
        nan = np.float64("nan")
        return {"avg": float("nan"), **{f"p{percent}": nan for percent in PERCENTILES}}
    percentiles = np.percentile(finite, PERCENTILES)
    return {
        "avg": float(finite.mean()),
        **{f"p{q}": value for q, value in zip(PERCENTILES, percentiles, strict=True)},
    }


def per_node_summary(distances: Doubles, node_names: Sequence[str]) -> dict[str, list[Any]]:
    """Error of each node: how often it was measured, mean, median, 95th percentile.

    Args:
        distances: (n, n_nodes) px.
        node_names: (n_nodes,)
    """
    columns = [distance_summary(distances[:, node]) for node in range(len(node_names))]
    measured = np.isfinite(distances).sum(axis=0)
    return {
        "node_names": list(node_names),
        "n": [int(count) for count in measured],
        **{key: [float(column[key]) for column in columns] for key in ("avg", "p50", "p95")},
    }
