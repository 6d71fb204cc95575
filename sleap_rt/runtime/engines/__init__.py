"""Engines run one exported graph: tensors in, tensors out. A file in this folder is an engine."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.options import EngineOptions

Array = NDArray[Any]


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a graph.

    Attributes:
        name: as the graph has it.
        dtype: of its elements.
        shape: sizes; None where free.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]


class Engine(Protocol):
    """Runs one exported graph. Knows tensors, not poses."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    device: str  # where it truly runs, asked of the runtime after opening, e.g. "cuda:0"

    def run(
        self, feed: Mapping[str, Array], fetch: Sequence[str] | None = None
    ) -> dict[str, Array]:
        """Compute outputs.

        Args:
            feed: every input of the graph, by name.
            fetch: outputs to compute; all if None.

        Raises:
            EngineError: an input is missing or of the wrong type or shape, or the run failed.
        """
        ...

    def close(self) -> None:
        """Free the graph's memory; the engine cannot run afterwards."""
        ...


def engine_names() -> tuple[str, ...]:
    """All engines there are, whether or not their runtime is installed here."""
    return tuple(module.name.replace("_", "-") for module in iter_modules(__path__))


def check_engine_options(options: EngineOptions) -> None:
    """Refuse an engine that does not exist, before any file is opened.

    Raises:
        OptionError: there is no engine of that name.
    """
    if options.engine != "auto" and options.engine not in engine_names():
        raise OptionError(
            f"no engine named {options.engine!r}; choose auto or one of {', '.join(engine_names())}"
        )


@dataclass(frozen=True)
class EngineChoice:
    """What `auto` comes to on this machine.

    Attributes:
        options: engine and device, neither of them `auto`, except where an engine that was asked
            for by name finds its device itself.
        reason: one line for a person to read.
    """

    options: EngineOptions
    reason: str


def choose_engine(options: EngineOptions) -> EngineChoice:
    """Settle engine `auto`: by device, by what is installed, by what was measured to be fastest.

    Raises:
        OptionError: no engine of that name.
    """
    check_engine_options(options)
    if options.engine != "auto":
        return EngineChoice(options, "as asked for")
    kind = options.device.partition(":")[0]
    if kind == "gpu":
        return EngineChoice(replace(options, engine="openvino"), "it serves Intel GPUs")
    if kind == "auto":
        return _choose_for_any_device(options)
    if kind == "cpu" and not _is_installed("onnxruntime") and _is_installed("openvino"):
        return EngineChoice(replace(options, engine="openvino"), "ONNX Runtime is not installed")
    return EngineChoice(replace(options, engine="ort"), f"it serves {kind}")


def _choose_for_any_device(options: EngineOptions) -> EngineChoice:
    """A GPU that works, else the CPU."""
    on_cpu = replace(options, engine="ort", device="cpu")
    if not _is_installed("onnxruntime"):
        if _is_installed("openvino"):
            return EngineChoice(replace(on_cpu, engine="openvino"), "ONNX Runtime is not installed")
        return EngineChoice(on_cpu, "no engine is installed")
    from sleap_rt.runtime.engines.ort import why_no_cuda  # loads ONNX Runtime, needed next anyway

    obstacle = why_no_cuda()
    if obstacle is None:
        return EngineChoice(replace(options, engine="ort", device="cuda"), "CUDA works here")
    return EngineChoice(on_cpu, obstacle)


def _is_installed(package: str) -> bool:
    return find_spec(package) is not None


def open_engine(model: Path, options: EngineOptions) -> Engine:
    """Open a graph on the engine and device that were asked for, or fail.

    Raises:
        OptionError: no engine of that name.
        EngineError: the engine or the device is not available here, or refuses the graph.
    """
    options = choose_engine(options).options
    try:
        module = import_module(f"{__name__}.{options.engine.replace('-', '_')}")
        engine: Engine = module.open_engine(model, options)
    except ModuleNotFoundError as error:
        raise EngineError(
            f"engine {options.engine!r} needs the Python package {error.name!r}, which is not "
            f"installed. {_INSTALL.get(options.engine, '')}"
        ) from error
    seconds = _SECONDS.get()
    return engine if seconds is None else _TimedEngine(engine, seconds)


_SECONDS: ContextVar[list[float] | None] = ContextVar("seconds of the runs", default=None)


@contextmanager
def timed_runs() -> Iterator[list[float]]:
    """The seconds of every run of engines opened inside, as they come."""
    seconds: list[float] = []
    token = _SECONDS.set(seconds)
    try:
        yield seconds
    finally:
        _SECONDS.reset(token)


class _TimedEngine:
    """An engine, and a watch."""

    def __init__(self, engine: Engine, seconds: list[float]) -> None:
        self._engine, self._seconds = engine, seconds
        self.inputs, self.outputs, self.device = engine.inputs, engine.outputs, engine.device
        self.close = engine.close

    def run(
        self, feed: Mapping[str, Array], fetch: Sequence[str] | None = None
    ) -> dict[str, Array]:
        started = time.perf_counter()
        found = self._engine.run(feed, fetch)
        self._seconds.append(time.perf_counter() - started)
        return found


_INSTALL = {
    "openvino": "Install it with `pip install 'sleap-rt[openvino]'`.",
    "ort": "Install it with `pip install 'sleap-rt[cpu]'` or `pip install 'sleap-rt[gpu]'`.",
}


def check_feed(inputs: Sequence[TensorSpec], feed: Mapping[str, Array]) -> None:
    """Refuse values that do not fit a graph's inputs, in the same words for every engine.

    Raises:
        EngineError: an input is missing or unknown, or of another type or shape.
    """
    specs = {spec.name: spec for spec in inputs}
    if specs.keys() != feed.keys():
        raise EngineError(
            f"the graph takes the inputs {', '.join(specs)}; given were {', '.join(feed)}"
        )
    for name, value in feed.items():
        spec = specs[name]
        fits = len(value.shape) == len(spec.shape) and all(
            wanted in (None, given) for wanted, given in zip(spec.shape, value.shape, strict=True)
        )
        if value.dtype != spec.dtype or not fits:
            shape = tuple("free" if size is None else size for size in spec.shape)
            raise EngineError(
                f"input {name!r} is {value.dtype} {value.shape}; the graph takes {spec.dtype} "
                f"{shape}"
            )


def n_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
