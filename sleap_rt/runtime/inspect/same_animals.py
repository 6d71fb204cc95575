"""Which instances of two results for one frame are the same animals."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.arrays import AnyFloats, Rows
from sleap_rt.geometry import pose_boxes

_SAME_CELLS = 3  # animals whose points are this close on average are the same, however small
_SAME_SIZE = 0.5  # the same as a share of the animal's diagonal


def same_animals(expected: AnyFloats, found: AnyFloats, cell_px: float) -> tuple[Rows, Rows]:
    """Rows of both results that are the same animal: pairs of least mean distance.

    Args:
        expected: (n, n_nodes, 2) px, NaN where a node is missing.
        found: (m, n_nodes, 2) likewise.
        cell_px: side of a cell of the confidence maps, frame px.
    """
    gaps = np.linalg.norm(expected[:, None] - found[None], axis=-1)  # (n, m, n_nodes)
    both = ~np.isnan(gaps)
    total = np.where(both, gaps, 0).sum(axis=2)
    distance = np.where(both.any(axis=2), total / np.maximum(both.sum(axis=2), 1), np.inf)
    reach = np.maximum(_SAME_CELLS * cell_px, _SAME_SIZE * _diagonals(expected))[:, None]
    # Beyond the reach all distances count the same, so no such pair displaces a good one.
    rows, columns = linear_sum_assignment(np.minimum(distance / reach, 1))
    same = (distance / reach)[rows, columns] < 1
    return rows[same], columns[same]


def _diagonals(points: AnyFloats) -> AnyFloats:
    """(n,) px of the box around each animal's visible nodes."""
    boxes = pose_boxes(points)
    diagonals: AnyFloats = np.linalg.norm(np.nan_to_num(boxes[:, 2:] - boxes[:, :2]), axis=-1)
    return diagonals
