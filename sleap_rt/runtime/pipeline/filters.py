"""Drops unwanted predicted instances before tracking; those that stay keep their order."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.arrays import AnyFloats, Bools, Rows
from sleap_rt.errors import OptionError
from sleap_rt.geometry import (
    box_areas,
    box_iou,
    keypoint_similarity,
    pose_boxes,
    squared_distances,
    visible_nodes,
)
from sleap_rt.instances import FrameInstances
from sleap_rt.options import FilterOptions

if TYPE_CHECKING:
    import sleap_io as sio

_OKS_SPREAD = 0.1  # of a node, as a share of the animal's size


def kept_instances(frame: FrameInstances, options: FilterOptions) -> Rows:
    """Positions of the instances that pass, ascending.

    Each instance must have enough visible nodes and high enough scores. Of those left, an instance
    is dropped if it overlaps a kept one of a higher score by more than the threshold, or, as a
    centroid, is too near to it.
    """
    visible = ~np.isnan(frame.points[..., 0])  # (n, n_nodes)
    n_visible = visible.sum(axis=1)
    point_scores = np.where(visible, frame.point_scores, 0.0)
    mean_scores = point_scores.sum(axis=1) / np.maximum(n_visible, 1)
    enough = n_visible >= options.filter_min_visible_nodes
    enough &= n_visible >= options.filter_min_visible_node_fraction * visible.shape[1]
    enough &= _at_least(frame.scores, options.filter_min_instance_score)
    enough &= _at_least(mean_scores, options.filter_min_mean_node_score)
    kept = np.flatnonzero(enough)
    if options.filter_min_centroid_distance:
        kept = kept[_far_apart(frame.points[kept, 0], frame.scores[kept], options)]
    if not options.filter_overlapping or len(kept) < 2:
        return kept
    similarity = _box_similarity if options.filter_overlapping_method == "iou" else _pose_similarity
    not_overlapping = _suppressed(
        similarity(frame.points[kept]), frame.scores[kept], options.filter_overlapping_threshold
    )
    return kept[not_overlapping]


def check_centroid_distance(options: FilterOptions, are_centroids: bool) -> None:
    """Refuse a least distance of centroids where whole poses are found.

    Raises:
        OptionError: as the summary says.
    """
    if options.filter_min_centroid_distance and not are_centroids:
        raise OptionError(
            "filter_min_centroid_distance: only for the centroids of a centroid model alone; for "
            "poses, use filter_overlapping"
        )


def filter_frame(frame: FrameInstances, options: FilterOptions) -> FrameInstances:
    """The frame with only the instances that pass."""
    kept = kept_instances(frame, options)
    return frame if len(kept) == len(frame) else frame.take(kept)


def filter_labels(labels: "sio.Labels", options: FilterOptions) -> None:
    """Drop predicted instances of labels that do not pass; user instances stay."""
    filter_labeled_frames(labels.labeled_frames, options)


def filter_labeled_frames(frames: "Sequence[sio.LabeledFrame]", options: FilterOptions) -> None:
    """The same for some frames of labels."""
    import sleap_io as sio

    for frame in frames:
        predicted = [one for one in frame.instances if isinstance(one, sio.PredictedInstance)]
        if not predicted:
            continue
        values = np.array([one.numpy(scores=True) for one in predicted])  # (n, n_nodes, 3)
        kept = kept_instances(
            FrameInstances.untracked(
                frame_index=frame.frame_idx,
                points=values[..., :2],
                point_scores=values[..., 2],
                scores=np.array([one.score for one in predicted]),
            ),
            options,
        )
        stay = {id(predicted[position]) for position in kept}
        frame.instances = [
            one
            for one in frame.instances
            if id(one) in stay or not isinstance(one, sio.PredictedInstance)
        ]


def _far_apart(centroids: AnyFloats, scores: AnyFloats, options: FilterOptions) -> Rows:
    """Rows that stay; see `_suppressed`.

    Args:
        centroids: (n, 2) px, NaN where it is unknown.
        scores: (n,).
        options: with the least distance, px.
    """
    distances = np.sqrt(squared_distances(centroids[:, None], centroids[None]))  # (n, n)
    nearness = np.where(distances <= options.filter_min_centroid_distance, 1.0, 0.0)
    return _suppressed(nearness, scores, 0.5)


def _box_similarity(points: AnyFloats) -> AnyFloats:
    """(n, n): intersection over union of the boxes around visible nodes; 0 where there is no area.

    Args:
        points: (n, n_nodes, 2), NaN where a node is missing.
    """
    boxes = _boxes(points)
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(box_iou(boxes[:, None], boxes))


def _pose_similarity(points: AnyFloats) -> AnyFloats:
    """(n, n): [a, b] is the mean over nodes seen in both of exp(-d² / (2 A 0.1²)).

    A is the area of a's box. 0 where that is 0 or a has no nodes, or no node is visible in both.

    Args:
        points: (n, n_nodes, 2), NaN where a node is missing.
    """
    points = points.astype(np.float64)  # in float32, distant poses would get exactly 0
    area = box_areas(_boxes(points))[:, None]
    squares = squared_distances(points[:, None], points[None])  # (n, n, n_nodes)
    both = ~np.isnan(squares)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = keypoint_similarity(squares, 2 * area * _OKS_SPREAD**2, both)
    return np.where((area > 0) & both.any(axis=2), mean, 0.0)


def _boxes(points: AnyFloats) -> AnyFloats:
    """(n, 4) boxes around the nodes whose x and y are both known; NaN where there are none."""
    return pose_boxes(np.where(visible_nodes(points)[..., None], points, np.nan))


def _suppressed(similarity: AnyFloats, scores: AnyFloats, threshold: float) -> Rows:
    """Rows that stay. Greedy: from the best on, each drops later ones too similar to it."""
    left = np.ones(len(scores), bool)
    kept = []
    for best in np.argsort(-scores, kind="stable"):
        if left[best]:
            kept.append(best)
            left &= similarity[best] <= threshold
    return np.sort(np.array(kept, np.intp))


def _at_least(values: AnyFloats, limit: float) -> Bools:
    """Whether values reach the limit: all do if it is 0, else NaN does not."""
    return values >= limit if limit else np.ones(len(values), bool)
