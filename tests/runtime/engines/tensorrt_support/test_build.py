"""Builds of a tiny graph with the real TensorRT-RTX."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.build import (
    BuildRequest,
    build_engine,
    build_failure,
    decoded_outputs,
    parse_failure,
    read_graph_tensors,
)
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile
from sleap_rt.runtime.engines.tensorrt.targets import parse_target

PROFILE = ShapeProfile(frame_size=(16, 24, 1))
SM86 = parse_target("sm86")


def ignore(phase: str, done: float) -> None:
    pass


def test_a_build_reports_its_progress(rtx: TensorRT, tiny_graph: Path) -> None:
    seen: list[tuple[str, float]] = []
    request = BuildRequest(model=tiny_graph, profile=PROFILE, target=SM86, outputs=("total",))
    assert build_engine(rtx, request, lambda *progress: seen.append(progress))
    assert seen
    assert all(phase and 0 <= done <= 1 for phase, done in seen)
    assert seen[-1][1] == 1


def test_the_gpu_is_selected_in_the_thread_that_builds(rtx: TensorRT, tiny_graph: Path) -> None:
    selecting: list[threading.Thread] = []
    building: set[threading.Thread] = set()
    request = BuildRequest(model=tiny_graph, profile=PROFILE, target=SM86, outputs=("total",))
    build_engine(
        rtx,
        request,
        lambda phase, done: building.add(threading.current_thread()),
        lambda: selecting.append(threading.current_thread()),
    )
    assert building == set(selecting)


def test_outputs_that_are_not_asked_for_are_left_out(rtx: TensorRT, tiny_graph: Path) -> None:
    requests = [
        BuildRequest(model=tiny_graph, profile=PROFILE, target=SM86, outputs=outputs)
        for outputs in (("total",), ("confmaps", "total"))
    ]
    one, both = (build_engine(rtx, request, ignore) for request in requests)
    assert b"total" in one
    assert b"total" in both
    assert len(one) < len(both)


def test_tensors_are_read_from_the_graph(rtx: TensorRT, tiny_graph: Path) -> None:
    (frames,), (total, confmaps) = read_graph_tensors(rtx, tiny_graph)
    assert (frames.name, frames.dtype, frames.shape) == ("frames", "uint8", (None,) * 4)
    assert (total.name, total.dtype, total.shape) == ("total", "float32", (None,))
    assert confmaps.shape == (None,) * 4


def test_a_node_that_tensorrt_does_not_know_is_named(rtx: TensorRT, unreadable_graph: Path) -> None:
    with pytest.raises(EngineError, match=r"noise_maker \(Bernoulli\)") as caught:
        read_graph_tensors(rtx, unreadable_graph)
    assert "engine='ort'" in str(caught.value)


INTERRUPTED_BUILD = """
import os, signal, sys, threading
from pathlib import Path
from sleap_rt.runtime.engines.tensorrt.bindings import find_tensorrt
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest, build_engine
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile
from sleap_rt.runtime.engines.tensorrt.targets import parse_target

def press(phase, done):
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # during the build only
        os.kill(os.getpid(), signal.SIGINT)

request = BuildRequest(
    model=Path(sys.argv[1]),
    profile=ShapeProfile(frame_size=(16, 24, 1)),
    target=parse_target("sm86"),
    outputs=("total",),
)
rtx = find_tensorrt("trt-rtx")
try:
    build_engine(rtx, request, press)
except KeyboardInterrupt:
    print("interrupted")
print([thread.name for thread in threading.enumerate()])
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
print(len(build_engine(rtx, request, lambda phase, done: None)) > 0)  # not left in a bad state
"""


def test_ctrl_c_stops_a_build(rtx: TensorRT, tiny_graph: Path, ctrl_c_raises: None) -> None:
    """In a process of its own, which alone gets the signals."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_BUILD, str(tiny_graph)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.split("\n")[:4] == ["interrupted", "['MainThread']", "True", "True"], done


def test_a_build_in_another_thread_leaves_ctrl_c_alone(rtx: TensorRT, tiny_graph: Path) -> None:
    request = BuildRequest(model=tiny_graph, profile=PROFILE, target=SM86, outputs=("total",))
    before, during, plans = signal.getsignal(signal.SIGINT), [], []

    def note_handler(phase: str, done: float) -> None:
        during.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=lambda: plans.append(build_engine(rtx, request, note_handler)))
    thread.start()
    thread.join(120)
    assert plans
    assert set(during) == {before}


class _ParserError:
    def __init__(self, node: str) -> None:
        self._node = node

    def node_name(self) -> str:
        return self._node

    def node_operator(self) -> str:
        return "Resize"

    def desc(self) -> str:
        return "no such mode\n"


def test_every_complaint_of_the_parser_is_a_line_of_its_own() -> None:
    text = parse_failure("a.onnx", [_ParserError("first"), _ParserError("")])
    assert text.splitlines()[:3] == [
        "TensorRT cannot read a.onnx:",
        "  node first (Resize): no such mode",
        "  the graph: no such mode",
    ]


def test_a_long_list_of_complaints_is_cut() -> None:
    text = parse_failure("a.onnx", [_ParserError(str(i)) for i in range(9)])
    assert "  and 4 more" in text.splitlines()


@pytest.mark.parametrize(
    ("message", "fix"),
    [
        ("Cannot compile 'MatMul_97' for Turing (SM75): FP32 GEMM is not supported", "Turing GPUs"),
        ("Error Code 2: OutOfMemory (Requested size was 9 bytes.)", "GPU is out of memory"),
        ("something else", "--engine ort"),
    ],
)
def test_a_failed_build_says_what_failed_and_what_to_do(message: str, fix: str) -> None:
    request = BuildRequest(
        model=Path("somewhere/a.onnx"), profile=PROFILE, target=SM86, outputs=("total",)
    )
    text = build_failure(request, [message])
    assert text.startswith("TensorRT cannot build a.onnx for frames of 24x16 px and sm86")
    assert message in text
    assert fix in text


def test_raw_outputs_are_not_decoded_ones() -> None:
    assert decoded_outputs(["peaks", "confmaps", "n_candidates"]) == ("n_candidates", "peaks")


@pytest.mark.parametrize("target", ["sm86", " SM86 "])
def test_targets_are_read_in_any_case(target: str) -> None:
    assert parse_target(target) == SM86


@pytest.mark.parametrize("target", ["sm60", "86", ""])
def test_other_targets_are_refused(target: str) -> None:
    with pytest.raises(OptionError, match=r"sm86 \(GeForce RTX 30"):
        parse_target(target)


def test_targets_are_those_of_the_installed_tensorrt(rtx: TensorRT) -> None:
    for name in ("sm75", "sm80", "sm86", "sm89", "sm120"):
        assert hasattr(rtx.api.ComputeCapability, parse_target(name).api_name)
