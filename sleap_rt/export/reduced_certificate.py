"""The certificate of a graph in reduced precision: against the float32 graph of the same model.

The float32 graph follows the checkpoint within its own certificate, a hundred times closer than
what is measured here. Both run on ONNX Runtime, on the frames of that certificate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sleap_rt.contract import CROP_KINDS, Certificate, GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.export.certificate import (
    CPU,
    N_CENTRES,
    SEED,
    Frame,
    clear_threshold,
    synthetic_frames,
    widest_gap,
)
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.engines import Array, Engine, open_engine
from sleap_rt.runtime.predictors import open_predictor

MAX_P99_PX = 0.25  # frame px, at the 99th percentile of all points
MAX_CHANGED = 0.02  # share of points that one graph finds and the other does not
_SAME_POINT = 3  # cells; points further apart are different points

Floats = NDArray[np.float32]


def certify_reduced(exact: Path, reduced: Path, contract: GraphContract) -> Certificate:
    """Compare a graph in reduced precision with the float32 graph.

    Args:
        exact: the float32 graph.
        reduced: the other one.
        contract: of the float32 graph.

    Returns:
        What was measured.

    Raises:
        ModelError: points move, appear or vanish by more than the tolerance.
    """
    frames = synthetic_frames(contract.preprocessing)
    result = Differences(_cell_px(contract) * _SAME_POINT)
    engines = open_engine(exact, CPU), open_engine(reduced, CPU)
    for frame in frames:
        if contract.kind in CROP_KINDS:
            _compare_crops(*engines, frame, result)
        else:
            threshold = _compare_maps(*engines, frame, contract, result)
            options = DecodeOptions(peak_threshold=threshold, min_line_scores=-1e3)
            result.add(*(_points(path, frame, options) for path in (exact, reduced)))
    for engine in engines:
        engine.close()
    return checked(result, frames)


@dataclass(frozen=True)
class Points:
    """Attributes:
    points: (n_instances, n_nodes, 2) frame px, NaN where missing.
    vals: (n_instances, n_nodes).
    """

    points: Floats
    vals: Floats

    def of_node(self, node: int) -> tuple[Floats, Floats]:
        there = ~np.isnan(self.points[:, node, 0])
        return self.points[there, node], self.vals[there, node]


@dataclass
class Differences:
    """What was found so far.

    Attributes:
        same_px: two points of a node within this distance are the same point, frame px.
        n_instances: in the float32 graph's result.
        n_lost: points that only the float32 graph finds.
        n_extra: points that only the other one finds.
        px: distances of the points that both find.
        score: differences of their scores.
        maps: differences of the networks' outputs, relative where these exceed 1.
    """

    same_px: float
    n_instances: int = 0
    n_lost: int = 0
    n_extra: int = 0
    px: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    maps: list[float] = field(default_factory=list)

    def add(self, exact: Points, reduced: Points) -> None:
        """Compare the points of each node, wherever they have been grouped to."""
        self.n_instances += len(exact.points)
        for node in range(exact.points.shape[1]):
            (a, a_vals), (b, b_vals) = exact.of_node(node), reduced.of_node(node)
            distance = np.linalg.norm(a[:, None] - b[None], axis=-1)  # (n_exact, n_reduced)
            rows, columns = linear_sum_assignment(np.minimum(distance, self.same_px))
            same = distance[rows, columns] < self.same_px
            self.px += distance[rows, columns][same].tolist()
            self.score += np.abs(a_vals[rows] - b_vals[columns])[same].tolist()
            self.n_lost += len(a) - int(same.sum())
            self.n_extra += len(b) - int(same.sum())


def _points(path: Path, frame: Frame, options: DecodeOptions) -> Points:
    predictor = open_predictor([path], options, CPU)
    (found,) = predictor.predict(frame[None], [0])
    predictor.close()
    return Points(found.points, found.point_scores)


def _compare_maps(
    exact: Engine, reduced: Engine, frame: Frame, contract: GraphContract, result: Differences
) -> float:
    """Compare the networks' outputs; the threshold that the peaks are clearly off."""
    inputs: dict[str, Array] = {"frames": frame[None], "slots": np.zeros(1, np.float32)}
    feed = {spec.name: inputs.get(spec.name, np.array(0, np.float32)) for spec in exact.inputs}
    maps, other = exact.run(feed), reduced.run(feed)
    for name in ("confmaps", "pafs", "class_maps"):
        if name in maps:
            largest = max(1.0, float(np.abs(maps[name]).max()))
            result.maps.append(float(np.abs(maps[name] - other[name]).max()) / largest)
    return clear_threshold(maps["confmaps"][0], contract.kind)


def _compare_crops(exact: Engine, reduced: Engine, frame: Frame, result: Differences) -> None:
    """Crop models, at random centres, some of which lie beside the frame."""
    rng = np.random.default_rng(SEED)
    side = np.array([frame.shape[1], frame.shape[0]])
    feed: dict[str, Array] = {
        "frames": frame[None],
        "centers": (rng.uniform(-0.05, 1.05, (N_CENTRES, 2)) * side).astype(np.float32),
        "frame_index": np.zeros(N_CENTRES, np.int64),
        "peak_threshold": np.array(-np.inf, np.float32),
        "integral_refinement": np.array(1, np.float32),
    }
    top = exact.run(feed, ["peak_vals"])["peak_vals"]
    threshold = widest_gap(top, 0.3 * float(top.max()), 0.7 * float(top.max()))
    feed["peak_threshold"] = np.array(threshold, np.float32)
    _compare_each_crop(exact.run(feed), reduced.run(feed), result)


def _compare_each_crop(
    exact: Mapping[str, Array], reduced: Mapping[str, Array], result: Differences
) -> None:
    for i in range(N_CENTRES):
        one, other = (
            Points(found["peaks"][i : i + 1], found["peak_vals"][i : i + 1])
            for found in (exact, reduced)
        )
        result.add(one, other)
    if "class_probs" in exact:
        result.score += np.abs(exact["class_probs"] - reduced["class_probs"]).ravel().tolist()


def _cell_px(contract: GraphContract) -> float:
    """Frame px per cell of the confidence maps, where frames are not resized."""
    return contract.decoding.confmaps_stride / contract.preprocessing.input_scale


def checked(result: Differences, frames: list[Frame]) -> Certificate:
    sizes = ", ".join(f"{frame.shape[1]}x{frame.shape[0]}" for frame in frames)
    certificate = Certificate(
        frames=f"synthetic, seed {SEED}, {sizes} px",
        n_frames=len(frames),
        n_instances=result.n_instances,
        n_lost=result.n_lost,
        n_extra=result.n_extra,
        max_px=float(np.max(result.px, initial=0)),
        p99_px=float(np.percentile(result.px, 99)) if result.px else 0.0,
        max_score=float(np.max(result.score, initial=0)),
        max_map=float(np.max(result.maps, initial=0)),
    )
    n_points = len(result.px) + result.n_lost
    changed = (result.n_lost + result.n_extra) / max(1, n_points)
    if not (certificate.p99_px <= MAX_P99_PX and changed <= MAX_CHANGED):  # NaN fails too
        raise ModelError(
            "in float16 this model finds other poses: 1 of 100 points moves by more than "
            f"{certificate.p99_px:.2f} px (allowed {MAX_P99_PX}); of {n_points} points "
            f"{result.n_lost} vanish, and {result.n_extra} appear (allowed {MAX_CHANGED:.0%}). "
            "Export it with --precision fp32."
        )
    return certificate
