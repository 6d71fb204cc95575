"""Culling: keeps a limited number of instances in a frame, the best and least overlapping ones."""

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyInts, Bools
from sleap_rt.geometry import BORDER_PX, box_areas, box_intersections, pose_boxes


def cull(
    points: AnyFloats, scores: AnyFloats, *, max_count: int, overlap_threshold: float
) -> Bools:
    """Which instances to keep.

    Args:
        points: (n, n_nodes, 2) px, NaN where a node is missing.
        scores: (n,) instance scores; of equal scores the earlier instance ranks higher.
        max_count: most instances to keep.
        overlap_threshold: an instance goes first if more than this share of its box lies in the
            box of a better one; 0 uses the scores alone.

    Returns:
        (n,) mask.
    """
    keep = np.ones(len(points), np.bool_)
    if len(points) <= max_count:
        return keep
    best_first = np.argsort(-scores, kind="stable")
    if overlap_threshold:
        suppressed = _suppressed(points, best_first, overlap_threshold)
        best_first = np.concatenate((best_first[~suppressed], best_first[suppressed]))
    keep[best_first[max_count:]] = False
    return keep


def _suppressed(points: AnyFloats, best_first: AnyInts, threshold: float) -> Bools:
    """Which instances, best first, overlap a better one that is not suppressed itself."""
    boxes = pose_boxes(points[best_first].astype(float))
    shared = box_intersections(boxes[:, None], boxes[None], border=BORDER_PX)
    overlaps = shared / box_areas(boxes, border=BORDER_PX)[None, :]
    suppressed = np.zeros(len(best_first), np.bool_)
    for better in range(len(best_first)):
        if not suppressed[better]:
            suppressed[better + 1 :] |= overlaps[better, better + 1 :] > threshold
    return suppressed
