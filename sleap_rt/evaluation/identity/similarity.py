"""How alike a predicted animal is to a true one, 0 to 1: by OKS, centroid distance or box IoU."""

from collections.abc import Callable
from functools import partial

import numpy as np

from sleap_rt.evaluation.centroids import true_centroids
from sleap_rt.evaluation.oks import oks
from sleap_rt.evaluation.options import IdentityOptions, PoseOptions
from sleap_rt.evaluation.poses import FloatArray, visible_nodes

Similarity = Callable[[FloatArray, FloatArray], FloatArray]


def similarity_function(identities: IdentityOptions, poses: PoseOptions) -> Similarity:
    """The measure asked for; it takes the points of both sides, (n, n_nodes, 2) each -> (n,)."""
    if identities.similarity == "centroid":
        return partial(centroid_similarity, max_distance=identities.max_distance)
    if identities.similarity == "iou":
        return box_iou
    return partial(oks_similarity, stddev=poses.oks_stddev, scale=poses.oks_scale)


def oks_similarity(
    ground_truth: FloatArray, predicted: FloatArray, *, stddev: float, scale: float | None
) -> FloatArray:
    """(n,) OKS; 0 where the ground truth has no visible node."""
    return np.nan_to_num(oks(ground_truth, predicted, stddev=stddev, scale=scale), nan=0.0)


def centroid_similarity(
    ground_truth: FloatArray, predicted: FloatArray, *, max_distance: float
) -> FloatArray:
    """(n,) falling linearly with the distance of the centroids (means of the visible nodes).

    1 at 0 px, 0.5 at `max_distance` px, 0 from twice that on, or where a side has no node.
    """
    apart = true_centroids(ground_truth) - true_centroids(predicted)
    distance = np.sqrt((apart**2).sum(axis=-1))
    similarity: FloatArray = np.maximum(0.0, 1.0 - distance / (2.0 * max_distance))
    return np.nan_to_num(similarity, nan=0.0)


def box_iou(ground_truth: FloatArray, predicted: FloatArray) -> FloatArray:
    """(n,) overlap of the boxes around the visible nodes, as a share of their union.

    0 where a side has no visible node, or where neither box has an area.
    """
    result = np.zeros(len(ground_truth))
    both = visible_nodes(ground_truth).any(axis=-1) & visible_nodes(predicted).any(axis=-1)
    (low_a, high_a), (low_b, high_b) = _box(ground_truth[both]), _box(predicted[both])
    overlap = np.maximum(0.0, np.minimum(high_a, high_b) - np.maximum(low_a, low_b)).prod(axis=-1)
    union = (high_a - low_a).prod(axis=-1) + (high_b - low_b).prod(axis=-1) - overlap
    result[both] = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return result


def _box(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.nanmin(points, axis=1), np.nanmax(points, axis=1)
