"""Whole pipelines: one frame in, instances out, for each kind of model or pair of models.

Running the network and reading its outputs are separate, so that the outputs of an exported graph
can be read as well.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from sleap_rt.arrays import Floats, Image
from sleap_rt.contract import Family
from sleap_rt.instances import FrameInstances
from sleap_rt.kinds import KINDS, ModelKind
from sleap_rt.models.reference import grouping, identity
from sleap_rt.models.reference.legacy import LegacyReference
from sleap_rt.models.reference.native import NativeReference
from sleap_rt.models.reference.plain_peaks import Peak
from sleap_rt.models.reference.reference_rules import (
    PreparedCrops,
    PreparedFrame,
    ReferenceRules,
    all_peaks,
    highest_peaks,
)
from sleap_rt.models.trained import TrainedModel
from sleap_rt.options import DecodeOptions

REFERENCES: Mapping[Family, ReferenceRules] = {
    "native": NativeReference(),
    "legacy": LegacyReference(),
}
Outputs = dict[str, Floats]


class CropPoints(NamedTuple):
    """Points that a model finds in crops.

    Attributes:
        points: (n, n_nodes, 2) float32, (x, y) frame px, NaN where missing.
        values: (n, n_nodes) float32.
        class_probs: (n, n_classes) float32; n_classes is 0 for models that tell no identities.
    """

    points: Floats
    values: Floats
    class_probs: Floats


class FramePeaks(NamedTuple):
    """All peaks that a model of whole frames finds, node by node.

    Attributes:
        peaks: per node, in cells.
        pixels: per node (n, 2) float32, (x, y) network-input px.
        points: per node (n, 2) float32, (x, y) frame px.
        values: per node (n,) float32.
    """

    peaks: list[list[Peak]]
    pixels: list[Floats]
    points: list[Floats]
    values: list[Floats]


def prepare_frame(model: TrainedModel, frame: Image) -> PreparedFrame:
    """A frame, (height, width, channels) uint8, as the network's input."""
    return REFERENCES[model.family].frame(frame, model.preprocessing)


def prepare_crops(model: TrainedModel, frame: Image, centers: Floats) -> PreparedCrops:
    """The crops around centers, (n, 2) float32 as (x, y) frame px, as the network's input."""
    return REFERENCES[model.family].crops(frame, centers, model.preprocessing)


def run_network(model: TrainedModel, image: torch.Tensor) -> Outputs:
    """Name -> output for each image of a batch."""
    with torch.inference_mode():
        return {name: output.numpy() for name, output in model.network(image).items()}


def predict_frame(model: TrainedModel, frame: Image, options: DecodeOptions) -> FrameInstances:
    """Run a model that sees whole frames.

    Args:
        model: a single_instance, centroid, bottomup or multi_class_bottomup model.
        frame: (height, width, channels) uint8.
        options: thresholds and refinement.

    Returns:
        The instances, a centroid model's with one node; tracks are classes where the model tells
        identities.
    """
    prepared = prepare_frame(model, frame)
    outputs = {name: maps[0] for name, maps in run_network(model, prepared.image).items()}
    peaks = find_peaks(model, outputs, prepared.eff_scale, options)
    return _DECODERS[model.kind](model, outputs, peaks, options)


def predict_pair(
    models: Sequence[TrainedModel], frame: Image, options: DecodeOptions
) -> FrameInstances:
    """Find centroids, then the pose in the crop around each.

    Args:
        models: the first stage and the second, as `in_order` gives them.
        frame: (height, width, channels) uint8.
        options: thresholds and refinement.
    """
    centroid, instance = models
    centroids = predict_frame(centroid, frame, options)
    centers = np.asarray(centroids.points[:, 0], np.float32)
    crops = predict_crops(instance, frame, centers, options)
    rows = [(i, -1) for i in range(len(centers))]
    if crops.class_probs.shape[1]:
        rows = REFERENCES[instance.family].named_crops(crops.class_probs)
    rows = [(i, c) for i, c in rows if not np.isnan(crops.points[i]).all()]
    index = [i for i, _ in rows]
    probs = [crops.class_probs[i, c] if c >= 0 else np.nan for i, c in rows]
    return _instances(
        crops.points[index],
        crops.values[index],
        centroids.scores[index],
        [c for _, c in rows],
        probs,
    )


def predict_crops(
    model: TrainedModel, frame: Image, centers: Floats, options: DecodeOptions
) -> CropPoints:
    """Poses in the crops around given centers.

    Args:
        model: a centered_instance or multi_class_topdown model.
        frame: (height, width, channels) uint8.
        centers: (n, 2) float32, (x, y) frame px.
        options: threshold and refinement.
    """
    if not len(centers):
        n_nodes, n_classes = model.skeleton.n_nodes, len(model.class_names)
        shapes = ((0, n_nodes, 2), (0, n_nodes), (0, n_classes))
        return CropPoints(*(np.empty(shape, np.float32) for shape in shapes))
    crops = prepare_crops(model, frame, centers)
    return read_crops(model, run_network(model, crops.image), crops, options)


def read_crops(
    model: TrainedModel, outputs: Outputs, crops: PreparedCrops, options: DecodeOptions
) -> CropPoints:
    """Poses in a network's outputs for crops."""
    rules, decoding = REFERENCES[model.family], model.decoding
    n = len(crops.image)
    maps = {name: output for name, output in outputs.items() if name != "class_probs"}
    found = [
        highest_peaks(rules, {name: m[i] for name, m in maps.items()}, decoding, options)
        for i in range(n)
    ]
    pixels = np.stack([_pixels(peaks, decoding.confmaps_stride) for peaks in found])
    return CropPoints(
        rules.points_of_crops(pixels, crops, model.preprocessing),
        _floats([[peak.value for peak in peaks] for peaks in found]),
        outputs.get("class_probs", np.empty((n, 0), np.float32)),
    )


def find_peaks(
    model: TrainedModel, outputs: Outputs, eff_scale: np.float32, options: DecodeOptions
) -> FramePeaks:
    """All peaks of a frame, or the one peak of each node if the model finds only one."""
    rules, decoding = REFERENCES[model.family], model.decoding
    row = KINDS[model.kind]
    threshold = options.centroid_threshold if row.is_one_node else options.peak_threshold
    if row.finds_many:
        peaks = all_peaks(rules, outputs, decoding, options, threshold)
    else:
        peaks = [[peak] for peak in highest_peaks(rules, outputs, decoding, options)]
    pixels = [_pixels(of_node, decoding.confmaps_stride) for of_node in peaks]
    points = [rules.points(of_node, eff_scale, model.preprocessing) for of_node in pixels]
    values = [_floats([peak.value for peak in of_node]) for of_node in peaks]
    return FramePeaks(peaks, pixels, points, values)


def score_lines(
    model: TrainedModel, outputs: Outputs, pixels: Sequence[Floats], options: DecodeOptions
) -> list[Floats]:
    """Per edge (n sources, n destinations): how well the fields lead from peak to peak.

    Args:
        model: a bottomup model.
        outputs: of its network for one frame.
        pixels: per node (n, 2) float32, (x, y) network-input px.
        options: penalty for long edges.
    """
    stride = model.decoding.pafs_stride
    assert stride is not None  # a bottom-up model has these fields
    return [
        grouping.line_scores(
            outputs["pafs"],
            edge,
            pixels[source],
            pixels[destination],
            stride=stride,
            n_points=model.decoding.n_points,
            options=options,
        )
        for edge, (source, destination) in enumerate(model.edges)
    ]


def class_probs_of_peaks(
    model: TrainedModel, outputs: Outputs, pixels: Sequence[Floats]
) -> list[Floats]:
    """Per node (n, n_classes): probability of each class at each peak."""
    stride = model.decoding.class_maps_stride
    assert stride is not None  # such a model has class maps
    maps = outputs["class_maps"]
    return [
        _floats([identity.probabilities_at(maps, x, y, stride) for x, y in of_node]).reshape(
            -1, len(maps)
        )
        for of_node in pixels
    ]


def group(
    model: TrainedModel, peaks: FramePeaks, scores: list[Floats], options: DecodeOptions
) -> FrameInstances:
    """Peaks and scores of connections to instances."""
    grouped = grouping.group(model.edges, scores, len(peaks.points), options)
    points, values = _taken([instance.peaks for instance in grouped], peaks)
    return _instances(points, values, [instance.score for instance in grouped])


def name(
    peaks: FramePeaks, probs: list[Floats], max_instances: int | None, n_classes: int
) -> FrameInstances:
    """Peaks and class probabilities to instances, one per class at most."""
    members: list[dict[int, int]] = [{} for _ in range(n_classes)]
    for node, of_node in enumerate(probs):
        for peak, label in enumerate(identity.first_choices(of_node) if len(of_node) else []):
            if label >= 0:
                members[label][node] = peak
    found = [label for label in range(n_classes) if members[label]]
    points, values = _taken([members[label] for label in found], peaks)
    scores = np.nanmean(values, axis=1) if found else np.empty(0)
    own = [
        float(np.mean([probs[node][peak, label] for node, peak in members[label].items()]))
        for label in found
    ]
    instances = _instances(points, values, scores, found, own)
    if max_instances is None:
        return instances
    return instances.take(np.sort(np.argsort(-scores, kind="stable")[:max_instances]))


def _single_instance(
    model: TrainedModel, outputs: Outputs, peaks: FramePeaks, options: DecodeOptions
) -> FrameInstances:
    points, values = np.concatenate(peaks.points)[None], np.concatenate(peaks.values)[None]
    found = ~np.isnan(points).all(axis=(1, 2))
    return _instances(points[found], values[found], values.sum(axis=1)[found])


def _centroids(
    model: TrainedModel, outputs: Outputs, peaks: FramePeaks, options: DecodeOptions
) -> FrameInstances:
    (points,), (values,) = peaks.points, peaks.values
    limit = options.max_instances
    if limit is not None and len(values) > limit:
        best = np.argsort(-values, kind="stable")[:limit]
        points, values = points[best], values[best]
    return _instances(points[:, None], values[:, None], values)


def _bottomup(
    model: TrainedModel, outputs: Outputs, peaks: FramePeaks, options: DecodeOptions
) -> FrameInstances:
    return group(model, peaks, score_lines(model, outputs, peaks.pixels, options), options)


def _multi_class_bottomup(
    model: TrainedModel, outputs: Outputs, peaks: FramePeaks, options: DecodeOptions
) -> FrameInstances:
    probs = class_probs_of_peaks(model, outputs, peaks.pixels)
    return name(peaks, probs, options.max_instances, len(model.class_names))


_Decoder = Callable[[TrainedModel, Outputs, FramePeaks, DecodeOptions], FrameInstances]
_DECODERS: Mapping[ModelKind, _Decoder] = {
    "single_instance": _single_instance,
    "centroid": _centroids,
    "bottomup": _bottomup,
    "multi_class_bottomup": _multi_class_bottomup,
}


def _taken(members: Sequence[dict[int, int]], peaks: FramePeaks) -> tuple[Floats, Floats]:
    """Points and values of instances that are given as node -> peak; NaN where there is none."""
    n_nodes = len(peaks.points)
    points = np.full((len(members), n_nodes, 2), np.nan, np.float32)
    values = np.full((len(members), n_nodes), np.nan, np.float32)
    for i, nodes in enumerate(members):
        for node, peak in nodes.items():
            points[i, node], values[i, node] = peaks.points[node][peak], peaks.values[node][peak]
    return points, values


def _instances(
    points: Floats,
    values: Floats,
    scores: Any,
    classes: Sequence[int] = (),
    probs: Sequence[float] = (),
) -> FrameInstances:
    found = FrameInstances.untracked(
        frame_index=0, points=points, point_scores=values, scores=_floats(scores)
    )
    if len(classes):
        found.track_ids[:], found.tracking_scores[:] = classes, probs
    return found


def _pixels(peaks: Sequence[Peak], stride: int) -> Floats:
    """(n, 2) float32, (x, y) network-input px."""
    return _floats([[peak.x, peak.y] for peak in peaks]).reshape(-1, 2) * np.float32(stride)


def _floats(values: Any) -> Floats:
    return np.array(values, np.float32)
