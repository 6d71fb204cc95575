"""The parity certificate of legacy graphs: against `sleap_rt.models.legacy.reference`.

Two comparisons per frame. The network's outputs, from raw frame to maps, against those of the plain
pipeline; and what the graph finds against what the plain pipeline finds in the graph's own maps.
So nothing hangs on float noise, by which one program sees a peak where another sees none.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sleap_rt.contract import CROP_KINDS, Certificate
from sleap_rt.errors import ModelError
from sleap_rt.export.certificate import (
    CPU,
    N_CENTRES,
    SEED,
    Floats,
    Frame,
    Measured,
    certificate_of,
    clear_threshold,
    synthetic_frames,
    widest_gap,
)
from sleap_rt.export.legacy_stages import LegacyStage
from sleap_rt.models.legacy.reference.frames import match_size, to_channels
from sleap_rt.models.legacy.reference.grouping import LineScoring, assemble, match_candidates
from sleap_rt.models.legacy.reference.pipeline import candidate_connections, peak_class_probs
from sleap_rt.models.legacy.reference.stages import (
    FramePeaks,
    crop_inputs,
    frame_input,
    peaks_in_outputs,
    points_in_outputs,
    run_network,
)
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.decoding.grouping import group_peaks
from sleap_rt.runtime.engines import Engine, open_engine

_NEAR_BORDER = 1e-2  # cells; a lookup this close to the border of two cells may take either
_EVERY_LINE = -1e3  # least score of a connection


def certify_legacy(stage: LegacyStage, path: Path) -> Certificate:
    """Compare an exported graph with what the original would predict.

    Args:
        stage: the trained model in its place.
        path: the graph exported from it.

    Raises:
        ModelError: counts differ, or a coordinate or score differs by more than the tolerance.
    """
    frames = synthetic_frames(stage.preprocessing)
    engine = open_engine(path, CPU)
    measured = Measured()
    compare = _compare_crops if stage.kind in CROP_KINDS else _compare_frame
    for frame in frames:
        compare(stage, engine, frame, measured)
    engine.close()
    return certificate_of(measured, frames)


def _sized(stage: LegacyStage, frame: Frame) -> tuple[Frame, np.float32]:
    """The frame at the common size, and sized px per frame px."""
    height, width = stage.preprocessing.max_height, stage.preprocessing.max_width
    if height is None or width is None:
        return frame, np.float32(1)
    image, ratio = match_size(frame, height, width)
    return image, np.float32(ratio)


def _feed(threshold: float, frame: Frame, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
    defaults = {
        "peak_threshold": threshold,
        "integral_refinement": 1,
        "max_edge_length_ratio": DecodeOptions.max_edge_length_ratio,
        "dist_penalty_weight": DecodeOptions.dist_penalty_weight,
    }
    scalars = {name: np.array(value, np.float32) for name, value in defaults.items()}
    return {"frames": frame[None], **scalars, **inputs}


def _run(engine: Engine, feed: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Everything the graph says, with slots for every peak."""
    names = {spec.name for spec in engine.inputs}
    fetch = [spec.name for spec in engine.outputs]
    n_slots = 16
    while True:
        slots = np.zeros(n_slots, np.float32)
        given = {name: value for name, value in (feed | {"slots": slots}).items() if name in names}
        found = engine.run(given, fetch)
        if "slots" not in names or found["n_candidates"].max(initial=0) <= n_slots:
            return found
        n_slots *= 2


def _map_differences(found: dict[str, Floats], expected: dict[str, Floats]) -> list[float]:
    return [
        float(np.abs(found[name] - maps).max() / max(1.0, float(np.abs(maps).max())))
        for name, maps in expected.items()
    ]


def _compare_frame(stage: LegacyStage, engine: Engine, frame: Frame, measured: Measured) -> None:
    model = stage.model
    image, ratio = _sized(stage, frame)
    expected = run_network(model, frame_input(model, image))
    threshold = clear_threshold(expected["confmaps"][0], stage.kind)
    found = _run(engine, _feed(threshold, frame))
    measured.maps += _map_differences(found, expected)
    outputs = {name: found[name][0] for name in expected}
    peaks = peaks_in_outputs(model, outputs, threshold)
    graph_peaks = _graph_peaks(stage, found)
    order = np.argsort(peaks.peaks.channels, kind="stable")  # node by node, as in the graph
    points, vals = peaks.points[order] / ratio, peaks.peaks.vals[order]
    if stage.kind == "single_instance":
        points = np.where((vals < np.float32(threshold))[:, None], np.float32(np.nan), points)
    _add(measured, points, vals, graph_peaks, frame)
    if stage.kind == "bottomup":
        measured.n_instances += _compare_lines(stage, peaks, found, measured)
    elif stage.kind == "multi_class_bottomup":
        clear = ~_near_border(peaks.points_input / np.float32(stage.decoding.class_maps_stride))
        there = ~np.isnan(found["peak_vals"][0])
        differences = np.abs(peak_class_probs(model, peaks)[order] - found["class_probs"][0][there])
        measured.score += differences[clear[order]].ravel().tolist()
        measured.n_instances += len(order)
    else:
        measured.n_instances += 1 if stage.kind == "single_instance" else len(order)


@dataclass(frozen=True)
class _GraphPeaks:
    """What a graph found in one frame, node by node."""

    nodes: NDArray[np.intp]  # (n,)
    points: Floats  # (n, 2)
    vals: Floats  # (n,)


def _graph_peaks(stage: LegacyStage, found: dict[str, Floats]) -> _GraphPeaks:
    if stage.kind == "single_instance":
        points, vals = found["peaks"][0][:, None], found["peak_vals"][0][:, None]
    elif stage.kind == "centroid":
        points, vals = found["centroids"], found["centroid_vals"]
    else:
        points, vals = found["peaks"][0], found["peak_vals"][0]
    there = ~np.isnan(vals)  # (n_nodes, slots)
    return _GraphPeaks(np.nonzero(there)[0], points[there], vals[there])


def _add(
    measured: Measured, points: Floats, vals: Floats, found: _GraphPeaks, frame: Frame
) -> None:
    seen = ~np.isnan(points[:, 0])
    if points.shape != found.points.shape or not np.array_equal(
        seen, ~np.isnan(found.points[:, 0])
    ):
        raise ModelError(
            f"the exported graph finds {len(found.vals)} peaks in a frame of "
            f"{frame.shape[1]}x{frame.shape[0]} px, the original {len(vals)}, or others. Please "
            "report this model."
        )
    measured.px += np.linalg.norm(points[seen] - found.points[seen], axis=-1).tolist()
    measured.score += np.abs(vals - found.vals).tolist()


def _compare_lines(
    stage: LegacyStage, peaks: FramePeaks, found: dict[str, Floats], measured: Measured
) -> int:
    """Scores of connections, and the instances made of them; how many these are."""
    model, channels = stage.model, peaks.peaks.channels
    candidates = candidate_connections(model, peaks, LineScoring())
    rank = np.array([np.sum(channels[:i] == channel) for i, channel in enumerate(channels)], int)
    scores = found["line_scores"][0][candidates.edges, *rank[candidates.peaks].T]
    ends = peaks.points_input[candidates.peaks]  # (n, 2, 2)
    steps = np.linspace(0, 1, stage.decoding.n_points, dtype=np.float32)[:, None]
    lines = ends[:, :1] + steps * (ends[:, 1:] - ends[:, :1])  # (n, n_points, 2)
    clear = ~_near_border(lines / np.float32(stage.decoding.pafs_stride)).any(axis=1)
    measured.score += np.abs(scores - candidates.scores)[clear].tolist()
    matches = match_candidates(
        candidates._replace(scores=scores), len(model.edges), min_line_score=_EVERY_LINE
    )
    groups = assemble(matches, model.edges, model.skeleton.n_nodes)
    options = DecodeOptions(min_line_scores=_EVERY_LINE)
    made = group_peaks(
        found["peaks"][0], found["peak_vals"][0], found["line_scores"][0], model.edges, options
    )
    vals = np.append(peaks.peaks.vals, np.float32(np.nan))[groups.peaks]
    if not np.array_equal(vals, made.point_scores, equal_nan=True):
        raise ModelError(
            f"the runtime makes {len(made.scores)} instances of a frame's peaks, the original "
            f"{len(vals)}, or others. Please report this model."
        )
    measured.score += np.abs(groups.scores - made.scores).tolist()
    return len(vals)


def _near_border(cells: Floats) -> NDArray[np.bool_]:
    """(..., 2) to (...): whether the nearest cell hangs on float noise."""
    near = np.abs(cells - np.floor(cells) - 0.5) < _NEAR_BORDER
    either: NDArray[np.bool_] = near[..., 0] | near[..., 1]
    return either


def _compare_crops(stage: LegacyStage, engine: Engine, frame: Frame, measured: Measured) -> None:
    """At random centres, some of which lie beside the frame."""
    model, rng = stage.model, np.random.default_rng(SEED)
    image, ratio = _sized(stage, frame)
    image = to_channels(image, 1 if stage.preprocessing.channels == "grayscale" else 3)
    side = np.array([frame.shape[1], frame.shape[0]])
    centres = (rng.uniform(-0.05, 1.05, (N_CENTRES, 2)) * side).astype(np.float32)
    expected = run_network(model, crop_inputs(model, image, centres * ratio))
    top = expected["confmaps"].max(axis=(2, 3))
    threshold = widest_gap(top, 0.3 * float(top.max()), 0.7 * float(top.max()))
    frame_index = np.zeros(N_CENTRES, np.int64)
    found = _run(engine, _feed(threshold, frame, centers=centres, frame_index=frame_index))
    measured.maps += _map_differences(found, expected)
    outputs = {name: found[name] for name in expected}
    crops = points_in_outputs(model, outputs, centres * ratio, threshold)
    nodes = np.arange(crops.vals.size)
    graph_peaks = _GraphPeaks(nodes, found["peaks"].reshape(-1, 2), found["peak_vals"].ravel())
    _add(measured, crops.points.reshape(-1, 2) / ratio, crops.vals.ravel(), graph_peaks, frame)
    measured.n_instances += N_CENTRES
