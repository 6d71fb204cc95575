"""Building one of our graphs, as more than one file of tests does."""

from pathlib import Path

from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest, build_engine, read_graph_tensors
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile
from sleap_rt.runtime.engines.tensorrt.targets import parse_target

TARGETS = ("sm80", "sm86", "sm89", "sm120")  # Ampere, Ada, Blackwell


def builds(
    rtx: TensorRT, graph: Path, target: str, size: tuple[int, int], channels: int = 1
) -> bool:
    """Whether a graph becomes an engine for frames of (height, width) px; an error says why not."""
    _, outputs = read_graph_tensors(rtx, graph)
    request = BuildRequest(
        model=graph,
        outputs=tuple(sorted(spec.name for spec in outputs)),
        profile=ShapeProfile(frame_size=(*size, channels)),
        target=parse_target(target),
    )
    return len(build_engine(rtx, request, lambda phase, done: None)) > 0
