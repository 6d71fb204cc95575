"""An engine runs one exported graph. Each file in this folder is one, and declares what it serves.

`interface` defines what an engine is and declares. Support modules begin with `_` or are packages.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TypeVar

from sleap_rt.errors import EngineError
from sleap_rt.machine.cores import available_cores
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import _choice
from sleap_rt.runtime.engines._choice import AS_ASKED, EngineChoice, check_options, choose
from sleap_rt.runtime.engines._cut import cut
from sleap_rt.runtime.engines.interface import (
    Array,
    Declaration,
    Device,
    DeviceArray,
    Engine,
    Feed,
    TensorSpec,
    find_device,
)
from sleap_rt.runtime.engines.wrapping.building import is_building
from sleap_rt.runtime.engines.wrapping.lanes import CLOSED, LANES, LanedEngine, n_lanes
from sleap_rt.runtime.engines.wrapping.side_by_side import side_by_side
from sleap_rt.runtime.engines.wrapping.steps import SteppedEngine
from sleap_rt.runtime.engines.wrapping.times import timed

__all__ = [
    "AS_ASKED",
    "CLOSED",
    "LANES",
    "Array",
    "Declaration",
    "DeviceArray",
    "Engine",
    "EngineChoice",
    "Feed",
    "TensorSpec",
    "certifying_engine",
    "check_engine_options",
    "choose_engine",
    "cpu_engines",
    "cut",
    "declarations",
    "engine_names",
    "is_building",
    "n_lanes",
    "open_engine",
    "opened_together",
    "shared_threads",
    "why_not",
]

T = TypeVar("T")


def engine_names() -> tuple[str, ...]:
    """All engines there are, whether or not their runtime is installed here."""
    return tuple(
        module.name.replace("_", "-")
        for module in iter_modules(__path__)
        if not (module.ispkg or module.name.startswith("_") or module.name == "interface")
    )


def declarations() -> dict[str, Declaration]:
    """The declaration of each engine, by name; loads none of their runtimes."""
    return {name: import_module(_module(name)).ENGINE for name in engine_names()}


def _module(engine: str) -> str:
    return f"{__name__}.{engine.replace('-', '_')}"


def certifying_engine() -> str:
    """Name of the engine that exported graphs are compared with their checkpoint on."""
    (name,) = (name for name, declared in declarations().items() if declared.certifies)
    return name


def check_engine_options(options: EngineOptions) -> None:
    """Refuse what no engine can do, before any file is opened.

    Raises:
        OptionError: there is no engine of that name, or it does not honour an option that was
            given, or does not serve the device.
    """
    check_options(options, declarations())


def choose_engine(options: EngineOptions, precisions: Collection[str] = ()) -> EngineChoice:
    """Settle `auto` by device, by what is installed, by what was measured to be fastest.

    Args:
        options: as asked for.
        precisions: number formats of the networks that are to run, where they are known.

    Raises:
        OptionError: as `check_engine_options`.
    """
    return choose(options, declarations(), is_int8="int8" in precisions)


def cpu_engines(options: EngineOptions, precisions: Collection[str]) -> list[str]:
    """Engines that could run networks on the CPU here, in the order in which `auto` takes them.

    Args:
        options: as asked for; an engine that does not honour one of them is none.
        precisions: number formats of the networks.
    """
    return _choice.cpu_engines(options, declarations(), precisions)


def why_not(options: EngineOptions) -> str | None:
    """Why the engine cannot run on its device here, in words; None where nothing is known.

    Args:
        options: settled by `choose_engine`.
    """
    declared = declarations()[options.engine]
    return declared.why_not(find_device(options.engine, declared, options.device)[0].kind)


def open_engine(model: Path, options: EngineOptions, n_runs: int = 1) -> Engine:
    """Open a graph on the engine and device that were asked for, or fail.

    Args:
        model: an exported `.onnx` file.
        options: engine and device.
        n_runs: that will go side by side most often; the first of another number takes longer.

    Raises:
        OptionError: as `check_engine_options`.
        EngineError: the engine or the device is not available here, or refuses the graph.
    """
    options = choose_engine(options).options
    declared = declarations()[options.engine]
    device, _ = find_device(options.engine, declared, options.device)
    try:
        return timed(_opened(model, options, device, declared, n_runs))
    except ModuleNotFoundError as error:
        raise EngineError(
            f"Engine {options.engine!r} needs the Python package {error.name!r}, which is not "
            f"installed. {declared.install}"
        ) from error


def opened_together(calls: Sequence[Callable[[], T]], options: EngineOptions) -> list[T]:
    """What calls return that open graphs; they run at once where the engine allows it.

    Args:
        calls: each opens one.
        options: engine and device.
    """
    options = choose_engine(options).options
    device, _ = find_device(options.engine, declarations()[options.engine], options.device)
    return side_by_side(calls) if device.opens_together else [call() for call in calls]


def _opened(
    model: Path, options: EngineOptions, device: Device, declared: Declaration, n_runs: int
) -> Engine:
    open_one: Callable[[Path, EngineOptions], Engine]
    open_one = import_module(_module(options.engine)).open_engine
    if device.builds_per_shape:
        return SteppedEngine(open_one(model, options))
    threads = _shared_threads(options, device, declared)
    if threads == 1:
        return open_one(model, options)
    state = _state(model)

    def open_lane(n_threads: int) -> Engine:
        if _state(model) != state:
            raise EngineError(f"{model} was changed or removed while it was in use; open it again.")
        return open_one(model, replace(options, threads=n_threads))

    return LanedEngine(open_lane, threads, n_runs)


def _state(model: Path) -> tuple[int, ...] | None:
    """What tells that a file is still the same; None where there is none."""
    try:
        found = model.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def shared_threads(options: EngineOptions) -> int:
    """How many threads runs side by side share out; 1 where an engine does one run at a time.

    Args:
        options: settled.
    """
    declared = declarations()[options.engine]
    device, _ = find_device(options.engine, declared, options.device)
    return _shared_threads(options, device, declared)


def _shared_threads(options: EngineOptions, device: Device, declared: Declaration) -> int:
    if device.kind != "cpu" or not declared.honours("threads", device):
        return 1
    return options.threads or available_cores().n
