"""ONNX Runtime: any CPU, and what its execution providers serve: NVIDIA, AMD, Apple, Windows."""

import contextlib
import io
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sleap_rt.errors import EngineError
from sleap_rt.machine.cores import available_cores
from sleap_rt.machine.sme import may_have_sme
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines._nvidia import cuda_advice, load_cuda, why_no_gpu
from sleap_rt.runtime.engines.interface import (
    Array,
    Declaration,
    Device,
    DeviceArray,
    Feed,
    TensorSpec,
    check_feed,
    find_device,
    is_installed,
)
from sleap_rt.runtime.graph_file import read_keeping_bytes
from sleap_rt.runtime.graph_seal import data_file

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8,
}
_ERRORS_ONLY = 3  # ONNX Runtime's severity level


class _Provider(NamedTuple):
    """How ONNX Runtime serves one kind of device.

    Attributes:
        name: of the execution provider.
        fix: what makes it available.
        memory: where its outputs can stay until they are fetched; None for the CPU's.
        settings: of the provider, besides the number of the device.
    """

    name: str
    fix: str
    memory: str | None = None
    settings: tuple[tuple[str, str], ...] = ()


_GPU_WHEEL = "Install onnxruntime-gpu in place of onnxruntime (`pip install 'sleap-rt[gpu]'`)"
_PROVIDERS = {
    "cpu": _Provider("CPUExecutionProvider", "Install onnxruntime (`pip install 'sleap-rt[cpu]'`)"),
    # float32 means float32: its own default, TF32, keeps 10 bits of 23 in products on tensor cores.
    "cuda": _Provider("CUDAExecutionProvider", _GPU_WHEEL, "cuda", (("use_tf32", "0"),)),
    "tensorrt": _Provider(
        "TensorrtExecutionProvider", f"{_GPU_WHEEL} and NVIDIA's TensorRT", "cuda"
    ),
    "mps": _Provider("CoreMLExecutionProvider", "Run on a Mac with Apple's own chip"),
    "directml": _Provider("DmlExecutionProvider", "Install onnxruntime-directml (Windows)"),
    "hip": _Provider("MIGraphXExecutionProvider", "Install AMD's onnxruntime-migraphx"),
    "openvino": _Provider("OpenVINOExecutionProvider", "Install onnxruntime-openvino"),
}
_WHEELS = ("onnxruntime", "onnxruntime-gpu")
_WRONG_WITH_SME = ("1.24.", "1.25.", "1.26.", "1.27.")
_LARGEST_READ = 1_500_000_000  # bytes; larger graphs are read by ONNX Runtime itself


def why_not(kind: str) -> str | None:
    """Why this machine or its ONNX Runtime does not serve a kind of device; None if it does."""
    if (obstacle := _missing_hardware(kind)) is not None:
        return obstacle
    if not is_installed("onnxruntime"):
        return "ONNX Runtime is not installed"
    return wrong_on_arm() if kind == "cpu" else _missing_provider(kind)


def wrong_on_arm() -> str | None:
    """Why this build must not compute on this processor, in words; None where it may."""
    if not may_have_sme():
        return None
    found = next((version(name) for name in _WHEELS if _is_distribution(name)), "")
    if not found.startswith(_WRONG_WITH_SME):
        return None
    return (
        f"onnxruntime {found} computes convolutions wrongly on ARM processors with SME; install "
        "another version: `pip install 'onnxruntime>=1.20,!=1.24.*,!=1.25.*,!=1.26.*,!=1.27.*'`"
    )


def _missing_hardware(kind: str) -> str | None:
    if _PROVIDERS[kind].memory == "cuda":
        return why_no_gpu()
    if kind == "hip" and not Path("/dev/kfd").exists():
        return "there is no driver of an AMD GPU"
    if kind == "directml" and sys.platform != "win32":
        return "DirectML is for Windows"
    return None


def _missing_provider(kind: str) -> str | None:
    import onnxruntime as ort

    provider = _PROVIDERS[kind].name
    if provider in ort.get_available_providers():
        return None
    return _both_wheels() or f"ONNX Runtime here has no {provider}"


def _both_wheels() -> str | None:
    if not all(map(_is_distribution, _WHEELS)):
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


ENGINE = Declaration(
    product="ONNX Runtime",
    install="Install it with `pip install 'sleap-rt[cpu]'` or `pip install 'sleap-rt[gpu]'`.",
    packages=_WHEELS,
    devices=(
        Device(kind="cuda", title="an NVIDIA GPU", place=10, numbered=True),
        Device(kind="hip", title="an AMD GPU", builds_per_shape=True),
        Device(kind="directml", title="a GPU of Windows", platform="win32"),
        Device(kind="cpu", title="a CPU", place=10, opens_together=True),
        # Every ONNX Runtime for Macs has CoreML, which may compute in half precision.
        Device(kind="mps", title="Apple's chip", builds_per_shape=True, platform="darwin"),
        Device(
            kind="tensorrt",
            title="an NVIDIA GPU with TensorRT",
            numbered=True,
            builds_per_shape=True,
        ),
        Device(kind="openvino", title="what OpenVINO runs on"),
    ),
    options=("threads",),
    why_not=why_not,
    certifies=True,
    sleap_nn_name="onnx",
)


class OrtEngine:
    """One ONNX Runtime session.

    Args:
        model: an `.onnx` file.
        options: device and threads.

    Raises:
        EngineError: the device is not served here, or the session cannot be opened on it.
    """

    def __init__(self, model: Path, options: EngineOptions) -> None:
        import onnxruntime as ort

        self.device, kind, number = _checked(options.device)
        self._memory, self._number = _PROVIDERS[kind].memory, number
        wanted = _PROVIDERS[kind].name
        if kind == "cpu" and (obstacle := wrong_on_arm()) is not None:
            raise EngineError(obstacle)
        settings = session_settings(options.threads or available_cores().n)
        provider = provider_of(kind, number)
        missing = load_cuda() if self._memory == "cuda" else ""
        try:
            graph = _readable(model) if kind == "cpu" else str(model)
            with contextlib.nullcontext() if kind == "cpu" else _unheard():
                self._session = ort.InferenceSession(graph, settings, providers=[provider])
        except failures(ValueError) as error:  # also where its own message is no text
            raise EngineError(f"ONNX Runtime cannot open {model}: {error}") from error
        found = self._session.get_providers()
        if found[0] != wanted:
            raise EngineError(
                f"Device {options.device!r} was asked for, but ONNX Runtime fell back to "
                f"{found[0]}: {_why_it_fell_back(kind, missing)}; or pass --device cpu."
            )
        try:
            self.inputs = tuple(_spec(value) for value in self._session.get_inputs())
            self.outputs = tuple(_spec(value) for value in self._session.get_outputs())
        except (UnicodeDecodeError, KeyError) as error:  # names that are no text, unknown types
            raise EngineError(f"{model}: an input or output is none of ours: {error}") from error

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
        except failures(RuntimeError, ValueError) as error:
            raise EngineError(f"ONNX Runtime failed: {error}") from error
        return dict(zip(names, values, strict=True))

    def close(self) -> None:
        del self._session


open_engine = OrtEngine


def _unheard() -> contextlib.AbstractContextManager[object]:
    """It prints that it falls back to another device, which is told in our own words."""
    return contextlib.redirect_stdout(io.StringIO())  # of all threads


def _readable(model: Path) -> bytes | str:
    """The graph as the CPU runs it best; its path if it is very large or has weights beside it."""
    if model.stat().st_size > _LARGEST_READ or data_file(model).exists():
        return str(model)
    return read_keeping_bytes(model) or str(model)


def upload_to(array: Array, memory: str, number: int, owner: str) -> DeviceArray:
    """Copy an array to a device; it is there when this returns.

    Args:
        array: what to copy.
        memory: kind of memory, `cuda` or `cpu`.
        number: of the device.
        owner: engine and device that the upload is for.
    """
    import onnxruntime as ort

    value = ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array), memory, number)
    return DeviceArray(array.shape, array.dtype, owner, value)


def run_bound(
    session: Any, feed: Feed, names: Sequence[str], memory: str, number: int
) -> list[Array]:
    """Run with the outputs kept on the device until all are computed, then fetch them together.

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
    """ONNX Runtime's settings of a session with this many CPU threads."""
    import onnxruntime as ort

    settings = ort.SessionOptions()
    settings.log_severity_level = _ERRORS_ONLY
    settings.intra_op_num_threads = threads
    # Left to itself, its threads go on spinning after a run, at the cost of reading frames, of the
    # other stage of a pair, and of other programs: docs/engines.md has the measurement.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return settings


def provider_of(kind: str, number: int) -> str | tuple[str, dict[str, str]]:
    """The provider to open a session with, and its settings where it has any.

    Args:
        kind: of device, a key of `_PROVIDERS`.
        number: of the device, where there may be several.
    """
    provider = _PROVIDERS[kind]
    if provider.memory is None:
        return provider.name
    return provider.name, {"device_id": str(number), **dict(provider.settings)}


def _checked(asked: str) -> tuple[str, str, int]:
    """Full name, kind and number of the device asked for; refuses one that is not served here."""
    device, number = find_device("ort", ENGINE, asked)
    kind = device.kind
    if _missing_provider(kind) is not None:
        fix = _both_wheels() or _PROVIDERS[kind].fix
        no_gpu = why_no_gpu() if _PROVIDERS[kind].memory == "cuda" else None
        fix += f" (but {no_gpu} here)" if no_gpu else ""
        raise EngineError(
            f"Device {asked!r}: ONNX Runtime here has no {_PROVIDERS[kind].name}. {fix}; or pass "
            "--device cpu."
        )
    return f"{kind}:{number}" if device.numbered else kind, kind, number


def _why_it_fell_back(kind: str, missing: str) -> str:
    """Why a provider that is there did not take a graph, and what to do."""
    provider = _PROVIDERS[kind]
    if provider.memory == "cuda" and (obstacle := why_no_gpu()) is not None:
        return f"{obstacle} here. Check the driver (`nvidia-smi`)"
    advice = cuda_advice() if kind == "cuda" else "Check the driver and the libraries it needs"
    of_which = f" ({missing})" if missing else ""
    return f"its libraries for {provider.name} could not be loaded{of_which}. {advice}"


def failures(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Exceptions of ONNX Runtime where it cannot open or run a graph, and those given."""
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    names = "Fail InvalidArgument InvalidGraph InvalidProtobuf NoSuchFile NotImplemented"
    return *more, *(getattr(errors, name) for name in (*names.split(), "RuntimeException"))


def _spec(value: Any) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) else None for size in value.shape)
    return TensorSpec(value.name, np.dtype(_DTYPES[value.type]), shape)
