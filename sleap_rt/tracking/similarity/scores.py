"""Scores of the similarity of detections and candidates; higher is more alike.

Every score compares all detections with all candidates at once: (n, ...) and (k, ...) features in,
(n, k) scores out, NaN where a pair has nothing to compare.
"""

import numpy as np

from sleap_rt.arrays import AnyFloats
from sleap_rt.geometry import BORDER_PX, box_iou, squared_distances


def euclidean_dist(detections: AnyFloats, candidates: AnyFloats) -> AnyFloats:
    """Negative distance between features seen as one vector each.

    If values are missing, the distance over those that both have is scaled up to the full number
    of values; with none missing it is the plain distance.

    Args:
        detections: (n, n_nodes, 2) poses or (n, d) vectors, NaN where missing.
        candidates: (k, n_nodes, 2) poses or (k, d) vectors, NaN where missing.

    Returns:
        (n, k), 0 or below; NaN where a pair has no value in common.
    """
    if detections.ndim == 3:
        squares = squared_distances(detections[:, None], candidates[None])
    else:
        squares = np.square(detections[:, None] - candidates[None])
    joint = ~np.isnan(squares)
    n_joint = joint.sum(axis=2, dtype=float)
    n_joint[n_joint == 0] = np.nan
    total = np.sum(squares, axis=2, where=joint)
    distance: AnyFloats = np.sqrt(total * (squares.shape[2] / n_joint))
    return -distance


def cosine_sim(detections: AnyFloats, candidates: AnyFloats) -> AnyFloats:
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
    cosine: AnyFloats = (a @ b.T) / np.sqrt(squares)
    return cosine


def iou(detections: AnyFloats, candidates: AnyFloats) -> AnyFloats:
    """Intersection over union of boxes whose border pixels belong to them.

    Args:
        detections: (n, 4) px as (x_min, y_min, x_max, y_max); NaN for no box.
        candidates: (k, 4) px, likewise.

    Returns:
        (n, k) in [0, 1]; NaN where either has no box.
    """
    return box_iou(detections[:, None], candidates[None], border=BORDER_PX)
