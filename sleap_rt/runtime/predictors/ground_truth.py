"""Labelled animals in place of a second model: centers for crops, poses for centroids."""

from collections.abc import Callable

import numpy as np

from sleap_rt.arrays import Doubles, Floats
from sleap_rt.contract import CenterMethod
from sleap_rt.errors import OptionError, did_you_mean
from sleap_rt.skeleton import Skeleton

_SAME_PX = 1e-6  # closer points are one
_MOST_STEPS = 1000


def anchor_node(skeleton: Skeleton, anchor_part: str | None) -> int | None:
    """Index of the node that crops are centered on; None if none is named.

    Raises:
        OptionError: there is no node of that name.
    """
    if anchor_part is None:
        return None
    names = skeleton.node_names
    if anchor_part not in names:
        raise OptionError(
            f"anchor_part {anchor_part!r} is no node of the model's skeleton; its nodes are "
            f"{', '.join(names)}.{did_you_mean(anchor_part, names)}"
        )
    return names.index(anchor_part)


def instance_centers(animals: Floats, anchor: int | None, center_method: CenterMethod) -> Floats:
    """Where the crop around each labelled animal is centered.

    Args:
        animals: (n, n_nodes, 2) float32, (x, y) px, NaN where missing.
        anchor: index of the anchor part, if there is one.
        center_method: how the middle of an animal is computed.

    Returns:
        (n, 2) float32: the anchor part where it is visible, else the middle of the visible nodes;
        NaN for an animal without any.
    """
    centers = np.full((len(animals), 2), np.nan, np.float32)
    for i, animal in enumerate(animals):
        visible = animal[~np.isnan(animal[:, 0])]
        if len(visible):
            centers[i] = _MIDDLES[center_method](visible.astype(np.float64))
    if anchor is None:
        return centers
    anchors = animals[:, anchor]
    return np.where(np.isnan(anchors[:, :1]), centers, anchors)


def _mean(points: Doubles) -> Doubles:
    mean: Doubles = points.mean(axis=0)
    return mean


def _box_middle(points: Doubles) -> Doubles:
    middle: Doubles = (points.min(axis=0) + points.max(axis=0)) / 2
    return middle


def _geometric_median(points: Doubles) -> Doubles:
    """The point of least total distance, by Weiszfeld's iteration (Vardi and Zhang 2000)."""
    guess = _mean(points)
    for _ in range(_MOST_STEPS):
        gaps = np.linalg.norm(points - guess, axis=1)
        apart = gaps > _SAME_PX
        if not apart.any():
            return guess
        weights = 1 / gaps[apart]
        target = weights @ points[apart] / weights.sum()
        # Points that the guess lies on hold it back.
        pull = float(np.linalg.norm(weights @ (points[apart] - guess)))
        held = min(1.0, float((~apart).sum()) / pull) if pull else 1.0
        step = (1 - held) * (target - guess)
        guess = guess + step
        if np.linalg.norm(step) < _SAME_PX:
            break
    return guess


_MIDDLES: dict[CenterMethod, Callable[[Doubles], Doubles]] = {
    "center_of_mass": _mean,
    "bbox_center": _box_middle,
    "geometric_median": _geometric_median,
}


def nearest_instances(centroids: Floats, animals: Floats) -> Floats:
    """The labelled animal that has a node nearest to each centroid.

    Each centroid chooses by itself: two may choose the same animal.

    Args:
        centroids: (n, 2) float32, (x, y) px.
        animals: (m, n_nodes, 2) float32, (x, y) px, NaN where missing.

    Returns:
        (n, n_nodes, 2) float32; all NaN where no animal has a visible node.
    """
    gaps = np.linalg.norm(animals - centroids[:, None, None], axis=-1)  # (n, m, n_nodes)
    nearest = np.where(np.isnan(gaps), np.inf, gaps).min(axis=2, initial=np.inf)  # (n, m)
    if not animals.shape[0]:
        return np.full((len(centroids), animals.shape[1], 2), np.nan, np.float32)
    poses: Floats = animals[nearest.argmin(axis=1)]
    return poses
