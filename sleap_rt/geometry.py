"""Boxes around poses, and similarities of boxes and of poses: the formulas, each written once.

Stages differ in whether border pixels belong to a box, which area scales an error, and which nodes
count, so these are arguments.
"""

import numpy as np

from sleap_rt.arrays import AnyFloats, Bools, Doubles

EPSILON = float(np.finfo(np.float64).eps)
_MANY_PAIRS = 500  # below, finding the far pairs takes longer than it saves
_LOWEST_EXPONENT = -746.0  # exp of less is 0 exactly, in double precision
BORDER_PX = 1.0  # `border` where the pixels on a box's border belong to it


def visible_nodes(points: AnyFloats) -> Bools:
    """(..., n_nodes) where both coordinates of a node are known."""
    return np.asarray(~np.isnan(points).any(axis=-1), np.bool_)


def pose_boxes(points: AnyFloats) -> AnyFloats:
    """Boxes around the visible nodes.

    Args:
        points: (..., n_nodes, 2), (x, y) px, NaN where a node is missing.

    Returns:
        (..., 4) as (x_min, y_min, x_max, y_max), NaN where no node is visible.
    """
    low, high = np.fmin.reduce(points, axis=-2), np.fmax.reduce(points, axis=-2)
    return np.concatenate((low, high), axis=-1)


def box_areas(boxes: AnyFloats, *, border: float = 0.0) -> AnyFloats:
    """(...) px² of boxes (..., 4), whose sides are longer by `border` px than their corners say."""
    size = boxes[..., 2:] - boxes[..., :2] + border
    area: AnyFloats = size[..., 0] * size[..., 1]
    return area


def box_intersections(a: AnyFloats, b: AnyFloats, *, border: float = 0.0) -> AnyFloats:
    """(...) px² that boxes a and b, (..., 4) and broadcast to each other, have in common."""
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]) + border
    size = np.maximum(size, 0)
    shared: AnyFloats = size[..., 0] * size[..., 1]
    return shared


def box_iou(a: AnyFloats, b: AnyFloats, *, border: float = 0.0) -> AnyFloats:
    """Intersection over union of boxes.

    Args:
        a, b: (..., 4) px as (x_min, y_min, x_max, y_max), broadcast to each other; NaN for no box.
        border: px that a side is longer than the corners say; `BORDER_PX` where the pixels on the
            border belong to the box.

    Returns:
        (...) in [0, 1]; 0 where neither box has an area, NaN where either is missing.
    """
    shared = box_intersections(a, b, border=border)
    union = box_areas(a, border=border) + box_areas(b, border=border) - shared
    return np.divide(shared, union, out=np.zeros_like(union), where=union != 0)


def squared_distances(a: AnyFloats, b: AnyFloats) -> AnyFloats:
    """(..., n_nodes) px² between the nodes of poses (..., n_nodes, 2) broadcast to each other."""
    dx, dy = a[..., 0] - b[..., 0], a[..., 1] - b[..., 1]
    dx *= dx
    dy *= dy
    dx += dy
    return dx


def oks_spread(areas: AnyFloats, stddev: float) -> AnyFloats:
    """(...) px², 2 (2σ)² A: what the squared error of a node is divided by, as COCO defines it.

    Args:
        areas: (...) px², A, of what the error is measured against; one of 0 gives almost 0.
        stddev: σ, spread of a node's error, as a fraction of the animal's size.
    """
    return (2 * stddev) ** 2 * 2 * (areas + EPSILON)


def keypoint_similarity(squared: AnyFloats, spread: AnyFloats, counted: Bools) -> Doubles:
    """Object keypoint similarity: the mean of exp(-d² / spread) over nodes.

    Args:
        squared: (..., n_nodes) px², d²; NaN where a pose lacks the node, which then counts 0.
        spread: (...) px², `oks_spread` or another measure of how far an error may reach.
        counted: (..., n_nodes) nodes of which the mean is taken: those of the ground truth, or
            those that both poses have. No other node may have a distance.

    Returns:
        (...) in [0, 1]; NaN where no node is counted.
    """
    near = np.exp(-squared / spread[..., None])
    total: Doubles = np.nansum(near, axis=-1)
    n_counted = counted.sum(axis=-1)
    mean: Doubles = np.full(total.shape, np.nan)
    np.divide(total, n_counted, out=mean, where=n_counted > 0)
    return mean


def oks_matrix(reference: AnyFloats, others: AnyFloats, *, stddev: float) -> AnyFloats:
    """`keypoint_similarity` of every reference pose with every other pose, fast for many pairs.

    The box of the reference pose scales the errors, and its visible nodes are counted.

    Args:
        reference: (n, n_nodes, 2) px, NaN where a node is missing.
        others: (k, n_nodes, 2) px, NaN where a node is missing.
        stddev: σ, spread of a node's error, as a fraction of the animal's size.

    Returns:
        (n, k) in [0, 1]; NaN where the reference has no visible node.
    """
    visible = ~np.isnan(reference[:, :, 0])  # (n, n_nodes)
    boxes = pose_boxes(reference)
    exponent = -1 / oks_spread(box_areas(boxes), stddev)
    n_visible = visible.sum(axis=1, dtype=float)
    n_visible[n_visible == 0] = np.nan
    shares = visible / n_visible[:, None]
    reference = np.where(visible[..., None], reference, 0.0)  # weighs nothing below
    there = np.where(np.isnan(others), np.inf, others)  # infinitely far: similarity 0
    if len(reference) * len(others) >= _MANY_PAIRS:
        gaps = _squared_gaps(boxes, pose_boxes(others))
        rows, columns = np.nonzero(~(gaps * exponent[:, None] < _LOWEST_EXPONENT))
        similarity = squared_distances(reference[rows], there[columns])  # (n_near, n_nodes)
        similarity *= exponent[rows, None]
        np.exp(similarity, out=similarity)
        sparse: AnyFloats = np.zeros(gaps.shape)
        sparse[rows, columns] = np.einsum("pi,pi->p", similarity, shares[rows])
        return sparse
    similarity = squared_distances(reference[:, None], there[None])  # (n, k, n_nodes)
    similarity *= exponent[:, None, None]
    np.exp(similarity, out=similarity)
    total: AnyFloats = (similarity @ shares[:, :, None])[:, :, 0]
    return total


def _squared_gaps(a: AnyFloats, b: AnyFloats) -> AnyFloats:
    """(n, k) px² between boxes (n, 4) and (k, 4): no node of one is nearer to one of the other.

    0 where boxes overlap, NaN where either is missing.
    """
    apart = np.maximum(a[:, None, :2] - b[None, :, 2:], b[None, :, :2] - a[:, None, 2:])
    squared: AnyFloats = np.square(np.maximum(apart, 0.0)).sum(axis=-1)
    return squared
