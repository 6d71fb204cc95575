"""Object keypoint similarity (OKS): how alike two poses of one animal are, 0 to 1."""

import numpy as np

from sleap_rt.evaluation.poses import BoolArray, FloatArray, visible_nodes

EPSILON = float(np.finfo(np.float64).eps)
FLAT_AREA_PX2 = 1e-9  # below this an animal's box has no area to measure errors against
FLAT_REACH_PX = 50.0  # for such animals: mean distance at which the similarity has fallen to 0


def box_areas(points: FloatArray) -> FloatArray:
    """(n,) area in px² of the box around the visible nodes; NaN without a visible node.

    Args:
        points: (n, n_nodes, 2) px, NaN where a node is missing.
    """
    areas = np.full(len(points), np.nan)
    some = visible_nodes(points).any(axis=-1)
    extent = np.nanmax(points[some], axis=1) - np.nanmin(points[some], axis=1)  # (n_some, 2)
    areas[some] = extent.prod(axis=-1)
    return areas


def is_flat(points: FloatArray) -> BoolArray:
    """(n,) animals with a visible node, but no box area: one node, or all nodes on one line."""
    return box_areas(points) < FLAT_AREA_PX2


def oks(
    ground_truth: FloatArray, predicted: FloatArray, *, stddev: float, scale: float | None = None
) -> FloatArray:
    """Similarity of each ground-truth pose with the prediction beside it.

    Args:
        ground_truth: (n, n_nodes, 2) px, NaN where a node is missing.
        predicted: the same shape. A node missing here counts 0, one only here is left out.
        stddev: spread of a node's error, as a fraction of the animal's size.
        scale: px² used in place of the area of each ground-truth box.

    Returns:
        (n,) float64. NaN where the ground truth has no visible node. Without `scale`, a ground
        truth whose box has no area is measured by its mean distance instead, 1 at 0 px and 0
        at 50 px, since any error is infinitely large against an area of 0.
    """
    visible = visible_nodes(ground_truth)  # (n, n_nodes)
    squared = ((ground_truth - predicted) ** 2).sum(axis=-1)  # (n, n_nodes), NaN where missing
    area = box_areas(ground_truth) if scale is None else np.full(len(ground_truth), float(scale))
    spread = (2 * stddev) ** 2 * 2 * (area + EPSILON)  # (n,)
    per_node = np.exp(-squared / spread[:, None])
    n_visible = visible.sum(axis=-1)
    result = np.full(len(ground_truth), np.nan)
    some = n_visible > 0
    result[some] = np.nansum(per_node[some], axis=-1) / n_visible[some]
    if scale is None:
        flat = area < FLAT_AREA_PX2
        result[flat] = _similarity_of_flat(squared[flat])
    return result


def _similarity_of_flat(squared: FloatArray) -> FloatArray:
    distances = np.sqrt(squared)
    n_common = (~np.isnan(distances)).sum(axis=-1)
    mean = np.nansum(distances, axis=-1) / np.maximum(n_common, 1)
    return np.where(n_common > 0, np.maximum(0.0, 1.0 - mean / FLAT_REACH_PX), 0.0)
