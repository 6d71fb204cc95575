"""Similarity of a predicted animal to a true one, 0 to 1: OKS, centroid distance or box IoU."""

from collections.abc import Callable
from functools import partial

import numpy as np

from sleap_rt.arrays import Doubles
from sleap_rt.evaluation.options import IdentityOptions, PoseOptions
from sleap_rt.evaluation.pairing.centroids import true_centroids
from sleap_rt.evaluation.poses.oks import oks
from sleap_rt.geometry import box_iou, pose_boxes

Similarity = Callable[[Doubles, Doubles], Doubles]


def similarity_function(identities: IdentityOptions, poses: PoseOptions) -> Similarity:
    """The similarity asked for: a function of the points of both sides, (n, n_nodes, 2) -> (n,)."""
    if identities.similarity == "centroid":
        return partial(centroid_similarity, max_distance=identities.max_distance)
    if identities.similarity == "iou":
        return box_similarity
    return partial(oks_similarity, stddev=poses.oks_stddev, scale=poses.oks_scale)


def oks_similarity(
    ground_truth: Doubles, predicted: Doubles, *, stddev: float, scale: float | None
) -> Doubles:
    """(n,) OKS; 0 where the ground truth has no visible node."""
    return np.nan_to_num(oks(ground_truth, predicted, stddev=stddev, scale=scale), nan=0.0)


def centroid_similarity(
    ground_truth: Doubles, predicted: Doubles, *, max_distance: float
) -> Doubles:
    """(n,) falling linearly with the distance of the centroids (means of the visible nodes).

    1 at 0 px, 0.5 at `max_distance` px, 0 from twice that on, or where a side has no node.
    """
    apart = true_centroids(ground_truth) - true_centroids(predicted)
    distance = np.sqrt((apart**2).sum(axis=-1))
    similarity: Doubles = np.maximum(0.0, 1.0 - distance / (2.0 * max_distance))
    return np.nan_to_num(similarity, nan=0.0)


def box_similarity(ground_truth: Doubles, predicted: Doubles) -> Doubles:
    """(n,) overlap of the boxes around the visible nodes, as a share of their union.

    0 where a side has no visible node, or where neither box has an area.
    """
    overlap = box_iou(pose_boxes(ground_truth), pose_boxes(predicted))
    return np.nan_to_num(overlap.astype(np.float64), nan=0.0)
