"""Predicted instances that are not wanted, dropped before tracking; survivors keep their order."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sleap_rt.instances import FloatArray, FrameInstances
from sleap_rt.options import FilterOptions

if TYPE_CHECKING:
    import sleap_io as sio

_OKS_SPREAD = 0.1  # of a node, as a share of the animal's size


def kept_instances(frame: FrameInstances, options: FilterOptions) -> NDArray[np.intp]:
    """Positions of the instances that pass, ascending.

    First each instance by itself: visible nodes, then scores. Then, among those left, an instance
    is dropped if it overlaps one of a higher score, that stays, by more than the threshold.
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
    if not options.filter_overlapping or len(kept) < 2:
        return kept
    similarity = box_iou if options.filter_overlapping_method == "iou" else pose_oks
    not_overlapping = _suppressed(
        similarity(frame.points[kept]), frame.scores[kept], options.filter_overlapping_threshold
    )
    return kept[not_overlapping]


def filter_frame(frame: FrameInstances, options: FilterOptions) -> FrameInstances:
    """The frame with only the instances that pass."""
    kept = kept_instances(frame, options)
    return frame if len(kept) == len(frame) else frame.take(kept)


def filter_labels(labels: "sio.Labels", options: FilterOptions) -> None:
    """Drop predicted instances of labels; what users made stays."""
    import sleap_io as sio

    for frame in labels.labeled_frames:
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


def box_iou(points: FloatArray) -> FloatArray:
    """(n, n): intersection over union of the boxes around visible nodes; 0 where there is no area.

    Args:
        points: (n, n_nodes, 2), NaN where a node is missing.
    """
    low, high = _boxes(points)
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    intersection = np.maximum(shared, 0).prod(axis=2)
    area = (high - low).prod(axis=1)
    union = area[:, None] + area - intersection
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(union > 0, intersection / union, 0.0)


def pose_oks(points: FloatArray) -> FloatArray:
    """(n, n): [a, b] is the mean over nodes seen in both of exp(-d² / (2 A 0.1²)).

    A is the area of a's box. 0 where a has fewer than two nodes or no area, or none is in common.

    Args:
        points: (n, n_nodes, 2), NaN where a node is missing.
    """
    points = points.astype(np.float64)  # in float32, distant poses would come to exactly 0
    low, high = _boxes(points)
    area = (high - low).prod(axis=1)[:, None]
    squares = ((points[:, None] - points[None]) ** 2).sum(axis=3)  # (n, n, n_nodes), NaN: not both
    both = ~np.isnan(squares)
    with np.errstate(invalid="ignore", divide="ignore"):
        near = np.exp(-squares / (2 * area[..., None] * _OKS_SPREAD**2))
        mean = np.where(both, near, 0.0).sum(axis=2) / both.sum(axis=2)
    return np.where((area > 0) & both.any(axis=2), mean, 0.0)


def _boxes(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest (x, y) of each instance's visible nodes; empty boxes where it has none."""
    missing = np.isnan(points).any(axis=2, keepdims=True)
    low = np.where(missing, np.inf, points).min(axis=1)
    high = np.where(missing, -np.inf, points).max(axis=1)
    empty = ~np.isfinite(low).all(axis=1)
    low[empty] = high[empty] = 0.0
    return low, high


def _suppressed(similarity: FloatArray, scores: FloatArray, threshold: float) -> NDArray[np.intp]:
    """Greedy: the best first, each drops those after it that are too similar to it."""
    left = np.ones(len(scores), bool)
    kept = []
    for best in np.argsort(-scores, kind="stable"):
        if left[best]:
            kept.append(best)
            left &= similarity[best] <= threshold
    return np.sort(np.array(kept, np.intp))


def _at_least(values: FloatArray, limit: float) -> NDArray[np.bool_]:
    """A limit of 0 is off; else a value that is no number fails it."""
    return values >= limit if limit else np.ones(len(values), bool)
