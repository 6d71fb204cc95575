"""ONNX Runtime: any CPU, and NVIDIA GPUs through its CUDA provider."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import Array, TensorSpec

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


class OrtEngine:
    """One ONNX Runtime session.

    Args:
        model: an `.onnx` file.
        options: device and threads.

    Raises:
        EngineError: the device is not served here, or the session cannot be opened on it.
    """

    def __init__(self, model: Path, options: EngineOptions) -> None:
        provider, device = _provider(options.device)
        settings = ort.SessionOptions()
        settings.log_severity_level = _ERRORS_ONLY
        settings.intra_op_num_threads = options.threads or _n_cores()
        try:
            self._session = ort.InferenceSession(str(model), settings, providers=[provider])
        except _FAILURES as error:
            raise EngineError(f"ONNX Runtime cannot open {model}: {error}") from error
        wanted = provider if isinstance(provider, str) else provider[0]
        found = self._session.get_providers()
        if found[0] != wanted:
            raise EngineError(
                f"device {options.device!r} was asked for, but ONNX Runtime fell back to "
                f"{found[0]}; its libraries for {wanted} could not be loaded. Check the driver and "
                "CUDA installation, or pass --device cpu."
            )
        self.device = device
        self.inputs = tuple(_spec(value) for value in self._session.get_inputs())
        self.outputs = tuple(_spec(value) for value in self._session.get_outputs())

    def run(
        self, feed: Mapping[str, Array], fetch: Sequence[str] | None = None
    ) -> dict[str, Array]:
        names = [spec.name for spec in self.outputs] if fetch is None else list(fetch)
        try:
            return dict(zip(names, self._session.run(names, dict(feed)), strict=True))
        except _RUN_FAILURES as error:
            raise EngineError(f"ONNX Runtime failed: {error}") from error

    def close(self) -> None:
        del self._session


open_engine = OrtEngine


def _provider(device: str) -> tuple[str | tuple[str, dict[str, Any]], str]:
    """The execution provider for a device, and the device's full name."""
    available = ort.get_available_providers()
    has_cuda = "CUDAExecutionProvider" in available
    if device == "auto":
        device = "cuda" if has_cuda else "cpu"
    if device == "cpu":
        return "CPUExecutionProvider", "cpu"
    kind, _, number = device.partition(":")
    if kind == "cuda" and (number.isdigit() or not number):
        if not has_cuda:
            raise EngineError(
                f"device {device!r} was asked for, but ONNX Runtime here offers only "
                f"{', '.join(available)}. Install onnxruntime-gpu in place of onnxruntime "
                "(`pip install 'sleap-rt[gpu]'`), or pass --device cpu."
            )
        return ("CUDAExecutionProvider", {"device_id": int(number or 0)}), f"cuda:{number or 0}"
    raise EngineError(
        f"engine 'ort' cannot run on device {device!r}; it serves auto, cpu, cuda and cuda:N"
    )


def _n_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _spec(value: Any) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) else None for size in value.shape)
    return TensorSpec(value.name, np.dtype(_DTYPES[value.type]), shape)
