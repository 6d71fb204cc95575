"""Object keypoint similarity (OKS) of a prediction with the ground truth, 0 to 1.

Errors are measured against the box of the ground truth, or against a fixed area.
"""

import numpy as np

from sleap_rt.arrays import AnyFloats, Bools, Doubles
from sleap_rt.geometry import (
    box_areas,
    keypoint_similarity,
    oks_spread,
    pose_boxes,
    squared_distances,
    visible_nodes,
)

FLAT_AREA_PX2 = 1e-9  # below this an animal's box has no area to measure errors against
FLAT_REACH_PX = 50.0  # for such animals: mean distance at which the similarity has fallen to 0


def is_flat(points: Doubles) -> Bools:
    """(n,) animals with a visible node, but no box area: one node, or all nodes on one line."""
    flat: Bools = box_areas(pose_boxes(points)) < FLAT_AREA_PX2
    return flat


def oks(
    ground_truth: Doubles, predicted: Doubles, *, stddev: float, scale: float | None = None
) -> Doubles:
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
    squared = squared_distances(ground_truth, predicted)  # (n, n_nodes), NaN where missing
    boxes = box_areas(pose_boxes(ground_truth))
    area = boxes if scale is None else np.full(len(ground_truth), float(scale))
    result = keypoint_similarity(squared, oks_spread(area, stddev), visible_nodes(ground_truth))
    if scale is None:
        flat = area < FLAT_AREA_PX2
        result[flat] = _similarity_of_flat(squared[flat])
    return result


def _similarity_of_flat(squared: AnyFloats) -> Doubles:
    distances = np.sqrt(squared)
    n_common = (~np.isnan(distances)).sum(axis=-1)
    mean = np.nansum(distances, axis=-1) / np.maximum(n_common, 1)
    return np.where(n_common > 0, np.maximum(0.0, 1.0 - mean / FLAT_REACH_PX), 0.0)
