"""Every kind of graph we export becomes a TensorRT-RTX engine; there is no GPU to run it on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.graph_file import read_graph_file

from .building import TARGETS, builds

pytestmark = pytest.mark.engine

SampleGraphs = Callable[..., list[Path]]
ANOTHER = (150, 211)  # (height, width) px; no sample was trained with it


def trained_size(graph: Path) -> tuple[int, int]:
    """(height, width) px that need no resizing."""
    spec = read_graph_file(graph).contract.preprocessing
    assert spec.max_height is not None
    assert spec.max_width is not None
    return spec.max_height, spec.max_width


@pytest.mark.parametrize("target", TARGETS)
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
    rtx: TensorRT, sample_graphs: SampleGraphs, models: tuple[str, ...], target: str
) -> None:
    for graph in sample_graphs(*models):
        assert builds(rtx, graph, target, ANOTHER)


def test_colour_frames_of_the_trained_size_build(
    rtx: TensorRT, sample_graphs: SampleGraphs
) -> None:
    for graph in sample_graphs("centroid", "centered_instance"):
        assert builds(rtx, graph, "sm86", trained_size(graph), channels=3)


def test_turing_builds_what_needs_no_resizing(rtx: TensorRT, sample_graphs: SampleGraphs) -> None:
    (graph,) = sample_graphs("single_instance")
    assert builds(rtx, graph, "sm75", trained_size(graph))
    with pytest.raises(EngineError, match="no float32 matrix product on Turing"):
        builds(rtx, graph, "sm75", ANOTHER)
