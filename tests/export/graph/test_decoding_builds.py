"""TensorRT-RTX builds every written piece of decoding; there is no GPU to run it on."""

from collections.abc import Mapping
from pathlib import Path

import onnx
import pytest
from onnx_parts import Write, model_from

from sleap_rt.export.graph.part import FLOAT, TensorType
from sleap_rt.export.graph.points import legacy_peaks, peaks
from sleap_rt.export.graph.points.lines import class_probabilities, line_scores
from sleap_rt.export.graph.points.maps import sums
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest, build_engine
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile, ShapeRange
from sleap_rt.runtime.engines.tensorrt.targets import parse_target

pytestmark = pytest.mark.engine

N_NODES = 3
SCALARS = {"threshold": TensorType(FLOAT), "refine": TensorType(FLOAT)}
SLOTS = {"slots": TensorType(FLOAT, ("k",))}
POINTS = {"peaks": TensorType(FLOAT, ("batch", N_NODES, "k", 2))}


def maps(name: str, n_channels: int) -> dict[str, TensorType]:
    return {name: TensorType(FLOAT, ("batch", n_channels, "height", "width"))}


CONFMAPS, OFFSETS = maps("confmaps", N_NODES), maps("offsets", 2 * N_NODES)


def global_peaks(op, *given):
    return peaks.global_peaks(op, *given, patch_size=5)


def local_peaks(op, *given):
    *maps, slots = given
    return peaks.local_peaks(op, *maps, op.Shape(slots), patch_size=5)


def legacy_global_peaks(op, *given):
    return legacy_peaks.global_peaks(op, *given, patch_size=5)


def legacy_global_peaks_alone(op, confmaps, *given):
    return legacy_peaks.global_peaks(op, confmaps, None, *given, patch_size=5)


def legacy_local_peaks(op, *given):
    *maps, slots = given
    return legacy_peaks.local_peaks(op, *maps, op.Shape(slots), patch_size=5)


def legacy_local_peaks_alone(op, confmaps, *given):
    return legacy_local_peaks(op, confmaps, None, *given)


def scores_of_lines(op, *given):
    return (line_scores(op, *given, edges=((0, 1), (2, 0), (1, 2)), stride=4, n_points=10),)


def probabilities(op, *given):
    return (class_probabilities(op, *given, stride=4),)


def all_sums(op, *given):
    return (sums(op, [(given[0], 4), (given[1], 2)]),)


PIECES: list[tuple[Write, Mapping[str, TensorType]]] = [
    (global_peaks, CONFMAPS | SCALARS),
    (local_peaks, CONFMAPS | SCALARS | SLOTS),
    (legacy_global_peaks, CONFMAPS | OFFSETS | SCALARS),
    (legacy_global_peaks_alone, CONFMAPS | SCALARS),
    (legacy_local_peaks, CONFMAPS | OFFSETS | SCALARS | SLOTS),
    (legacy_local_peaks_alone, CONFMAPS | SCALARS | SLOTS),
    (scores_of_lines, maps("pafs", 6) | POINTS | SCALARS),
    (probabilities, maps("class_maps", 4) | POINTS),
    (all_sums, CONFMAPS | {"class_probs": TensorType(FLOAT, ("batch", 4))}),
]


class AnySizes(ShapeProfile):
    """Every free size from 1 to 64."""

    def range_of(self, name: str, graph_shape: tuple[int | None, ...]) -> ShapeRange:
        least, usual, most = (
            tuple(free if size is None else size for size in graph_shape) for free in (1, 16, 64)
        )
        return ShapeRange(least, usual, most)


@pytest.mark.parametrize(("write", "inputs"), PIECES, ids=[write.__name__ for write, _ in PIECES])
def test_every_piece_builds(
    rtx: TensorRT, tmp_path: Path, write: Write, inputs: Mapping[str, TensorType]
) -> None:
    model = model_from(write, inputs)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, tmp_path / "piece.onnx")
    request = BuildRequest(
        model=tmp_path / "piece.onnx",
        profile=AnySizes(frame_size=(64, 64, 1)),
        outputs=tuple(output.name for output in model.graph.output),
        target=parse_target("sm86"),
    )
    assert build_engine(rtx, request, lambda phase, done: None)
