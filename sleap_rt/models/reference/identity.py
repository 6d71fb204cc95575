"""Identities from class probabilities."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from sleap_rt.arrays import Floats


def probabilities_at(class_maps: Floats, x: float, y: float, stride: int) -> Floats:
    """(n_classes,): the cell nearest to a point in network-input px, half-way cases to even."""
    _, height, width = class_maps.shape
    col = min(max(round(float(np.float32(x) / stride)), 0), width - 1)
    row = min(max(round(float(np.float32(y) / stride)), 0), height - 1)
    probs: Floats = class_maps[:, row, col]
    return probs


def assign(probs: Floats) -> list[int]:
    """The class of each animal, by the most probable pairing; -1 if there are too few classes.

    Args:
        probs: (n_animals, n_classes).
    """
    classes = [-1] * len(probs)
    for animal, label in zip(*linear_sum_assignment(-probs), strict=True):
        classes[int(animal)] = int(label)
    return classes


def first_choices(probs: Floats) -> list[int]:
    """As `assign`, but -1 where the assigned class is not the animal's most probable one.

    Args:
        probs: (n, n_classes).
    """
    return [
        label if label >= 0 and row[label] == row.max() else -1
        for row, label in zip(probs, assign(probs), strict=True)
    ]
