"""Frames to instances with legacy models: what the original software predicts, written plainly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sleap_rt.errors import ModelError
from sleap_rt.instances import FrameInstances
from sleap_rt.models.legacy.model import LegacyModel
from sleap_rt.models.legacy.reference.frames import Float, UInt8, match_size, to_channels
from sleap_rt.models.legacy.reference.grouping import (
    Candidates,
    LineScoring,
    assemble,
    match_candidates,
    score_candidates,
)
from sleap_rt.models.legacy.reference.identity import (
    assign_by_node,
    assign_classes,
    class_probs_at,
)
from sleap_rt.models.legacy.reference.stages import FramePeaks, peaks_in_frame, points_in_crops


@dataclass(frozen=True, kw_only=True)
class ReferenceOptions:
    """What a user of the original could set, with its defaults.

    Attributes:
        peak_threshold: confidence; lower peaks are dropped.
        max_instances: best n centroids per frame; None keeps all.
        scoring: of connections, for bottom-up models.
    """

    peak_threshold: float = 0.2
    max_instances: int | None = None
    scoring: LineScoring = field(default_factory=LineScoring)


@dataclass(frozen=True)
class _Poses:
    """Instances of one frame, px of the image at the common size."""

    points: Float  # (n, n_nodes, 2)
    vals: Float  # (n, n_nodes)
    scores: Float  # (n,)
    classes: NDArray[np.int64] | None = None  # (n,)
    class_probs: Float | None = None  # (n,)


def predict(
    models: Sequence[LegacyModel],
    frames: Sequence[UInt8],
    options: ReferenceOptions | None = None,
) -> list[FrameInstances]:
    """What the original predicts for each frame.

    Args:
        models: one model of whole frames, or a centroid model and an instance model.
        frames: (height, width, channels) uint8 each, RGB or gray; sizes may differ.
        options: thresholds and limits.

    Returns:
        Instances in the original's order, px of the frame. `track_ids` is the class where the
        model tells identities, and `tracking_scores` its probability.

    Raises:
        ModelError: the models do not belong together.
    """
    pipeline = _pipeline(models)
    options = options or ReferenceOptions()
    prep = pipeline.models[0].preprocessing
    matches_size = prep.match_size and pipeline.models[-1].kind != "multi_class_topdown"
    if prep.target_height and prep.target_width:
        height, width = prep.target_height, prep.target_width
    else:  # a target with one side counts as none
        height = max(frame.shape[0] for frame in frames)
        width = max(frame.shape[1] for frame in frames)
    results = []
    for index, frame in enumerate(frames):
        image, ratio = match_size(frame, height, width) if matches_size else (frame, 1.0)
        poses = pipeline.decode(pipeline.models, image, options)
        results.append(_instances(index, poses, ratio))
    return results


def _instances(index: int, poses: _Poses, ratio: float) -> FrameInstances:
    n = len(poses.points)
    classes = np.full(n, -1, np.int64) if poses.classes is None else poses.classes
    probs = np.full(n, np.nan, np.float32) if poses.class_probs is None else poses.class_probs
    instances = FrameInstances(
        frame_index=index,
        points=poses.points / np.float32(ratio),
        point_scores=poses.vals,
        scores=poses.scores,
        track_ids=classes,
        tracking_scores=probs,
    )
    return instances.take(np.flatnonzero(np.isfinite(poses.points).any(axis=(1, 2))))


def _single_instance(
    models: Sequence[LegacyModel], image: UInt8, options: ReferenceOptions
) -> _Poses:
    found = peaks_in_frame(models[0], image, options.peak_threshold)
    vals = found.peaks.vals[None]
    below = vals < np.float32(options.peak_threshold)
    points = np.where(below[..., None], np.float32(np.nan), found.points[None])
    return _Poses(points, vals, vals.sum(axis=1))  # values of dropped points count as well


def _bottomup(models: Sequence[LegacyModel], image: UInt8, options: ReferenceOptions) -> _Poses:
    (model,) = models
    found = peaks_in_frame(model, image, options.peak_threshold)
    candidates = candidate_connections(model, found, options.scoring)
    matches = match_candidates(candidates, len(model.edges), options.scoring.min_line_score)
    groups = assemble(matches, model.edges, model.skeleton.n_nodes)
    return _Poses(*_gather(groups.peaks, found), groups.scores)


def candidate_connections(
    model: LegacyModel, found: FramePeaks, scoring: LineScoring
) -> Candidates:
    """Every possible connection of a frame's peaks, with its score."""
    return score_candidates(
        found.outputs["pafs"],
        found.points_input,
        found.peaks.channels,
        model.edges,
        stride=model.decoding.pafs_stride or 1,
        scoring=scoring,
    )


def _multi_class_bottomup(
    models: Sequence[LegacyModel], image: UInt8, options: ReferenceOptions
) -> _Poses:
    (model,) = models
    found = peaks_in_frame(model, image, options.peak_threshold)
    probs = peak_class_probs(model, found)
    peaks = assign_by_node(probs, found.peaks.channels, n_nodes=model.skeleton.n_nodes)
    peaks, classes = peaks[(peaks >= 0).any(axis=1)], np.flatnonzero((peaks >= 0).any(axis=1))
    points, vals = _gather(peaks, found)
    own = probs[peaks, classes[:, None]]
    class_probs = np.nanmean(np.where(peaks >= 0, own, np.nan), axis=1)
    return _Poses(points, vals, np.nanmean(vals, axis=1), classes, class_probs)


def peak_class_probs(model: LegacyModel, found: FramePeaks) -> Float:
    """(n_peaks, n_classes): probability of each identity at each peak."""
    return class_probs_at(
        found.outputs["class_maps"],
        found.points_input,
        stride=model.decoding.class_maps_stride or 1,
    )


def _gather(peaks: NDArray[np.int64], found: FramePeaks) -> tuple[Float, Float]:
    """Points and values at (n_instances, n_nodes) peak indices; NaN for index -1."""
    nowhere = np.float32(np.nan)
    points = np.concatenate((found.points, [[nowhere, nowhere]])).astype(np.float32)
    vals = np.append(found.peaks.vals, nowhere).astype(np.float32)
    return points[peaks], vals[peaks]


def _topdown(models: Sequence[LegacyModel], image: UInt8, options: ReferenceOptions) -> _Poses:
    centroid_model, instance_model = models
    image = to_channels(image, centroid_model.preprocessing.in_channels)
    centroids, values = find_centroids(centroid_model, image, options)
    found = points_in_crops(instance_model, image, centroids, options.peak_threshold)
    if instance_model.kind == "centered_instance":
        return _Poses(found.points, found.vals, values)
    pairs = np.array(assign_classes(found.class_probs), np.int64).reshape(-1, 2)
    crops, classes = pairs.T
    # The original pairs class k with the k-th centroid value, whatever crop it came from; each
    # instance keeps its own crop's value here.
    return _Poses(
        found.points[crops],
        found.vals[crops],
        values[crops],
        classes,
        found.class_probs[crops, classes],
    )


def find_centroids(
    model: LegacyModel, image: UInt8, options: ReferenceOptions
) -> tuple[Float, Float]:
    """Centroids of one image.

    Returns:
        (n, 2) px of the image and (n,) confidence: all in the order of the map, or the
        `max_instances` best, best first, when there are more.
    """
    found = peaks_in_frame(model, image, options.peak_threshold)
    points, values, limit = found.points, found.peaks.vals, options.max_instances
    if limit is not None and len(values) > limit:
        best = np.argsort(-values, kind="stable")[:limit]
        points, values = points[best], values[best]
    return points, values


_Decode = Callable[[Sequence[LegacyModel], UInt8, ReferenceOptions], _Poses]
_PIPELINES: dict[tuple[str, ...], _Decode] = {
    ("single_instance",): _single_instance,
    ("bottomup",): _bottomup,
    ("multi_class_bottomup",): _multi_class_bottomup,
    ("centroid", "centered_instance"): _topdown,
    ("centroid", "multi_class_topdown"): _topdown,
}


@dataclass(frozen=True)
class _Pipeline:
    models: Sequence[LegacyModel]
    decode: _Decode


def _pipeline(models: Sequence[LegacyModel]) -> _Pipeline:
    for kinds, decode in _PIPELINES.items():
        if sorted(kinds) == sorted(model.kind for model in models):
            return _Pipeline(sorted(models, key=lambda model: kinds.index(model.kind)), decode)
    found = " + ".join(model.kind for model in models) or "no model"
    known = ", ".join(" + ".join(kinds) for kinds in _PIPELINES)
    raise ModelError(f"{found} is no complete pipeline; complete are: {known}")
