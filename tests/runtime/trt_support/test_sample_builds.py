"""Every kind of graph we export becomes a TensorRT-RTX engine; there is no GPU to run it on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sleap_rt.errors import EngineError
from sleap_rt.runtime.trt_support.build import BuildRequest, build_engine
from sleap_rt.runtime.trt_support.library import TensorRT, find_tensorrt
from sleap_rt.runtime.trt_support.shapes import ShapeProfile
from sleap_rt.runtime.trt_support.targets import parse_target

pytestmark = pytest.mark.engine

SampleGraphs = Callable[..., list[Path]]
TRAINED = (250, 324)  # (height, width) px that the samples were trained with
ANOTHER = (256, 300)


@pytest.fixture(scope="module")
def rtx() -> TensorRT:
    pytest.importorskip("tensorrt_rtx_bindings", reason="TensorRT-RTX is not installed")
    return find_tensorrt("trt-rtx")


def build(rtx: TensorRT, graph: Path, target: str, size: tuple[int, int], channels: int = 1) -> Any:
    request = BuildRequest(
        model=graph,
        profile=ShapeProfile(frame_size=(*size, channels)),
        target=parse_target(target),
    )
    return build_engine(rtx, request, lambda phase, done: None)


@pytest.mark.parametrize(
    "models",
    [
        ("single_instance",),
        ("centroid", "centered_instance"),
        ("multi_class_topdown",),
        ("bottomup",),
        ("multi_class_bottomup",),
    ],
    ids=lambda names: names[-1],
)
def test_every_kind_builds_for_frames_that_it_resizes(
    rtx: TensorRT, sample_graphs: SampleGraphs, models: tuple[str, ...]
) -> None:
    for graph in sample_graphs(*models):
        assert build(rtx, graph, "sm86", ANOTHER)


def test_colour_frames_of_the_trained_size_build(
    rtx: TensorRT, sample_graphs: SampleGraphs
) -> None:
    for graph in sample_graphs("centroid", "centered_instance"):
        assert build(rtx, graph, "sm86", TRAINED, channels=3)


@pytest.mark.parametrize("target", ["sm80", "sm89", "sm120"])
def test_other_architectures_build(rtx: TensorRT, sample_graphs: SampleGraphs, target: str) -> None:
    (graph,) = sample_graphs("single_instance")
    assert build(rtx, graph, target, ANOTHER)


def test_turing_builds_what_needs_no_resizing(rtx: TensorRT, sample_graphs: SampleGraphs) -> None:
    (graph,) = sample_graphs("single_instance")
    assert build(rtx, graph, "sm75", (190, 250))  # the size this model was trained with
    with pytest.raises(EngineError, match="no float32 matrix product on Turing"):
        build(rtx, graph, "sm75", ANOTHER)
