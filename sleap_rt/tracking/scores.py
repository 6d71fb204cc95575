"""Scores: how alike detections and candidates are. Higher means more alike.

Every score takes all detections against all candidates at once: (n, ...) and (k, ...) features in,
(n, k) scores out, NaN where a pair has nothing to compare.
"""

import numpy as np

from sleap_rt.instances import FloatArray
from sleap_rt.tracking.features import bboxes

_EPSILON = float(np.spacing(1.0))


def oks(detections: FloatArray, candidates: FloatArray, *, stddev: float) -> FloatArray:
    """Object keypoint similarity, scaled by the box of the detection.

    A node the detection lacks is not counted; one that only the candidate lacks counts as 0.

    Args:
        detections: (n, n_nodes, 2) px, NaN where a node is missing.
        candidates: (k, n_nodes, 2) px, NaN where a node is missing.
        stddev: σ of every node, as a share of the animal's size.

    Returns:
        (n, k) in [0, 1]; NaN where the detection has no visible node.
    """
    visible = ~np.isnan(detections[:, :, 0])  # (n, n_nodes)
    box = bboxes(detections)
    area = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    exponent = -1 / ((2 * stddev) ** 2 * 2 * (area + _EPSILON))
    similarity = _squared_distances(  # (n, k, n_nodes)
        np.where(visible[..., None], detections, 0.0),  # weighs nothing below
        np.where(np.isnan(candidates), np.inf, candidates),  # infinitely far: similarity 0
    )
    similarity *= exponent[:, None, None]
    np.exp(similarity, out=similarity)
    n_visible = visible.sum(axis=1, dtype=float)
    n_visible[n_visible == 0] = np.nan
    shares = visible / n_visible[:, None]
    total: FloatArray = (similarity @ shares[:, :, None])[:, :, 0]
    return total


def euclidean_dist(detections: FloatArray, candidates: FloatArray) -> FloatArray:
    """Negative distance between features seen as one vector each.

    Where values are missing, the distance over those that both have is scaled up to the full
    number; it equals the plain distance where nothing is missing.

    Args:
        detections: (n, n_nodes, 2) poses or (n, d) vectors, NaN where missing.
        candidates: (k, n_nodes, 2) poses or (k, d) vectors, NaN where missing.

    Returns:
        (n, k), 0 or below; NaN where a pair has no value in common.
    """
    if detections.ndim == 3:
        squares = _squared_distances(detections, candidates)
    else:
        squares = np.square(detections[:, None] - candidates[None])
    joint = ~np.isnan(squares)
    n_joint = joint.sum(axis=2, dtype=float)
    n_joint[n_joint == 0] = np.nan
    total = np.sum(squares, axis=2, where=joint)
    distance: FloatArray = np.sqrt(total * (squares.shape[2] / n_joint))
    return -distance


def cosine_sim(detections: FloatArray, candidates: FloatArray) -> FloatArray:
    """Cosine of the angle between features seen as one vector each, over values that both have.

    Args:
        detections: (n, ...), NaN where missing.
        candidates: (k, ...), NaN where missing.

    Returns:
        (n, k) in [-1, 1]; NaN where either vector is 0 over the values in common.
    """
    a = detections.reshape(len(detections), -1)
    b = candidates.reshape(len(candidates), -1)
    a_known, b_known = ~np.isnan(a), ~np.isnan(b)
    a, b = np.where(a_known, a, 0.0), np.where(b_known, b, 0.0)
    squares = ((a * a) @ b_known.T) * (a_known @ (b * b).T)  # |a|² |b|², each over joint values
    squares[squares <= 0] = np.nan
    cosine: FloatArray = (a @ b.T) / np.sqrt(squares)
    return cosine


def iou(detections: FloatArray, candidates: FloatArray) -> FloatArray:
    """Intersection over union of boxes whose border pixels belong to them.

    Args:
        detections: (n, 4) px as (x_min, y_min, x_max, y_max); NaN for no box.
        candidates: (k, 4) px, likewise.

    Returns:
        (n, k) in [0, 1]; NaN where either has no box.
    """
    a, b = detections[:, None], candidates[None]
    inter = intersections(detections, candidates)
    area: FloatArray = box_areas(a) + box_areas(b) - inter
    return inter / area


def intersections(detections: FloatArray, candidates: FloatArray) -> FloatArray:
    """Areas shared by boxes (n, 4) and (k, 4), border pixels included: (n, k) px²."""
    a, b = detections[:, None], candidates[None]
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]) + 1
    size = np.maximum(size, 0)
    shared: FloatArray = size[..., 0] * size[..., 1]
    return shared


def box_areas(boxes: FloatArray) -> FloatArray:
    """Areas of boxes (..., 4), border pixels included: (...) px²."""
    size = boxes[..., 2:] - boxes[..., :2] + 1
    area: FloatArray = size[..., 0] * size[..., 1]
    return area


def _squared_distances(detections: FloatArray, candidates: FloatArray) -> FloatArray:
    """Per node: (n, k, n_nodes) px², NaN where either has NaN."""
    dx = detections[:, None, :, 0] - candidates[None, :, :, 0]
    dy = detections[:, None, :, 1] - candidates[None, :, :, 1]
    dx *= dx
    dy *= dy
    dx += dy
    return dx
