"""The parity certificate: an exported graph against the checkpoint's pipeline.

Two comparisons per frame. The network's outputs, from raw frame to maps, against those of the plain
pipeline (`sleap_rt.models.reference`); and the graph's peaks against those that the plain pipeline
finds in the graph's own maps. So float noise decides nothing: on flat parts of a map, it can make a
peak appear or vanish, even between runs with different numbers of threads.
"""

from contextlib import closing
from pathlib import Path

import numpy as np

from sleap_rt.arrays import Bools, Floats, Image
from sleap_rt.contract import Certificate
from sleap_rt.errors import ModelError
from sleap_rt.export.proof import proof_frames
from sleap_rt.export.proof.compare import Differences, is_there
from sleap_rt.export.proof.graph_run import CPU, Found, run_graph
from sleap_rt.export.proof.proof_frames import synthetic_frames
from sleap_rt.export.proof.thresholds import clear_threshold
from sleap_rt.kinds import KINDS
from sleap_rt.models.reference import pipeline
from sleap_rt.models.reference.pipeline import FramePeaks, Outputs
from sleap_rt.models.reference.plain_peaks import Peak, refined
from sleap_rt.models.trained import TrainedModel
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.engines import Engine, open_engine
from sleap_rt.runtime.predictors.grouping import group_peaks
from sleap_rt.runtime.predictors.identity import classify_peaks

MAX_PX = 0.01  # frame px; float32 noise of two runtimes stays a thousand times below
MAX_SCORE = 1e-4  # confidence; of maps, relative to the largest value where that exceeds 1
_NOISE = 2e-5  # of a map's largest value: what float32 sums in another order may amount to
_STABLE_CELLS = 5e-4  # a refinement that noise moves further is not compared
_NEAR_BORDER = 1e-2  # cells; a lookup this close to the border of two cells may take either
_EVERY_LINE = -1e3  # least score of a connection


def certify(model: TrainedModel, path: Path) -> Certificate:
    """Compare an exported graph with the pipeline of the checkpoint.

    Args:
        model: the trained model, in its place in a pair.
        path: the graph exported from it.

    Returns:
        What was measured.

    Raises:
        ModelError: points are missing or extra, a coordinate, score or map differs by more than the
            tolerance, or instances differ.
    """
    frames = synthetic_frames(model.preprocessing)
    result = Differences()
    compare = _compare_crops if KINDS[model.kind].sees_crops else _compare_frame
    with closing(open_engine(path, CPU)) as engine:
        for frame in frames:
            compare(model, engine, frame, result)
    certificate = result.certificate(proof_frames.in_words(frames), len(frames))
    check(certificate)
    return certificate


def check(certificate: Certificate) -> None:
    """Raises:
    ModelError: what was measured is beyond the tolerances.
    """
    largest = float(np.max([certificate.max_score, certificate.max_map]))
    if certificate.n_lost or certificate.n_extra:
        raise ModelError(
            f"The exported graph misses {certificate.n_lost} points of the checkpoint and finds "
            f"{certificate.n_extra} others. Please report this model."
        )
    if not (certificate.max_px <= MAX_PX and largest <= MAX_SCORE):  # NaN fails too
        raise ModelError(
            "The exported graph differs from the checkpoint: points by up to "
            f"{certificate.max_px:.4f} px (allowed {MAX_PX}), scores or maps by up to "
            f"{largest:.1e} (allowed {MAX_SCORE}). Please report this model."
        )


def _compare_frame(model: TrainedModel, engine: Engine, frame: Image, result: Differences) -> None:
    prepared = pipeline.prepare_frame(model, frame)
    expected = pipeline.run_network(model, prepared.image)
    threshold = clear_threshold(expected["confmaps"], model.kind)
    options = DecodeOptions(peak_threshold=threshold, min_line_scores=_EVERY_LINE)
    found = run_graph(engine, frame, options)
    result.add_maps(expected, found.outputs)
    outputs = {name: found.outputs[name][0] for name in expected}
    peaks = pipeline.find_peaks(model, outputs, prepared.eff_scale, options)
    for node, points in enumerate(peaks.points):
        stable = _stable(model, outputs, node, peaks.peaks[node])
        _add_peaks(result, points, peaks.values[node], found.of_node(node), stable)
    if "line_scores" in found.outputs:
        result.n_instances += _compare_lines(model, outputs, peaks, found, options, result)
    elif "class_maps" in found.outputs:
        result.n_instances += _compare_classes(model, outputs, peaks, found, result)
    else:
        n_found = [len(points) for points in peaks.points]
        result.n_instances += n_found[0] if KINDS[model.kind].finds_many else min(1, max(n_found))


def _add_peaks(
    result: Differences,
    points: Floats,
    values: Floats,
    found: tuple[Floats, Floats],
    stable: Bools,
) -> None:
    """Compare the peaks of one node, both in raster order."""
    if len(points) == len(found[0]):
        result.add_points(points, found[0], (values, found[1]), stable)
        return
    result.n_lost += max(0, len(points) - len(found[0]))
    result.n_extra += max(0, len(found[0]) - len(points))


def _stable(model: TrainedModel, outputs: Outputs, node: int, peaks: list[Peak]) -> Bools:
    """Which peaks of a node have a refined position that float noise hardly moves.

    Where a patch sums to almost nothing, its center of mass is noise.
    """
    if model.decoding.offsets:
        return np.ones(len(peaks), bool)
    confmap, patch_size = outputs["confmaps"][node], model.decoding.integral_patch_size
    noisy = confmap + np.float32(_NOISE * np.abs(confmap).max())
    moved = [
        np.subtract(refined(noisy, peak, patch_size)[:2], refined(confmap, peak, patch_size)[:2])
        for peak in peaks
    ]
    stable: Bools = np.abs(np.reshape(moved, (-1, 2))).max(axis=1) < _STABLE_CELLS
    return stable


def _compare_lines(
    model: TrainedModel,
    outputs: Outputs,
    peaks: FramePeaks,
    found: Found,
    options: DecodeOptions,
    result: Differences,
) -> int:
    """Compare connection scores and the grouped instances; returns the number of instances."""
    scores = []
    expected = pipeline.score_lines(model, outputs, peaks.pixels, options)
    for edge, (source, destination) in enumerate(model.edges):
        ends = peaks.pixels[source], peaks.pixels[destination]
        of_edge = found.outputs["line_scores"][0, edge, : len(ends[0]), : len(ends[1])]
        scores.append(of_edge)
        clear = _clear_lines(model, *ends) & ~np.isnan(expected[edge])
        result.score += np.abs(expected[edge] - of_edge)[clear].tolist()
    made = group_peaks(
        found.outputs["peaks"][0],
        found.outputs["peak_vals"][0],
        found.outputs["line_scores"][0],
        model.edges,
        options,
    )
    grouped = pipeline.group(model, found.as_peaks(peaks), scores, options)
    _check_same(grouped.points, made.points)
    return len(grouped)


def _clear_lines(model: TrainedModel, sources: Floats, destinations: Floats) -> Bools:
    """(n, m): lines whose samples are all clearly in one cell."""
    steps = np.linspace(0, 1, model.decoding.n_points, dtype=np.float32)[:, None]
    ends = sources[:, None, None], destinations[None, :, None]
    lines = ends[0] + steps * (ends[1] - ends[0])  # (n, m, n_points, 2)
    unclear = _near_border(lines / np.float32(model.decoding.pafs_stride))
    return np.logical_not(unclear.any(axis=2))


def _compare_classes(
    model: TrainedModel, outputs: Outputs, peaks: FramePeaks, found: Found, result: Differences
) -> int:
    """Compare class probabilities and the named instances; returns the number of instances."""
    probs = []
    expected = pipeline.class_probs_of_peaks(model, outputs, peaks.pixels)
    for node, pixels in enumerate(peaks.pixels):
        of_node = found.outputs["class_probs"][0, node, : len(pixels)]
        probs.append(of_node)
        clear = ~_near_border(pixels / np.float32(model.decoding.class_maps_stride))
        result.score += np.abs(expected[node] - of_node)[clear].ravel().tolist()
    made = classify_peaks(
        found.outputs["peaks"][0], found.outputs["peak_vals"][0], found.outputs["class_probs"][0]
    )
    named = pipeline.name(found.as_peaks(peaks), probs, None, len(model.class_names))
    _check_same(named.points, made.points)
    return len(named)


def _check_same(expected: Floats, found: Floats) -> None:
    """Require equal instances: grouping and naming depend on the peaks alone, which are equal."""
    if not np.array_equal(expected, found, equal_nan=True):
        raise ModelError(
            f"The runtime makes {len(found)} instances of a frame's peaks, the checkpoint's "
            f"pipeline {len(expected)}, or others. Please report this model."
        )


def _near_border(cells: Floats) -> Bools:
    """(..., 2) to (...): whether float noise can change which cell is nearest."""
    near = np.abs(cells - np.floor(cells) - 0.5) < _NEAR_BORDER
    either: Bools = near[..., 0] | near[..., 1]
    return either


def _compare_crops(model: TrainedModel, engine: Engine, frame: Image, result: Differences) -> None:
    """Compare crops at random centers, some of which lie beside the frame."""
    centers = proof_frames.random_centers(frame)
    crops = pipeline.prepare_crops(model, frame, centers)
    expected = pipeline.run_network(model, crops.image)
    options = DecodeOptions(peak_threshold=clear_threshold(expected["confmaps"], model.kind))
    found = run_graph(engine, frame, options, centers)
    result.add_maps(expected, found.outputs)
    outputs = {name: found.outputs[name] for name in expected}
    points = pipeline.read_crops(model, outputs, crops, options)
    stable = np.stack(
        [
            _stable_in_crop(model, {name: maps[i] for name, maps in outputs.items()})
            for i in range(len(centers))
        ]
    )
    given = (points.values, found.outputs["peak_vals"])
    result.add_points(points.points, found.outputs["peaks"], given, stable)
    result.n_instances += int(is_there(points.points).any(axis=1).sum())


def _stable_in_crop(model: TrainedModel, outputs: Outputs) -> Bools:
    peaks = map(pipeline.REFERENCES[model.family].highest, outputs["confmaps"])
    return np.array([_stable(model, outputs, i, [peak])[0] for i, peak in enumerate(peaks)])
