"""Networks in float16 and int8 become TensorRT-RTX engines, whatever the kind of model."""

from collections.abc import Sequence
from pathlib import Path

import onnx
import pytest

from sleap_rt.export.graph.chain import graph_of
from sleap_rt.export.precision.calibration import open_calibration
from sleap_rt.export.precision.half import in_half_precision
from sleap_rt.export.precision.int8 import in_int8
from sleap_rt.models.legacy.load_legacy import load_legacy_model
from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.models.pairs import in_order
from sleap_rt.models.trained import TrainedModel
from sleap_rt.options import CalibrationOptions
from sleap_rt.runtime import read_graph_file
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT

from .building import TARGETS, builds

SAMPLES = Path(__file__).resolve().parents[4] / "samples"
ANOTHER = (150, 211)  # (height, width) px; no sample was trained with it
LEGACY = [
    ("single_instance",),
    ("centroid", "centered_instance"),
    ("centroid", "topdown_multiclass"),
    ("bottomup",),
    ("bottomup_multiclass",),
]

pytestmark = pytest.mark.engine


def half(model: TrainedModel, folder: Path) -> Path:
    onnx.save(graph_of(in_half_precision(model)), folder / "half.onnx")
    return folder / "half.onnx"


@pytest.mark.parametrize(
    "kind",
    [
        "single_instance",
        "centroid",
        "centered_instance",
        "multi_class_topdown",
        "bottomup",
        "multi_class_bottomup",
    ],
)
def test_every_kind_builds_in_float16(rtx: TensorRT, tmp_path: Path, kind: str) -> None:
    path = half(load_native_model(SAMPLES / "models" / kind), tmp_path)
    for target in TARGETS:
        assert builds(rtx, path, target, ANOTHER)


@pytest.mark.parametrize("names", LEGACY, ids=lambda names: names[-1])
def test_every_legacy_kind_builds_in_float16(
    rtx: TensorRT, shared_data: Path, tmp_path: Path, names: Sequence[str]
) -> None:
    for model in in_order([load_legacy_model(shared_data / "legacy" / n) for n in names]):
        path = half(model, tmp_path)
        for target in TARGETS:
            assert builds(rtx, path, target, (200, 300))


@pytest.mark.parametrize(
    "kinds",
    [
        ("single_instance",),
        ("centroid", "centered_instance"),
        ("centroid", "multi_class_topdown"),
        ("bottomup",),
        ("multi_class_bottomup",),
    ],
    ids=lambda kinds: kinds[-1],
)
def test_every_kind_builds_in_int8(
    rtx: TensorRT, sample_graphs, tmp_path: Path, kinds: Sequence[str]
) -> None:
    exact = [(path, read_graph_file(path).contract) for path in sample_graphs(*kinds)]
    options = CalibrationOptions(
        calibrate=SAMPLES / "crawlers.mp4", calibration_frames=4, allow_loss=True
    )
    with open_calibration(options, needs_labels=False) as frames:
        made = in_int8(exact, frames, tmp_path)
    for path, _ in made:
        onnx.checker.check_model(path)  # among others: nodes stand behind what they read
        for target in TARGETS:
            assert builds(rtx, path, target, ANOTHER)


@pytest.mark.parametrize("names", LEGACY, ids=lambda names: names[-1])
def test_every_legacy_kind_builds_in_int8(
    rtx: TensorRT, exported, shared_data: Path, tmp_path: Path, names: Sequence[str]
) -> None:
    graphs = exported([shared_data / "legacy" / name for name in names])
    exact = [(path, read_graph_file(path).contract) for path in graphs]
    video = shared_data / "videos/centered_pair_small.mp4"
    options = CalibrationOptions(calibrate=video, calibration_frames=4, allow_loss=True)
    with open_calibration(options, needs_labels=False) as frames:
        made = in_int8(exact, frames, tmp_path)
    for path, _ in made:
        onnx.checker.check_model(path)  # among others: nodes stand behind what they read
        for target in TARGETS:
            assert builds(rtx, path, target, (200, 300))
