"""Class probabilities to identities: of peaks (class maps) or of whole animals (class vectors)."""

from dataclasses import dataclass

import numpy as np

from sleap_rt.arrays import Floats, Ints, Rows
from sleap_rt.libraries.assignment import least_cost_pairs


@dataclass(frozen=True)
class NamedInstances:
    """Instances of one frame, at most one of each class, in order of the classes.

    Attributes:
        points: (n_instances, n_nodes, 2) float32, (x, y) frame px, NaN where missing.
        point_scores: (n_instances, n_nodes) float32, NaN where missing.
        scores: (n_instances,) float32, mean confidence of the nodes found.
        classes: (n_instances,) int64.
        class_probs: (n_instances,) float32, mean class probability of the nodes found.
    """

    points: Floats
    point_scores: Floats
    scores: Floats
    classes: Ints
    class_probs: Floats


def classify_peaks(
    peaks: Floats, peak_vals: Floats, class_probs: Floats, max_instances: int | None = None
) -> NamedInstances:
    """Give each class at most one peak of each node.

    Peaks and classes of a node are paired so that the total probability is largest. A pair counts
    only if the class is also the peak's own most probable one: no peak gets its second choice.

    Args:
        peaks: (n_nodes, k, 2) float32, (x, y) frame px; NaN where there is none.
        peak_vals: (n_nodes, k) float32.
        class_probs: (n_nodes, k, n_classes) float32.
        max_instances: keep the best n by score; None keeps all.
    """
    n_nodes, _, n_classes = class_probs.shape
    points = np.full((n_classes, n_nodes, 2), np.nan, np.float32)
    vals, probs = np.full((2, n_classes, n_nodes), np.nan, np.float32)
    for node in range(n_nodes):
        found = np.flatnonzero(~np.isnan(peaks[node, :, 0]))
        of_peaks = class_probs[node, found]  # (n_found, n_classes)
        rows, classes = _most_probable_pairs(of_peaks)
        first_choice = of_peaks[rows, classes] == of_peaks[rows].max(axis=1, initial=-np.inf)
        rows, classes = rows[first_choice], classes[first_choice]
        points[classes, node] = peaks[node, found[rows]]
        vals[classes, node] = peak_vals[node, found[rows]]
        probs[classes, node] = of_peaks[rows, classes]
    present = np.flatnonzero(~np.isnan(vals).all(axis=1))
    scores = np.nanmean(vals[present], axis=1)
    if max_instances is not None and len(present) > max_instances:
        best = np.sort(np.argsort(-scores, kind="stable")[:max_instances])
        present, scores = present[best], scores[best]
    tracking_scores = np.nanmean(probs[present], axis=1)
    return NamedInstances(points[present], vals[present], scores, present, tracking_scores)


def assign_classes(class_probs: Floats) -> tuple[Ints, Floats]:
    """Pair the animals of a frame with classes so that the total probability is largest.

    Every pair counts, however improbable. If there are more animals than classes, some get none.

    Args:
        class_probs: (n_instances, n_classes) float32.

    Returns:
        classes (n_instances,) int64, -1 for none, and their probabilities (n_instances,) float32,
        NaN for none.
    """
    classes = np.full(len(class_probs), -1, np.int64)
    probs = np.full(len(class_probs), np.nan, np.float32)
    rows, columns = _most_probable_pairs(class_probs)
    classes[rows] = columns
    probs[rows] = class_probs[rows, columns]
    return classes, probs


def first_choices(class_probs: Floats, classes: Ints) -> Ints:
    """Rows of the animals that got their own most probable class, in order of class.

    Legacy models report only these; an animal that would get its second choice is dropped.

    Args:
        class_probs: (n_instances, n_classes) float32.
        classes: (n_instances,) int64, as `assign_classes` gives them.
    """
    rows = np.flatnonzero(classes >= 0)
    rows = rows[class_probs[rows, classes[rows]] == class_probs[rows].max(axis=1, initial=-np.inf)]
    ordered: Ints = rows[np.argsort(classes[rows])]
    return ordered


def _most_probable_pairs(probs: Floats) -> tuple[Rows, Rows]:
    """(rows, columns) of the one-to-one assignment of largest total, without what is no number."""
    is_number = np.isfinite(probs)  # an engine that fails in silence gives others
    rows, columns = least_cost_pairs(np.where(is_number, -probs, 0.0))
    kept = is_number[rows, columns]
    return rows[kept], columns[kept]
