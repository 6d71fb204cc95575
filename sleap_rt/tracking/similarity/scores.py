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
    # Values come first below: numpy is slow along a last axis that is short.
    here, there = np.moveaxis(detections, 1, 0), np.moveaxis(candidates, 1, 0)
    if detections.ndim == 3:
        squares = squared_distances(here.copy()[:, :, None], there.copy()[:, None])
    else:
        squares = np.square(here[:, :, None] - there[:, None])  # (d, n, k)
    joint = ~np.isnan(squares)
    if joint.all():
        plain: AnyFloats = np.sqrt(squares.sum(axis=0))
        return -plain
    n_joint = joint.sum(axis=0, dtype=float)
    n_joint[n_joint == 0] = np.nan
    total = np.sum(squares, axis=0, where=joint)
    distance: AnyFloats = np.sqrt(total * (len(squares) / n_joint))
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
