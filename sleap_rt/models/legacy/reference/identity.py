"""Peaks or crops to identities."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sleap_rt.models.legacy.reference.frames import Float


def class_probs_at(class_maps: Float, points: Float, *, stride: int) -> Float:
    """The class maps at the cell nearest to each point, rounded half to even.

    Args:
        class_maps: (n_classes, height, width).
        points: (n, 2) as (x, y), network-input px.
        stride: network-input px per cell.

    Returns:
        (n, n_classes).
    """
    height, width = class_maps.shape[1:]
    cells = np.round(points / np.float32(stride)).astype(np.int64)
    x, y = np.clip(cells, 0, (width - 1, height - 1)).T
    return class_maps[:, y, x].T


def assign_classes(probs: Float) -> list[tuple[int, int]]:
    """At most one row for each class, the sum of probabilities being largest.

    A row keeps its class only if no other class is more probable for it: nobody gets a second
    choice.

    Args:
        probs: (n, n_classes).

    Returns:
        (row, class), in order of class.
    """
    rows, classes = linear_sum_assignment(-probs)
    kept = [(int(r), int(c)) for r, c in zip(rows, classes, strict=True)]
    kept = [(row, best) for row, best in kept if probs[row, best] == probs[row].max()]
    return sorted(kept, key=lambda pair: pair[1])


def assign_by_node(probs: Float, channels: NDArray[np.int64], *, n_nodes: int) -> NDArray[np.int64]:
    """Which peak is which class's node, decided node by node.

    Args:
        probs: (n_peaks, n_classes).
        channels: (n_peaks,) node of each peak.
        n_nodes: nodes of the skeleton.

    Returns:
        (n_classes, n_nodes) index of the peak; -1 where there is none.
    """
    peaks = np.full((probs.shape[1], n_nodes), -1, np.int64)
    for node in range(n_nodes):
        of_node = np.flatnonzero(channels == node)
        for row, identity in assign_classes(probs[of_node]):
            peaks[identity, node] = of_node[row]
    return peaks
