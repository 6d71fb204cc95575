"""Features: the parts of a pose that are compared."""

from collections.abc import Callable

import numpy as np

from sleap_rt.arrays import AnyFloats
from sleap_rt.geometry import pose_boxes


def keypoints(points: AnyFloats) -> AnyFloats:
    """The poses themselves.

    Args:
        points: (n, n_nodes, 2), (x, y) px, NaN where a node is missing.

    Returns:
        (n, n_nodes, 2), NaN stays NaN.
    """
    return points


def centroids(points: AnyFloats) -> AnyFloats:
    """Median of the visible nodes, for x and y independently.

    Args:
        points: (n, n_nodes, 2), (x, y) px, NaN where a node is missing.

    Returns:
        (n, 2), NaN where no node is visible.
    """
    ordered = np.sort(points, axis=1)  # NaN last
    n_visible = np.count_nonzero(~np.isnan(points[:, :, 0]), axis=1)
    rows = np.arange(len(points))
    lower = ordered[rows, np.maximum(n_visible - 1, 0) // 2]
    upper = ordered[rows, np.minimum(n_visible // 2, points.shape[1] - 1)]
    middle: AnyFloats = (lower + upper) / 2
    return middle


FEATURES: dict[str, Callable[[AnyFloats], AnyFloats]] = {
    "keypoints": keypoints,
    "centroids": centroids,
    "bboxes": pose_boxes,
}
