"""`export --precision`, `--format`, `--target`: what they do, and what they refuse."""

import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path

import onnx
import pytest

from sleap_rt.cli import main
from sleap_rt.export.proof.reduced import MAX_P99_PX
from sleap_rt.runtime import read_graph_file
from sleap_rt.runtime.engines.tensorrt.ahead import engine_path
from sleap_rt.runtime.engines.tensorrt.bindings import find_tensorrt

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
MODEL = SAMPLES / "models/single_instance"


@pytest.fixture(scope="module")
def reduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample model in float16, with an engine beside it."""
    pytest.importorskip("tensorrt_rtx_bindings", reason="TensorRT-RTX is not installed")
    folder = tmp_path_factory.mktemp("reduced")
    args = ["export", str(MODEL), "-o", str(folder), "--precision", "fp16"]
    with pytest.raises(SystemExit) as left:
        main([*args, "--format", "trt", "--target", "sm86", "--frame_size", "211x150"])
    assert not left.value.code
    return folder / "single_instance.onnx"


@pytest.mark.engine
def test_the_network_is_float16_and_all_else_float32(reduced: Path) -> None:
    graph = onnx.load(reduced).graph
    weights = {tensor.name: tensor.data_type for tensor in graph.initializer}
    kernels = {weights[node.input[1]] for node in graph.node if node.op_type == "Conv"}
    assert kernels == {onnx.TensorProto.FLOAT16}
    for value in graph.output:
        assert value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT


@pytest.mark.engine
def test_the_file_says_its_precision_and_what_it_costs(reduced: Path) -> None:
    contract = read_graph_file(reduced).contract
    assert contract.precision == "fp16"
    certificate = contract.certificate
    assert certificate is not None
    assert certificate.n_instances > 0
    assert 0 < certificate.p99_px <= MAX_P99_PX  # it moves points, but not far


@pytest.mark.engine
def test_an_engine_lies_beside_the_graph(reduced: Path) -> None:
    path = engine_path(reduced, "sm86", (150, 211, 1))
    assert sorted(reduced.parent.glob("*.engine")) == [path]
    assert path.stat().st_size > reduced.stat().st_size // 2
    assert find_tensorrt("trt-rtx").version.encode() in path.read_bytes()[:1000]


@pytest.fixture(scope="module")
def in_int8(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The sample model in int8, with an engine beside it; what the command printed."""
    pytest.importorskip("tensorrt_rtx_bindings", reason="TensorRT-RTX is not installed")
    folder = tmp_path_factory.mktemp("int8")
    video = str(SAMPLES / "one_crawler.mp4")
    args = ["export", str(MODEL), "-o", str(folder), "--precision", "int8", "--calibrate", video]
    args += ["--calibration_frames", "6", "--format", "trt", "--target", "sm86"]
    printed = io.StringIO()
    with redirect_stdout(printed), pytest.raises(SystemExit) as left:
        main([*args, "--frame_size", "211x150"])
    assert not left.value.code
    return folder / "single_instance.onnx", printed.getvalue()


@pytest.mark.engine
def test_int8_reports_what_poses_lose(in_int8, call) -> None:
    graph, printed = in_int8
    assert "calibrated on 6 frames of one_crawler.mp4" in printed
    assert "on 6 other frames of one_crawler.mp4" in printed
    assert "6 instances, 0 lost, 0 new" in printed
    assert "OKS 0.9" in printed
    certificate = read_graph_file(graph).contract.certificate
    assert certificate is not None
    stored = json.loads((graph.parent / "export_metadata.json").read_text())
    assert stored["precision"] == "int8"
    assert stored["certificates"]["single_instance"]["p99_px"] == certificate.p99_px
    shown = call("info", graph, "--verbose").out
    assert re.search(r"^precision: +int8$", shown, re.MULTILINE)
    assert re.search(r"^    mean OKS: +0\.9", shown, re.MULTILINE)


@pytest.mark.engine
def test_an_int8_graph_becomes_an_engine_and_verifies(in_int8, call) -> None:
    graph, _ = in_int8
    assert engine_path(graph, "sm86", (150, 211, 1)).stat().st_size > graph.stat().st_size // 2
    verified = call("verify", graph, "--engine", "ort", "--device", "cpu")
    assert verified.code == 0
    assert "int8" in verified.out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("--precision int8", "add --calibrate"),
        ("--precision fp16 --calibrate no_video.mp4", "no effect with --precision fp16"),
        ("--calibrate no_video.mp4", "no effect with --precision fp32"),
        ("--calibration_frames 8", "no effect without --calibrate"),
        ("--allow_loss", "no effect without --calibrate"),
        ("--precision int8 --calibrate no_video.mp4 --calibration_frames 0", "at least 1"),
        ("--format trt", "e.g. sm86"),
        (
            "-o here/model.onnx",
            "model.onnx is the name of a graph, and an export goes into a folder",
        ),
        ("--target sm86", "a graph runs on every device"),
        ("--frame_size 64x64", "a graph runs on every device"),
        ("--format bonsai --frame_size 324", "WIDTHxHEIGHT or WIDTHxHEIGHTx1 or x3, got 324\n"),
        ("--format trt --target sm60", "No target named 'sm60'"),
        ("--format trt --target sm86 --frame_size 64", "WIDTHxHEIGHT"),
        ("--format trt --target sm86 --frame_size 64x64x2", "WIDTHxHEIGHT"),
        ("--format trt --target sm86 --frame_size axb", "WIDTHxHEIGHT"),
    ],
)
def test_what_cannot_take_effect_is_a_usage_error(call, tmp_path, args, words):
    called = call("export", tmp_path / "no_model", *args.split())
    assert called.code == 2
    assert words in called.err
