"""Features: what of a pose is compared."""

from collections.abc import Callable

import numpy as np

from sleap_rt.instances import FloatArray


def keypoints(points: FloatArray) -> FloatArray:
    """The poses themselves.

    Args:
        points: (n, n_nodes, 2), (x, y) px, NaN where a node is missing.

    Returns:
        (n, n_nodes, 2), NaN stays NaN.
    """
    return points


def centroids(points: FloatArray) -> FloatArray:
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
    middle: FloatArray = (lower + upper) / 2
    return middle


def bboxes(points: FloatArray) -> FloatArray:
    """Bounding boxes of the visible nodes.

    Args:
        points: (n, n_nodes, 2), (x, y) px, NaN where a node is missing.

    Returns:
        (n, 4) as (x_min, y_min, x_max, y_max), NaN where no node is visible.
    """
    return np.concatenate((np.fmin.reduce(points, axis=1), np.fmax.reduce(points, axis=1)), axis=1)


FEATURES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "keypoints": keypoints,
    "centroids": centroids,
    "bboxes": bboxes,
}
