"""Engines run one exported graph. A file in this folder is an engine; `Engine` is what each is."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines._nvidia import why_no_gpu
from sleap_rt.runtime.engines.interface import Array, DeviceArray, Engine, Feed, TensorSpec
from sleap_rt.runtime.engines.tensorrt.bindings import TENSORRT_MODULES
from sleap_rt.runtime.inspect.engine_times import timed

__all__ = [
    "AS_ASKED",
    "Array",
    "DeviceArray",
    "Engine",
    "EngineChoice",
    "Feed",
    "TensorSpec",
    "check_engine_options",
    "choose_engine",
    "engine_names",
    "open_engine",
]


def engine_names() -> tuple[str, ...]:
    """All engines there are, whether or not their runtime is installed here."""
    return tuple(module.name.replace("_", "-") for module in iter_modules(__path__))


def check_engine_options(options: EngineOptions) -> None:
    """Refuse what no engine can do, before any file is opened.

    Raises:
        OptionError: there is no engine of that name, or it does not have an option that was given.
    """
    if options.engine != "auto" and options.engine not in engine_names():
        raise OptionError(
            f"no engine named {options.engine!r}; choose auto or one of {', '.join(engine_names())}"
        )
    is_tensorrt = options.engine in _TENSORRT
    if options.threads is not None and is_tensorrt:
        raise OptionError(
            f"threads are CPU threads, and engine {options.engine!r} runs on the GPU; leave it out"
        )
    for name in ("workspace", "cuda_graphs"):
        if getattr(options, name) != getattr(EngineOptions, name) and not is_tensorrt:
            raise OptionError(
                f"{name} is an option of TensorRT, not of engine {options.engine!r}; pass "
                f"--engine {_TENSORRT[0]}, or leave it out"
            )


_TENSORRT = ("trt", "trt-rtx")


AS_ASKED = "as asked for"  # why an engine runs that was not chosen by `auto`


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


def choose_engine(options: EngineOptions, precisions: Collection[str] = ()) -> EngineChoice:
    """Settle engine `auto`: by device, by what is installed, by what was measured to be fastest.

    Args:
        options: as asked for.
        precisions: number formats of the networks that are to run, where they are known.

    Raises:
        OptionError: no engine of that name, or an option that it does not have.
    """
    check_engine_options(options)
    if options.engine != "auto":
        return EngineChoice(options, AS_ASKED)
    choice = _choose(options, "int8" in precisions)
    check_engine_options(choice.options)
    return choice


def _choose(options: EngineOptions, is_int8: bool) -> EngineChoice:
    kind = options.device.partition(":")[0]
    if kind == "gpu":
        return EngineChoice(replace(options, engine="openvino"), "it serves Intel GPUs")
    if kind == "cpu":
        return _choose_for_cpu(options, is_int8, "it serves cpu")
    if kind == "auto":
        return _choose_for_any_device(options, is_int8)
    if kind == "cuda" and why_no_gpu() is None:
        missing = _why_no_ort_cuda()
        if missing is not None and _is_tensorrt_installed():
            return EngineChoice(replace(options, engine="trt"), missing)
    return EngineChoice(replace(options, engine="ort"), f"it serves {kind}")


def _choose_for_any_device(options: EngineOptions, is_int8: bool) -> EngineChoice:
    """A GPU that works, else the CPU."""
    obstacle = why_no_gpu()
    if obstacle is None:
        on_gpu = replace(options, device="cuda")
        missing = _why_no_ort_cuda()
        if missing is None:
            return EngineChoice(replace(on_gpu, engine="ort"), "there is an NVIDIA GPU")
        if _is_tensorrt_installed():
            return EngineChoice(replace(on_gpu, engine="trt"), missing)
        obstacle = f"{missing}, and TensorRT is not installed"
    return _choose_for_cpu(replace(options, device="cpu"), is_int8, obstacle)


def _choose_for_cpu(options: EngineOptions, is_int8: bool, reason: str) -> EngineChoice:
    has_openvino = _is_installed("openvino")
    if has_openvino and is_int8:
        return EngineChoice(replace(options, engine="openvino"), f"{reason}; int8 is fastest there")
    if _is_installed("onnxruntime"):
        return EngineChoice(replace(options, engine="ort"), reason)
    if has_openvino:
        return EngineChoice(replace(options, engine="openvino"), "ONNX Runtime is not installed")
    return EngineChoice(replace(options, engine="ort"), "no engine is installed")


def _why_no_ort_cuda() -> str | None:
    if not _is_installed("onnxruntime"):
        return "ONNX Runtime is not installed"
    from sleap_rt.runtime.engines.ort import why_not  # loads ONNX Runtime, needed next anyway

    return why_not("cuda")


def _is_tensorrt_installed() -> bool:
    return _is_installed("cuda") and any(map(_is_installed, TENSORRT_MODULES))


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
    return timed(engine)


_INSTALL = {
    "openvino": "Install it with `pip install 'sleap-rt[openvino]'`.",
    "ort": "Install it with `pip install 'sleap-rt[cpu]'` or `pip install 'sleap-rt[gpu]'`.",
}
