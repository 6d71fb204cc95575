"""All peaks of an exported graph against the checkpoint pipeline's, and what is made of them.

A cell that stands above its neighbours, or above the threshold, by no more than float noise is a
peak in one program and none in the next; on flat parts of a map even one program finds others when
it runs on another number of threads. Such cells may be found or not. Every other peak must be found
exactly, with its position, value, connections and class. Grouping and naming are pure functions of
those: both programs are given the graph's peaks, and must agree to the bit.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from sleap_rt.errors import ModelError
from sleap_rt.models import TrainedModel
from sleap_rt.models.reference import grouping, identity
from sleap_rt.models.reference.frames import prepare_frame
from sleap_rt.models.reference.peaks import Peak, refine_cell
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.decoding.grouping import group_peaks
from sleap_rt.runtime.decoding.identity import classify_peaks
from sleap_rt.runtime.engines import Array, Engine

Floats = NDArray[np.float32]
_NOISE = 2e-5  # of a map's largest value: what float32 sums in another order may amount to
_STABLE_PX = 2e-3  # frame px; a refinement that noise moves further is not compared
_MOST_COMPARED = 32  # peaks of a node whose connections and classes are compared; pairs are many
_NEAR_BORDER = 1e-2  # cells; a lookup this close to the border of two cells may take either


@dataclass
class PeakDifferences:
    """What was compared, and by how much it differs.

    Attributes:
        n_instances: made of the graph's peaks.
        px: of each clear peak, distance of the two positions, frame px.
        score: of each clear peak, connection and class probability, difference of the two values.
    """

    n_instances: int = 0
    px: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)


def compare_peaks(
    model: TrainedModel, engine: Engine, frame: NDArray[np.uint8], options: DecodeOptions
) -> PeakDifferences:
    """Compare everything that a graph says about one frame.

    Args:
        model: a centroid, bottomup or multi_class_bottomup model.
        engine: runs the graph exported from it.
        frame: (height, width, channels) uint8.
        options: threshold and grouping.

    Raises:
        ModelError: the graph misses a clear peak, makes one up, or groups or names otherwise.
    """
    image, eff_scale = prepare_frame(frame, model.preprocessing)
    with torch.inference_mode():
        maps = {name: found[0].numpy() for name, found in model.network(image).items()}
    found = _run(model, engine, frame, options)
    result = PeakDifferences()
    to_cells = model.preprocessing.input_scale * float(eff_scale) / model.decoding.confmaps_stride
    clear = []
    for node, confmap in enumerate(maps["confmaps"]):
        there = ~np.isnan(found.vals[node])
        cells = np.floor(found.rough[node, there] * to_cells + 1e-3).astype(int)  # (n_found, 2)
        noise = np.float32(_NOISE * np.abs(confmap).max())
        is_clear = _check_cells(confmap, cells, noise, options, frame)
        for i in np.flatnonzero(is_clear):
            col, row = cells[i]
            patch_size = model.decoding.integral_patch_size
            expected = np.array(refine_cell(confmap, row, col, patch_size), np.float32)
            shifted = np.array(refine_cell(confmap + noise, row, col, patch_size), np.float32)
            # Where the patch sums to almost nothing, its centre of mass is noise as well.
            if np.abs(shifted - expected).max() / to_cells < _STABLE_PX:
                gap = found.peaks[node, i] - expected / np.float32(to_cells)
                result.px.append(float(np.linalg.norm(gap)))
            result.score.append(abs(float(found.vals[node, i] - confmap[row, col])))
        clear.append(_spread(np.flatnonzero(is_clear)))
    to_pixels = model.preprocessing.input_scale * float(eff_scale)
    _compare_pairs(model, maps, found, clear, to_pixels, options, result)
    result.n_instances = _compare_instances(model, found, options)
    return result


@dataclass(frozen=True)
class _Found:
    """One frame's outputs of the graph; a centroid model's as one node.

    Attributes:
        rough: (n_nodes, k, 2) frame px, without refinement.
        peaks: (n_nodes, k, 2) frame px, refined.
        vals: (n_nodes, k).
        line_scores: (n_edges, k, k); no edges without part affinity fields.
        class_probs: (n_nodes, k, n_classes); no classes without class maps.
    """

    rough: Floats
    peaks: Floats
    vals: Floats
    line_scores: Floats
    class_probs: Floats


def _run(
    model: TrainedModel, engine: Engine, frame: NDArray[np.uint8], options: DecodeOptions
) -> _Found:
    is_centroid = model.kind == "centroid"
    names = ("centroids", "centroid_vals") if is_centroid else ("peaks", "peak_vals")
    of_pairs = {"bottomup": "line_scores", "multi_class_bottomup": "class_probs"}.get(model.kind)
    fetch = [*names, "n_candidates", *([of_pairs] if of_pairs else [])]
    n_slots = 1
    while True:
        values = {
            "peak_threshold": options.centroid_threshold if is_centroid else options.peak_threshold,
            "max_edge_length_ratio": options.max_edge_length_ratio,
            "dist_penalty_weight": options.dist_penalty_weight,
            "integral_refinement": 1.0,
        }
        feed: dict[str, Array] = {"frames": frame[None], "slots": np.zeros(n_slots, np.float32)}
        for spec in engine.inputs:
            if spec.name in values:
                feed[spec.name] = np.array(values[spec.name], np.float32)
        refined = engine.run(feed, fetch)
        most = int(refined["n_candidates"].max(initial=0))
        if most <= n_slots:
            break
        n_slots = most
    rough = engine.run({**feed, "integral_refinement": np.array(0, np.float32)}, [names[0]])
    peaks, vals = refined[names[0]][0], refined[names[1]][0]
    rough_peaks = rough[names[0]][0]
    if is_centroid:
        peaks, vals, rough_peaks = peaks[None], vals[None], rough_peaks[None]
    none = np.empty((0, 0, 0), np.float32)
    return _Found(
        rough_peaks,
        peaks,
        vals,
        refined["line_scores"][0] if "line_scores" in refined else none,
        refined["class_probs"][0] if "class_probs" in refined else none,
    )


def _check_cells(
    confmap: Floats,
    cells: NDArray[np.int_],
    noise: np.float32,
    options: DecodeOptions,
    frame: NDArray[np.uint8],
) -> NDArray[np.bool_]:
    """Which of the cells (n, 2) that a graph calls peaks are clear ones; none may be wrong."""
    height, width = confmap.shape
    padded = np.pad(confmap, 1, constant_values=-np.inf)
    around = np.full(confmap.shape, np.float32(options.peak_threshold))
    for dy in range(3):
        for dx in range(3):
            if (dy, dx) != (1, 1):
                around = np.maximum(around, padded[dy : dy + height, dx : dx + width])
    above = confmap - around
    found = np.zeros(confmap.shape, bool)
    found[cells[:, 1], cells[:, 0]] = True
    missed, made_up = int(((above > noise) & ~found).sum()), int((found & (above < -noise)).sum())
    if missed or made_up or len(cells) != found.sum():
        raise ModelError(
            f"the exported graph misses {missed} peaks of the checkpoint and finds {made_up} "
            f"others in a frame of {frame.shape[1]}x{frame.shape[0]} px. Please report this model."
        )
    clear: NDArray[np.bool_] = above[cells[:, 1], cells[:, 0]] > noise
    return clear


def _compare_pairs(
    model: TrainedModel,
    maps: dict[str, Floats],
    found: _Found,
    clear: list[NDArray[np.intp]],
    to_pixels: float,
    options: DecodeOptions,
    result: PeakDifferences,
) -> None:
    """Connections between clear peaks, and class probabilities of clear peaks."""
    pixels = found.peaks * np.float32(to_pixels)
    for edge, (source, destination) in enumerate(model.edges):
        for i in clear[source]:
            for j in clear[destination]:
                a, b = pixels[source, i], pixels[destination, j]
                stride, n_points = model.decoding.pafs_stride or 1, model.decoding.n_points
                on_line = a + np.linspace(0, 1, n_points)[:, None] * (b - a)
                if _is_near_border(on_line / stride):
                    continue
                expected = grouping.line_score(
                    maps["pafs"],
                    edge,
                    (float(a[0]), float(a[1])),
                    (float(b[0]), float(b[1])),
                    stride=stride,
                    n_points=n_points,
                    options=options,
                )
                result.score.append(abs(expected - float(found.line_scores[edge, i, j])))
    for node, indices in enumerate(clear if found.class_probs.size else []):
        for i in indices:
            stride = model.decoding.class_maps_stride or 1
            x, y = (float(value) for value in pixels[node, i])
            if not _is_near_border(pixels[node, i] / stride):
                probs = identity.probabilities_at(maps["class_maps"], x, y, stride)
                result.score += np.abs(probs - found.class_probs[node, i]).tolist()


def _spread(peaks: NDArray[np.intp]) -> NDArray[np.intp]:
    """As many of the peaks as are compared in pairs, from all over the map."""
    return peaks[:: -(-len(peaks) // _MOST_COMPARED) or 1]


def _is_near_border(cells: Floats) -> bool:
    return bool((np.abs(cells - np.floor(cells) - 0.5) < _NEAR_BORDER).any())


def _compare_instances(model: TrainedModel, found: _Found, options: DecodeOptions) -> int:
    """How many instances the runtime makes of the graph's peaks; the checkpoint pipeline agrees."""
    if model.kind == "centroid":
        return int((~np.isnan(found.vals)).sum())
    peaks = [
        [
            Peak(float(x), float(y), float(value))
            for (x, y), value in zip(points, vals, strict=True)
            if not np.isnan(value)
        ]
        for points, vals in zip(found.peaks, found.vals, strict=True)
    ]
    if model.kind == "bottomup":
        points = group_peaks(
            found.peaks, found.vals, found.line_scores, model.edges, options
        ).points
        scores = [
            found.line_scores[edge, : len(peaks[a]), : len(peaks[b])]
            for edge, (a, b) in enumerate(model.edges)
        ]
        grouped = grouping.group(peaks, model.edges, scores, options)
        named = [instance.peaks for instance in grouped]
    else:
        points = classify_peaks(found.peaks, found.vals, found.class_probs).points
        of_class: dict[int, dict[int, Peak]] = {}
        for node, of_node in enumerate(peaks):
            labels = identity.first_choices(list(found.class_probs[node, : len(of_node)]))
            for peak, label in zip(of_node, labels, strict=True):
                if label >= 0:
                    of_class.setdefault(label, {})[node] = peak
        named = [of_class[label] for label in sorted(of_class)]
    expected = np.full((len(named), len(peaks), 2), np.nan, np.float32)
    for i, nodes in enumerate(named):
        for node, peak in nodes.items():
            expected[i, node] = peak.x, peak.y
    if not np.array_equal(expected, points, equal_nan=True):
        raise ModelError(
            f"the runtime makes {len(points)} instances of a frame's peaks, the checkpoint "
            f"pipeline {len(expected)}, or others. Please report this model."
        )
    return len(points)
