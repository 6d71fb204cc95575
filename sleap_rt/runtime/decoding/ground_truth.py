"""Labelled animals in place of a second model: where crops go, and whose pose a centroid takes."""

import numpy as np
from numpy.typing import NDArray

from sleap_rt.contract import GraphContract

Floats = NDArray[np.float32]


def instance_centers(animals: Floats, contract: GraphContract) -> Floats:
    """Where the crop around each labelled animal is centred.

    Args:
        animals: (n, n_nodes, 2) float32, (x, y) px, NaN where missing.
        contract: of the model that sees the crops.

    Returns:
        (n, 2) float32: the anchor part where it is visible, else the mean of the visible nodes
        (legacy models: the middle of their bounding box); NaN for an animal without any.
    """
    visible = ~np.isnan(animals[..., :1])  # (n, n_nodes, 1)
    total = np.where(visible, animals, 0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        centers: Floats = (total / visible.sum(axis=1)).astype(np.float32)
    if contract.family == "legacy":
        centers = _box_centers(animals)
    if contract.anchor_part is None:
        return centers
    anchors = animals[:, contract.skeleton.node_names.index(contract.anchor_part)]
    return np.where(np.isnan(anchors[:, :1]), centers, anchors)


def _box_centers(animals: Floats) -> Floats:
    lowest = np.where(np.isnan(animals), np.inf, animals).min(axis=1)
    highest = np.where(np.isnan(animals), -np.inf, animals).max(axis=1)
    with np.errstate(invalid="ignore"):  # inf - inf of an animal without any node
        centers: Floats = ((lowest + highest) / 2).astype(np.float32)
    return centers


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
