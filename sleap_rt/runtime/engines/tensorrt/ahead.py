"""Engines built ahead of time, on a machine without the GPU they are for, kept beside the graph."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sleap_rt.contract import GraphContract
from sleap_rt.errors import OptionError
from sleap_rt.runtime.engines._cache import Note, graph_hash, read_entry, write_entry
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT, find_tensorrt
from sleap_rt.runtime.engines.tensorrt.build import (
    BuildRequest,
    build_engine,
    decoded_outputs,
    read_graph_tensors,
)
from sleap_rt.runtime.engines.tensorrt.keys import engine_key
from sleap_rt.runtime.engines.tensorrt.progress import ProgressLine, build_title
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile
from sleap_rt.runtime.engines.tensorrt.targets import Target


def engine_frame_size(
    contract: GraphContract, given: tuple[int, ...] | None
) -> tuple[int, int, int]:
    """Size of the frames to build an engine for: (height, width, channels) px.

    Args:
        contract: of the graph.
        given: width, height and perhaps channels, as a user gives them; None takes the size that
            the model was trained with.

    Raises:
        OptionError: the model was trained on frames of no fixed size, and none was given.
    """
    spec = contract.preprocessing
    if given is not None:
        width, height, channels = (*given, spec.in_channels)[:3]
        return height, width, channels
    if spec.max_height is None or spec.max_width is None:
        raise OptionError(
            f"The {contract.kind} model was trained on frames of no fixed size; an engine needs "
            "one: give the size of your videos as frame_size, e.g. --frame_size 1280x1024"
        )
    return spec.max_height, spec.max_width, spec.in_channels


def check_ahead_of_time(
    contracts: Sequence[GraphContract], frame_size: tuple[int, ...] | None
) -> None:
    """Refuse engines that cannot be built, before there are graphs to build them of.

    Args:
        contracts: that the graphs will have.
        frame_size: as `engine_frame_size`.

    Raises:
        OptionError: as `engine_frame_size`.
        EngineError: TensorRT-RTX is not installed.
    """
    for contract in contracts:
        engine_frame_size(contract, frame_size)
    find_tensorrt("trt-rtx")


def write_ahead_of_time(model: Path, target: Target, frame_size: tuple[int, int, int]) -> Path:
    """Build an engine with TensorRT-RTX and write it beside the graph.

    Args:
        model: the `.onnx` file.
        target: architecture of the GPU it is for.
        frame_size: (height, width, channels) px of the frames it is for.

    Raises:
        EngineError: TensorRT-RTX is not installed, or cannot build the graph for this target.
    """
    tensorrt = find_tensorrt("trt-rtx")
    _, outputs = read_graph_tensors(tensorrt, model)
    request = BuildRequest(
        model=model,
        profile=ShapeProfile(frame_size=frame_size),
        outputs=decoded_outputs([spec.name for spec in outputs]),
        target=target,
    )
    with ProgressLine(build_title(model.name, request.profile, target.name)) as line:
        plan = build_engine(tensorrt, request, line.update)
    path = engine_path(model, target.name, frame_size)
    write_entry(path, engine_key(tensorrt, request, target.name, graph_hash(model)), plan)
    return path


def ahead_of_time_engine(
    tensorrt: TensorRT, request: BuildRequest, architecture: str, graph: str, note: Note
) -> bytes | None:
    """The engine beside the graph that serves a request; None if there is none.

    Args:
        tensorrt: that will run it.
        request: the engine needed.
        architecture: of the GPU, e.g. `sm86`.
        graph: `graph_hash` of the model.
        note: gets a line when the engine beside the graph cannot be used.
    """
    path = engine_path(request.model, architecture, request.profile.frame_size)
    request = replace(request, workspace_bytes=None)  # limits a build only; this engine is built
    plan = read_entry(path, engine_key(tensorrt, request, architecture, graph))
    if plan is None and path.is_file():
        note(
            f"{path.name} does not serve this run: it was made from another graph, by another "
            f"version than {tensorrt.flavour} {tensorrt.version}, for smaller batches, or without "
            "the raw outputs that were asked for"
        )
    return plan


def engine_path(model: Path, architecture: str, frame_size: tuple[int, int, int]) -> Path:
    """Path of an engine built ahead of time."""
    height, width, channels = frame_size
    return model.with_name(f"{model.stem}.{architecture}.{width}x{height}x{channels}.engine")
