"""Builds an engine from a graph, with TensorRT's builder."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.errors import EngineError
from sleap_rt.interrupts import STOPPED
from sleap_rt.runtime.engines.interface import TensorSpec
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile
from sleap_rt.runtime.engines.tensorrt.targets import Target
from sleap_rt.runtime.engines.tensorrt.warm_start import load_timings, save_timings

Progress = Callable[[str, float], None]
"""Gets the current phase of a build and the share of it that is done, 0 to 1."""

_MOST_MESSAGES = 5  # of TensorRT, quoted in an error
_POLL_SECONDS = 0.1
_RAW_OUTPUTS = ("confmaps", "pafs", "class_maps", "offsets")  # large, and seldom fetched


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """What to build.

    Attributes:
        model: the `.onnx` file.
        profile: sizes of the inputs.
        outputs: to compute, sorted; the engine leaves out the others.
        target: GPU architecture to build for on a machine without it; TensorRT-RTX only. None
            builds for the GPU of this machine.
        workspace_bytes: most memory a layer may use besides its tensors; None leaves it to
            TensorRT.
        timings: file of TensorRT's measurements, used and extended by a build; None keeps none.
    """

    model: Path
    profile: ShapeProfile
    outputs: tuple[str, ...]
    target: Target | None = None
    workspace_bytes: int | None = None
    timings: Path | None = None


def decoded_outputs(names: Sequence[str]) -> tuple[str, ...]:
    """The outputs that every engine of a graph computes: all but the raw maps, sorted."""
    return tuple(sorted(name for name in names if name not in _RAW_OUTPUTS))


def build_engine(
    tensorrt: TensorRT,
    request: BuildRequest,
    progress: Progress,
    select_gpu: Callable[[], None] | None = None,
) -> bytes:
    """Build an engine; takes seconds with TensorRT-RTX, minutes with TensorRT.

    Ctrl-C stops it at TensorRT's next step.

    Args:
        tensorrt: the installed one.
        request: what to build.
        progress: called as the build goes on.
        select_gpu: makes the GPU to build for the current one of the calling thread; the build
            calls it in its own thread. None where the request has a target.

    Raises:
        EngineError: TensorRT cannot express the graph, or cannot build it for this GPU.
        KeyboardInterrupt: stopped by the user.
    """
    graph = _parse(tensorrt.api, request.model)
    _keep_outputs(graph.network, request.outputs)
    config = _configure(tensorrt, graph, request)
    unwanted, pressed = STOPPED.get(), list[int]()
    monitor = _make_monitor(
        tensorrt.api,
        progress,
        lambda: bool(pressed) or (unwanted is not None and unwanted.is_set()),
    )
    config.progress_monitor = monitor

    def build() -> Any:
        if select_gpu is not None:
            select_gpu()
        return graph.builder.build_serialized_network(graph.network, config)

    plan = _interruptible(build, pressed)
    if unwanted is not None and unwanted.is_set():
        raise KeyboardInterrupt
    if plan is None:
        raise EngineError(build_failure(request, graph.log.errors))
    if request.timings is not None and not tensorrt.is_rtx:
        save_timings(config, request.timings)
    return bytes(plan)


def read_graph_tensors(
    tensorrt: TensorRT, model: Path
) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """A graph's inputs and outputs, in its order; None where a size is free.

    Raises:
        EngineError: TensorRT cannot express the graph.
    """
    network = _parse(tensorrt.api, model).network
    inputs = [network.get_input(i) for i in range(network.num_inputs)]
    outputs = [network.get_output(i) for i in range(network.num_outputs)]
    return (
        tuple(_spec(tensorrt.api, tensor) for tensor in inputs),
        tuple(_spec(tensorrt.api, tensor) for tensor in outputs),
    )


def _spec(api: Any, tensor: Any) -> TensorSpec:
    return TensorSpec(tensor.name, np.dtype(api.nptype(tensor.dtype)), _shape(tensor))


def _shape(tensor: Any) -> tuple[int | None, ...]:
    return tuple(None if size < 0 else size for size in tensor.shape)


@dataclass(frozen=True)
class _ParsedGraph:
    """TensorRT's objects, held together so that none is freed before the others."""

    log: Any
    builder: Any
    network: Any
    parser: Any


def _parse(api: Any, model: Path) -> _ParsedGraph:
    log = _make_logger(api)
    builder = api.Builder(log)
    if builder is None:
        raise EngineError(f"TensorRT cannot start its builder{_quoted(log.errors)}")
    network = builder.create_network(_network_flags(api))
    parser = api.OnnxParser(network, log)
    if not parser.parse_from_file(str(model)):
        errors = [parser.get_error(i) for i in range(parser.num_errors)]
        raise EngineError(parse_failure(model.name, errors))
    return _ParsedGraph(log, builder, network, parser)


def parse_failure(model: str, errors: Sequence[Any]) -> str:
    """TensorRT's complaints about a graph, node by node."""
    lines = [f"TensorRT cannot read {model}:"]
    for error in errors[:_MOST_MESSAGES]:
        where = f"node {error.node_name()} ({error.node_operator()})" if error.node_name() else ""
        lines.append(f"  {where or 'the graph'}: {error.desc().strip()}")
    if len(errors) > _MOST_MESSAGES:
        lines.append(f"  and {len(errors) - _MOST_MESSAGES} more")
    lines.append("Run the model with `--engine ort` instead, and please report it.")
    return "\n".join(lines)


def build_failure(request: BuildRequest, messages: Sequence[str]) -> str:
    """Message: TensorRT read the graph but could not build it, and why."""
    height, width, _ = request.profile.frame_size
    what = f"TensorRT cannot build {request.model.name} for frames of {width}x{height} px"
    if request.target is not None:
        what += f" and {request.target.name}"
    fix = "Run the model with `--engine ort` instead, and please report it."
    text = " ".join(messages)
    if "FP32 GEMM is not supported" in text:
        fix = (
            "TensorRT-RTX has no float32 matrix product on Turing GPUs, which resizing needs: use "
            "TensorRT or `--engine ort` there, or frames of the training size."
        )
    elif "out of memory" in text.lower() or "outofmemory" in text.lower():
        fix = "The GPU is out of memory: close other programs, or use smaller frames."
    return f"{what}{_quoted(messages)}\n{fix}"


def _quoted(messages: Sequence[str]) -> str:
    if not messages:
        return "; it gave no reason."
    return ":" + "".join(f"\n  {message.strip()}" for message in messages[:_MOST_MESSAGES])


def _network_flags(api: Any) -> int:
    """Strongly typed: the graph's number formats are kept. TensorRT 11 and RTX know no other."""
    flag = getattr(api.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _keep_outputs(network: Any, names: tuple[str, ...]) -> None:
    outputs = [network.get_output(i) for i in range(network.num_outputs)]
    for output in outputs:
        if output.name not in names:
            network.unmark_output(output)


def _configure(tensorrt: TensorRT, graph: _ParsedGraph, request: BuildRequest) -> Any:
    api, builder, network = tensorrt.api, graph.builder, graph.network
    config = builder.create_builder_config()
    config.clear_flag(api.BuilderFlag.TF32)  # float32 means float32; float16 is there for speed
    if hasattr(api.BuilderFlag, "STRICT_NANS"):
        config.set_flag(api.BuilderFlag.STRICT_NANS)  # NaN stands for "no peak"
    if request.workspace_bytes is not None:
        config.set_memory_pool_limit(api.MemoryPoolType.WORKSPACE, request.workspace_bytes)
    if request.timings is not None and not tensorrt.is_rtx:
        load_timings(config, request.timings)
    if request.target is not None:
        config.num_compute_capabilities = 1
        capability = getattr(api.ComputeCapability, request.target.api_name)
        config.set_compute_capability(capability, 0)
    profile = builder.create_optimization_profile()
    for i in range(network.num_inputs):
        tensor = network.get_input(i)
        graph_shape = _shape(tensor)
        shape = request.profile.input_shape(tensor.name, graph_shape)
        tensor.shape = tuple(-1 if size is None else size for size in shape)
        if None in shape:
            sizes = request.profile.range_of(tensor.name, graph_shape)
            profile.set_shape(tensor.name, sizes.least, sizes.usual, sizes.most)
    config.add_optimization_profile(profile)
    return config


def _interruptible(build: Callable[[], Any], pressed: list[int]) -> Any:
    """Run a build that Ctrl-C can stop, however often it is pressed.

    It runs in a thread of its own: Python handles Ctrl-C only in the main thread, and only while
    that thread runs Python code.
    """
    result: list[Any] = []
    failure: list[Exception] = []

    def work() -> None:
        try:
            result.append(build())
        except Exception as error:  # handed over to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=work, name="tensorrt-build")
    with _ctrl_c_into(pressed):
        thread.start()
        while thread.is_alive():
            thread.join(_POLL_SECONDS)
    if pressed:
        raise KeyboardInterrupt
    if failure and isinstance(failure[0], EngineError):
        raise failure[0]
    if failure:
        raise EngineError(f"TensorRT's builder failed: {failure[0]}") from failure[0]
    return result[0]


@contextmanager
def _ctrl_c_into(pressed: list[int]) -> Iterator[None]:
    """Note Ctrl-C in a list instead of raising an exception wherever the main thread happens to be.

    An exception would leave the builder running in its thread. A list, since the next Ctrl-C may
    interrupt the handler of the last one, which a lock would not survive. Other threads get no
    Ctrl-C, and where it is ignored (a job in the background), it stays so.
    """
    before = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or before in (signal.SIG_IGN, None):
        yield
        return
    signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _make_logger(api: Any) -> Any:
    """A logger that keeps TensorRT's errors for our message and drops the rest."""

    class Logger(api.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            api.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in (api.ILogger.ERROR, api.ILogger.INTERNAL_ERROR):
                self.errors.append(message)

    return Logger()


def _make_monitor(api: Any, progress: Progress, is_stopped: Callable[[], bool]) -> Any:
    class Monitor(api.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            api.IProgressMonitor.__init__(self)
            self._n_steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            self._n_steps[phase_name] = num_steps
            progress(phase_name, 0.0)

        def step_complete(self, phase_name: str, step: int) -> bool:
            progress(phase_name, (step + 1) / max(1, self._n_steps.get(phase_name, 1)))
            return not is_stopped()

        def phase_finish(self, phase_name: str) -> None:
            progress(phase_name, 1.0)

    return Monitor()
