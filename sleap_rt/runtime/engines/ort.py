"""ONNX Runtime: any CPU, and what its execution providers serve: NVIDIA, AMD, Apple, Windows."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime as ort

from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines._nvidia import why_no_gpu
from sleap_rt.runtime.engines.interface import (
    Array,
    DeviceArray,
    Feed,
    TensorSpec,
    check_feed,
    n_cores,
)
from sleap_rt.runtime.graph_file import read_keeping_bytes

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8,
}
_FAILURES: tuple[type[Exception], ...] = (
    ort.capi.onnxruntime_pybind11_state.Fail,
    ort.capi.onnxruntime_pybind11_state.InvalidArgument,
    ort.capi.onnxruntime_pybind11_state.InvalidGraph,
    ort.capi.onnxruntime_pybind11_state.InvalidProtobuf,
    ort.capi.onnxruntime_pybind11_state.NoSuchFile,
    ort.capi.onnxruntime_pybind11_state.NotImplemented,
    ort.capi.onnxruntime_pybind11_state.RuntimeException,
)
_RUN_FAILURES: tuple[type[Exception], ...] = (*_FAILURES, RuntimeError, ValueError)
_ERRORS_ONLY = 3  # ONNX Runtime's severity level


class _Device(NamedTuple):
    """How ONNX Runtime serves one kind of device.

    Attributes:
        provider: its execution provider.
        fix: what makes it available.
        memory: where its outputs can stay until they are fetched; None for the CPU's.
        settings: of the provider, beside the number of the device.
    """

    provider: str
    fix: str
    memory: str | None = None
    settings: tuple[tuple[str, str], ...] = ()


_GPU_WHEEL = "Install onnxruntime-gpu in place of onnxruntime (`pip install 'sleap-rt[gpu]'`)"
_DEVICES = {
    "cpu": _Device("CPUExecutionProvider", "Install onnxruntime (`pip install 'sleap-rt[cpu]'`)"),
    # float32 means float32: its own default, TF32, keeps 10 bits of 23 in products on tensor cores.
    "cuda": _Device("CUDAExecutionProvider", _GPU_WHEEL, "cuda", (("use_tf32", "0"),)),
    "tensorrt": _Device("TensorrtExecutionProvider", f"{_GPU_WHEEL} and NVIDIA's TensorRT", "cuda"),
    "mps": _Device("CoreMLExecutionProvider", "Run on a Mac with Apple's own chip"),
    "directml": _Device("DmlExecutionProvider", "Install onnxruntime-directml (Windows)"),
    "hip": _Device("MIGraphXExecutionProvider", "Install AMD's onnxruntime-migraphx"),
    "openvino": _Device("OpenVINOExecutionProvider", "Install onnxruntime-openvino"),
}
_LARGEST_READ = 1_500_000_000  # bytes; larger graphs are read by ONNX Runtime itself
_WHEELS = ("onnxruntime", "onnxruntime-gpu")


class OrtEngine:
    """One ONNX Runtime session.

    Args:
        model: an `.onnx` file.
        options: device and threads.

    Raises:
        EngineError: the device is not served here, or the session cannot be opened on it.
    """

    def __init__(self, model: Path, options: EngineOptions) -> None:
        self.device, kind, number = _parse(options.device)
        self._memory, self._number = _DEVICES[kind].memory, number
        wanted = _DEVICES[kind].provider
        settings = session_settings(options.threads or n_cores())
        provider = provider_of(kind, number)
        try:
            graph = _readable(model) if kind == "cpu" else str(model)
            self._session = ort.InferenceSession(graph, settings, providers=[provider])
        except _FAILURES as error:
            raise EngineError(f"ONNX Runtime cannot open {model}: {error}") from error
        found = self._session.get_providers()
        if found[0] != wanted:
            raise EngineError(
                f"device {options.device!r} was asked for, but ONNX Runtime fell back to "
                f"{found[0]}; its libraries for {wanted} could not be loaded. Check the driver and "
                "the libraries it needs, or pass --device cpu."
            )
        self.inputs = tuple(_spec(value) for value in self._session.get_inputs())
        self.outputs = tuple(_spec(value) for value in self._session.get_outputs())

        self._owner = f"ort on {self.device}"

    def upload(self, array: Array) -> Array | DeviceArray:
        if self._memory is None:
            return array
        return upload_to(array, self._memory, self._number, self._owner)

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        check_feed(self.inputs, feed, self._owner)
        names = [spec.name for spec in self.outputs] if fetch is None else list(fetch)
        try:
            if self._memory is None:
                values = self._session.run(names, dict(feed))
            else:
                values = run_bound(self._session, feed, names, self._memory, self._number)
        except _RUN_FAILURES as error:
            raise EngineError(f"ONNX Runtime failed: {error}") from error
        return dict(zip(names, values, strict=True))

    def close(self) -> None:
        del self._session


open_engine = OrtEngine


def _readable(model: Path) -> bytes | str:
    """A graph as the CPU runs it best; a very large one keeps its weights in a file beside."""
    if model.stat().st_size > _LARGEST_READ or model.with_name(f"{model.name}.data").exists():
        return str(model)
    return read_keeping_bytes(model) or str(model)


def upload_to(array: Array, memory: str, number: int, owner: str) -> DeviceArray:
    """Copy an array to a device; it is there when this returns.

    Args:
        array: what to copy.
        memory: kind of memory, `cuda` or `cpu`.
        number: of the device.
        owner: of the upload.
    """
    value = ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array), memory, number)
    return DeviceArray(array.shape, array.dtype, owner, value)


def run_bound(
    session: Any, feed: Feed, names: Sequence[str], memory: str, number: int
) -> list[Array]:
    """Run with outputs left on the device until all are there, then fetch them together.

    Args:
        session: an open ONNX Runtime session.
        feed: every input by name; uploads stay where they are.
        names: outputs to fetch.
        memory: kind of memory the outputs are computed into, `cuda` or `cpu`.
        number: of the device.
    """
    binding = session.io_binding()
    for name, value in feed.items():
        if isinstance(value, DeviceArray):
            binding.bind_ortvalue_input(name, value.memory)
        else:
            binding.bind_cpu_input(name, value)
    for name in names:
        binding.bind_output(name, memory, number)
    binding.synchronize_inputs()
    session.run_with_iobinding(binding)
    binding.synchronize_outputs()
    values: list[Array] = binding.copy_outputs_to_cpu()
    return values


def session_settings(threads: int) -> Any:
    """ONNX Runtime's settings of a session, for as many CPU threads."""
    settings = ort.SessionOptions()
    settings.log_severity_level = _ERRORS_ONLY
    settings.intra_op_num_threads = threads
    # Left to itself, its threads go on spinning after a run, at the cost of reading frames, of the
    # other stage of a pair, and of other programs: docs/engines.md has the measurement.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return settings


def provider_of(kind: str, number: int) -> str | tuple[str, dict[str, str]]:
    """What a session is opened with: a provider, and its settings where it has any.

    Args:
        kind: of device, a key of the table above.
        number: of the device, where there may be several.
    """
    device = _DEVICES[kind]
    if device.memory is None:
        return device.provider
    return device.provider, {"device_id": str(number), **dict(device.settings)}


def why_not(kind: str) -> str | None:
    """Why the installed ONNX Runtime does not serve a kind of device; None where it does."""
    provider = _DEVICES[kind].provider
    if provider in ort.get_available_providers():
        return None
    return _both_wheels() or f"ONNX Runtime here has no {provider}"


def _both_wheels() -> str | None:
    installed = [name for name in _WHEELS if _is_distribution(name)]
    if len(installed) < len(_WHEELS):
        return None
    return (
        "onnxruntime and onnxruntime-gpu are both installed and overwrite each other; "
        "uninstall both, then install onnxruntime-gpu alone"
    )


def _is_distribution(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _parse(asked: str) -> tuple[str, str, int]:
    """The device's full name, its kind and its number."""
    kind, colon, number = asked.partition(":")
    kind = "cpu" if kind == "auto" else kind
    if kind not in _DEVICES or (colon and not (number.isdigit() and _DEVICES[kind].memory)):
        raise EngineError(
            f"engine 'ort' cannot run on device {asked!r}; it serves auto, "
            f"{', '.join(_DEVICES)}, and cuda:N"
        )
    if why_not(kind) is not None:
        fix = _both_wheels() or _DEVICES[kind].fix
        no_gpu = why_no_gpu() if _DEVICES[kind].memory == "cuda" else None
        fix += f" (but {no_gpu} here)" if no_gpu else ""
        raise EngineError(
            f"device {asked!r} was asked for, but ONNX Runtime here offers only "
            f"{', '.join(ort.get_available_providers())}. {fix}; or pass --device cpu."
        )
    name = f"{kind}:{number or 0}" if _DEVICES[kind].memory else kind
    return name, kind, int(number or 0)


def _spec(value: Any) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) else None for size in value.shape)
    return TensorSpec(value.name, np.dtype(_DTYPES[value.type]), shape)
