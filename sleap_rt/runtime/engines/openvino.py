"""OpenVINO: Intel and other x86 or ARM CPUs, and Intel GPUs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov

from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import Array, TensorSpec, check_feed, n_cores

DEVICES = "auto, cpu, gpu and gpu:N (an Intel GPU)"


class OpenVinoEngine:
    """One model compiled by OpenVINO, in float32.

    Args:
        model: an `.onnx` file.
        options: device and threads.

    Raises:
        EngineError: the device is not served here, or the model cannot be compiled for it.
    """

    def __init__(self, model: Path, options: EngineOptions) -> None:
        core = ov.Core()
        device = _device(options.device, core.available_devices)
        # Left to itself, OpenVINO computes in half precision where a device is faster with it.
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32"}
        if device == "CPU":
            settings["INFERENCE_NUM_THREADS"] = options.threads or n_cores()
        try:
            compiled = core.compile_model(core.read_model(model), device, settings)
            runs_on: list[str] = compiled.get_property("EXECUTION_DEVICES")
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot open {model} on {device}: {error}") from error
        if [name.partition(".")[0] for name in runs_on] != [device.partition(".")[0]]:
            raise EngineError(
                f"device {options.device!r} was asked for, but OpenVINO runs the model on "
                f"{', '.join(runs_on)}. Check the device's driver, or pass --device cpu."
            )
        self.device = _shown(device)
        self.inputs = tuple(_spec(port) for port in compiled.inputs)
        self.outputs = tuple(_spec(port) for port in compiled.outputs)
        self._request = compiled.create_infer_request()

    def run(
        self, feed: Mapping[str, Array], fetch: Sequence[str] | None = None
    ) -> dict[str, Array]:
        check_feed(self.inputs, feed)
        names = [spec.name for spec in self.outputs] if fetch is None else list(fetch)
        try:
            self._request.infer(dict(feed), share_inputs=True)
            return {name: self._request.get_tensor(name).data.copy() for name in names}
        except RuntimeError as error:
            raise EngineError(f"OpenVINO failed: {error}") from error

    def close(self) -> None:
        del self._request


open_engine = OpenVinoEngine


def _device(asked: str, available: Sequence[str]) -> str:
    """OpenVINO's own name for a device."""
    kind, _, number = asked.partition(":")
    if kind in ("auto", "cpu") and not number:
        return "CPU"
    if kind != "gpu" or not (number.isdigit() or not number):
        raise EngineError(f"engine 'openvino' cannot run on device {asked!r}; it serves {DEVICES}")
    gpus = [name for name in available if name.startswith("GPU")]
    device = f"GPU.{number}" if number else "GPU"
    if not gpus or (number and device not in gpus and not (number == "0" and gpus == ["GPU"])):
        raise EngineError(
            f"device {asked!r} was asked for, but OpenVINO here offers only "
            f"{', '.join(available)}. Install the driver of the Intel GPU, or pass --device cpu."
        )
    return device if device in gpus else gpus[0]


def _shown(device: str) -> str:
    kind, _, number = device.partition(".")
    return kind.lower() + (f":{number}" if number else "")


def _spec(port: Any) -> TensorSpec:
    shape = tuple(size.get_length() if size.is_static else None for size in port.partial_shape)
    return TensorSpec(port.any_name, np.dtype(port.element_type.to_dtype()), shape)
