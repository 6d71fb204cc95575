"""Whole pipelines: one frame in, instances out, for each kind of model or pair of models."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from sleap_rt.errors import ModelError
from sleap_rt.models.reference import frames, grouping, identity
from sleap_rt.models.reference.peaks import Peak, global_peak, local_peaks
from sleap_rt.models.trained import TrainedModel
from sleap_rt.options import DecodeOptions

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ReferenceInstances:
    """The instances of one frame.

    Attributes:
        points: (n_instances, n_nodes, 2) float32, (x, y) frame px, NaN where missing. For a
            centroid model n_nodes is 1.
        point_scores: (n_instances, n_nodes) float32.
        scores: (n_instances,) float32.
        classes: identity of each instance, -1 for none; empty for models that tell none.
        class_probs: their probabilities, NaN for none; empty as well.
    """

    points: Floats
    point_scores: Floats
    scores: Floats
    classes: tuple[int, ...] = ()
    class_probs: tuple[float, ...] = ()


class ReferenceCrops(NamedTuple):
    """What a model sees in crops.

    Attributes:
        points: (n, n_nodes, 2) float32, (x, y) frame px, NaN where missing.
        values: (n, n_nodes) float32.
        class_probs: (n, n_classes) float32; n_classes is 0 for models that tell no identities.
    """

    points: Floats
    values: Floats
    class_probs: Floats


def predict_instances(
    model: TrainedModel, frame: frames.Image, options: DecodeOptions
) -> ReferenceInstances:
    """Run a model that sees whole frames.

    Args:
        model: a single_instance, centroid, bottomup or multi_class_bottomup model.
        frame: (height, width, channels) uint8.
        options: thresholds and refinement.
    """
    image, eff_scale = frames.prepare_frame(frame, model.preprocessing)
    outputs = _run(model, image)
    to_frame = _ToFrame(model.preprocessing.input_scale, eff_scale)
    if model.kind == "single_instance":
        return _single_instance(model, outputs, to_frame, options)
    if model.kind == "centroid":
        return _centroids(model, outputs, to_frame, options)
    if model.kind == "bottomup":
        return _bottomup(model, outputs, to_frame, options)
    if model.kind == "multi_class_bottomup":
        return _multi_class_bottomup(model, outputs, to_frame, options)
    raise ModelError(f"no reference pipeline for a {model.kind} model on whole frames")


def predict_topdown(
    centroid_model: TrainedModel,
    instance_model: TrainedModel,
    frame: frames.Image,
    options: DecodeOptions,
) -> ReferenceInstances:
    """Find centroids, then the pose in the crop around each."""
    centroids = predict_instances(centroid_model, frame, options)
    centres = centroids.points[:, 0]
    crops = predict_crops(instance_model, frame, centres, options, size_from=centroid_model)
    return _with_pose(crops, centroids.scores)


def predict_crops(
    model: TrainedModel,
    frame: frames.Image,
    centres: Floats,
    options: DecodeOptions,
    *,
    size_from: TrainedModel,
) -> ReferenceCrops:
    """Poses in the crops around given centres.

    Args:
        model: a centered_instance or multi_class_topdown model.
        frame: (height, width, channels) uint8.
        centres: (n, 2) float32, (x, y) frame px.
        options: threshold and refinement.
        size_from: the model whose size matching applies (the first stage's).
    """
    sizes = size_from.preprocessing
    sized = frames.match_size(frame, sizes.max_height, sizes.max_width)
    crop_size = model.preprocessing.crop_size
    assert crop_size is not None  # a crop model without one does not load
    n_nodes = model.skeleton.n_nodes
    points = np.full((len(centres), n_nodes, 2), np.nan, np.float32)
    values = np.zeros((len(centres), n_nodes), np.float32)
    probs = np.zeros((len(centres), len(model.class_names)), np.float32)
    for i, centre in enumerate(centres):
        crop, corner = cut_crop(sized.image, centre * sized.eff_scale, crop_size)
        scale = model.preprocessing.input_scale
        prepared = frames.scale_and_pad(crop, scale, model.preprocessing.max_stride)
        outputs = _run(model, frames.network_input(prepared, model.preprocessing.in_channels))
        for node, peak in enumerate(_global_peaks(model, outputs, options)):
            cell = _floats([peak.x, peak.y])
            local = cell * model.decoding.confmaps_stride / np.float32(scale)
            points[i, node] = (local + corner) / sized.eff_scale
            values[i, node] = peak.value
        probs[i] = outputs.get("class_probs", ())
    return ReferenceCrops(points, values, probs)


def _with_pose(crops: ReferenceCrops, scores: Floats) -> ReferenceInstances:
    """The crops that hold a pose; identities are given out among all crops."""
    found = [i for i in range(len(scores)) if not np.isnan(crops.points[i]).all()]
    classes = identity.assign(crops.class_probs) if crops.class_probs.shape[1] else []
    named = [classes[i] for i in found] if classes else []
    probs = [
        float(crops.class_probs[i, c]) if c >= 0 else float("nan")
        for i, c in zip(found, named, strict=False)
    ]
    return ReferenceInstances(
        crops.points[found], crops.values[found], scores[found], tuple(named), tuple(probs)
    )


def cut_crop(
    image: frames.Image, centre: Floats, crop_size: tuple[int, int]
) -> tuple[frames.Image, Floats]:
    """Copy the crop around a centre; zeros outside the image.

    The pixels start at a whole pixel, the returned corner is fractional: so were the models
    trained, and so must their predictions be mapped back.

    Returns:
        crop (crop height, crop width, channels) and its corner (x, y) in px of `image`.
    """
    height, width = crop_size
    corner = _floats([centre[0] - width / 2 + 0.5, centre[1] - height / 2 + 0.5])
    left = int(corner[0] + width // 2) - width // 2
    top = int(corner[1] + height // 2) - height // 2
    crop = np.zeros((height, width, image.shape[2]), image.dtype)
    for row in range(height):
        for col in range(width):
            y, x = top + row, left + col
            if 0 <= y < image.shape[0] and 0 <= x < image.shape[1]:
                crop[row, col] = image[y, x]
    return crop, corner


@dataclass(frozen=True)
class _ToFrame:
    """Network-input px to frame px."""

    input_scale: float
    eff_scale: np.float32

    def __call__(self, x: float, y: float) -> Floats:
        point: Floats = _floats([x, y]) / np.float32(self.input_scale) / self.eff_scale
        return point


def _floats(values: Any) -> Floats:
    return np.array(values, np.float32)


def _run(model: TrainedModel, image: torch.Tensor) -> dict[str, Floats]:
    with torch.inference_mode():
        outputs = model.network(image)
    return {name: output[0].numpy() for name, output in outputs.items()}


def _patch_size(model: TrainedModel, options: DecodeOptions) -> int | None:
    refined = options.integral_refinement == "integral"
    return model.decoding.integral_patch_size if refined else None


def _global_peaks(
    model: TrainedModel, outputs: dict[str, Floats], options: DecodeOptions
) -> list[Peak]:
    patch_size = _patch_size(model, options)
    return [global_peak(m, options.peak_threshold, patch_size) for m in outputs["confmaps"]]


def _single_instance(
    model: TrainedModel, outputs: dict[str, Floats], to_frame: _ToFrame, options: DecodeOptions
) -> ReferenceInstances:
    peaks = _global_peaks(model, outputs, options)
    stride = model.decoding.confmaps_stride
    points = np.stack([to_frame(peak.x * stride, peak.y * stride) for peak in peaks])[None]
    values = _floats([[peak.value for peak in peaks]])
    found = ~np.isnan(points).all(axis=(1, 2))
    return ReferenceInstances(points[found], values[found], values.sum(axis=1)[found])


def _centroids(
    model: TrainedModel, outputs: dict[str, Floats], to_frame: _ToFrame, options: DecodeOptions
) -> ReferenceInstances:
    patch_size, stride = _patch_size(model, options), model.decoding.confmaps_stride
    peaks = local_peaks(outputs["confmaps"][0], options.centroid_threshold, patch_size)
    if options.max_instances is not None and len(peaks) > options.max_instances:
        peaks = sorted(peaks, key=lambda peak: -peak.value)[: options.max_instances]
    points = np.zeros((len(peaks), 1, 2), np.float32)
    for i, peak in enumerate(peaks):
        points[i, 0] = to_frame(peak.x * stride, peak.y * stride)
    values = _floats([peak.value for peak in peaks])
    return ReferenceInstances(points, values[:, None], values)


def _bottomup(
    model: TrainedModel, outputs: dict[str, Floats], to_frame: _ToFrame, options: DecodeOptions
) -> ReferenceInstances:
    peaks = _pixel_peaks(model, outputs, options)
    scores = [
        _edge_scores(model, outputs["pafs"], e, peaks, options) for e in range(len(model.edges))
    ]
    instances = grouping.group(peaks, model.edges, scores, options)
    points = np.full((len(instances), model.skeleton.n_nodes, 2), np.nan, np.float32)
    values = np.full(points.shape[:2], np.nan, np.float32)
    for i, instance in enumerate(instances):
        for node, peak in instance.peaks.items():
            points[i, node] = to_frame(peak.x, peak.y)
            values[i, node] = peak.value
    return ReferenceInstances(points, values, _floats([it.score for it in instances]))


def _multi_class_bottomup(
    model: TrainedModel, outputs: dict[str, Floats], to_frame: _ToFrame, options: DecodeOptions
) -> ReferenceInstances:
    stride = model.decoding.class_maps_stride
    assert stride is not None  # such a model has class maps
    n_classes, n_nodes = len(model.class_names), model.skeleton.n_nodes
    points = np.full((n_classes, n_nodes, 2), np.nan, np.float32)
    values = np.full((n_classes, n_nodes), np.nan, np.float32)
    probs = np.full((n_classes, n_nodes), np.nan, np.float32)
    for node, peaks in enumerate(_pixel_peaks(model, outputs, options)):
        of_peaks = [
            identity.probabilities_at(outputs["class_maps"], p.x, p.y, stride) for p in peaks
        ]
        for index, label in enumerate(identity.first_choices(of_peaks)):
            if label >= 0:
                points[label, node] = to_frame(peaks[index].x, peaks[index].y)
                values[label, node] = peaks[index].value
                probs[label, node] = of_peaks[index][label]
    found = [c for c in range(n_classes) if not np.isnan(values[c]).all()]
    scores = {c: float(np.nanmean(values[c])) for c in found}
    if options.max_instances is not None:
        found = sorted(sorted(found, key=lambda c: -scores[c])[: options.max_instances])
    return ReferenceInstances(
        points[found],
        values[found],
        _floats([scores[c] for c in found]),
        tuple(found),
        tuple(float(np.nanmean(probs[c])) for c in found),
    )


def _pixel_peaks(
    model: TrainedModel, outputs: dict[str, Floats], options: DecodeOptions
) -> list[list[Peak]]:
    """Per node, all peaks in network-input px."""
    patch_size, stride = _patch_size(model, options), model.decoding.confmaps_stride
    return [
        [
            Peak(peak.x * stride, peak.y * stride, peak.value)
            for peak in local_peaks(confmap, options.peak_threshold, patch_size)
        ]
        for confmap in outputs["confmaps"]
    ]


def _edge_scores(
    model: TrainedModel,
    pafs: Floats,
    edge: int,
    peaks: list[list[Peak]],
    options: DecodeOptions,
) -> Floats:
    sources, destinations = (peaks[node] for node in model.edges[edge])
    stride = model.decoding.pafs_stride
    assert stride is not None  # a bottom-up model has these fields
    scores = np.zeros((len(sources), len(destinations)), np.float32)
    for i, source in enumerate(sources):
        for j, destination in enumerate(destinations):
            scores[i, j] = grouping.line_score(
                pafs,
                edge,
                (source.x, source.y),
                (destination.x, destination.y),
                stride=stride,
                n_points=model.decoding.n_points,
                options=options,
            )
    return scores
