"""OpenVINO: Intel and other x86 or ARM CPUs, and Intel GPUs."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.errors import EngineError
from sleap_rt.libraries.signal_stack import kept_signal_stack
from sleap_rt.libraries.telemetry import imported_without
from sleap_rt.machine.cores import available_cores
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines.interface import (
    Array,
    Declaration,
    Device,
    Feed,
    TensorSpec,
    check_feed,
    find_device,
    is_installed,
    tensor_specs,
)
from sleap_rt.runtime.graph_file import read_inputs, read_keeping_bytes

_MOST_SIZES = 8  # compiled models that are kept


def why_not(kind: str) -> str | None:
    """Why OpenVINO does not serve a kind of device here; None where it does."""
    if not is_installed("openvino"):
        return "OpenVINO is not installed"
    if kind == "cpu":
        return None
    _, found = _core_and_devices()
    return None if any(map(_is_gpu, found)) else "OpenVINO finds no Intel GPU"


ENGINE = Declaration(
    product="OpenVINO",
    install="Install it with `pip install 'sleap-rt[openvino]'`.",
    packages=("openvino",),
    devices=(
        Device(kind="gpu", title="an Intel GPU", numbered=True, without=("threads",)),
        Device(kind="cpu", title="a CPU", place=20, int8_place=5),
    ),
    options=("threads",),
    why_not=why_not,
)


class OpenVinoEngine:
    """One model compiled by OpenVINO in float32, anew for each frame size.

    Frame sizes are fixed before compiling because OpenVINO (seen with 2026.4) computes the first
    run at a new size wrongly where a graph branches on the size, as ours do.

    Args:
        model: an `.onnx` file.
        options: device and threads.

    Raises:
        EngineError: the device is not served here, or the model cannot be compiled for it.
    """

    def __init__(self, model: Path, options: EngineOptions) -> None:
        self._core, devices = _core_and_devices()
        self._target = _device(options.device, devices)
        # Left to itself, OpenVINO computes in half precision where a device is faster with it.
        self._settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32"}
        if self._target == "CPU":
            self._settings["INFERENCE_NUM_THREADS"] = options.threads or available_cores().n
            self._settings["ENABLE_CPU_PINNING"] = False  # all lanes would share the same cores
        try:
            self._model = self._core.read_model(read_keeping_bytes(model) or model)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"OpenVINO cannot open {model}: {error}") from error
        _keep_apart_from_concat(self._model)
        self.device = _shown(self._target)
        # OpenVINO's own list lacks the inputs that nothing in the graph reads.
        self.inputs = tensor_specs(read_inputs(model))
        self._read = [port.any_name for port in self._model.inputs]
        self.outputs = tuple(_spec(port) for port in self._model.outputs)
        self._requests: OrderedDict[tuple[tuple[int, ...], tuple[str, ...]], Any] = OrderedDict()

    def upload(self, array: Array) -> Array:
        return array  # an Intel GPU shares its memory with the CPU, mostly

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        check_feed(self.inputs, feed)
        names = [spec.name for spec in self.outputs] if fetch is None else list(fetch)
        try:
            request = self._request(feed["frames"].shape[1:], tuple(names))
            request.infer({name: feed[name] for name in self._read}, share_inputs=True)
            return {name: request.get_tensor(name).data.copy() for name in names}
        except RuntimeError as error:
            raise EngineError(f"OpenVINO failed: {error}") from error

    def close(self) -> None:
        self._requests.clear()

    def _request(self, frame_shape: tuple[int, ...], names: tuple[str, ...]) -> Any:
        """What computes these outputs of (height, width, channels) frames; the last few are kept.

        Maps that nobody fetches would be brought into the order of an output in vain.
        """
        key = (frame_shape, names)
        if key not in self._requests:
            ov = loaded_openvino()
            model = self._model.clone()
            for result in model.get_results():
                if result.input_value(0).any_name not in names:
                    model.remove_result(result)
            model.reshape({"frames": ov.PartialShape([-1, *frame_shape])})
            with kept_signal_stack():
                compiled = self._core.compile_model(model, self._target, self._settings)
            runs_on: list[str] = compiled.get_property("EXECUTION_DEVICES")
            if [name.partition(".")[0] for name in runs_on] != [self._target.partition(".")[0]]:
                raise EngineError(
                    f"OpenVINO runs the model on {', '.join(runs_on)} in place of {self._target}. "
                    "Check the device's driver, or pass --device cpu."
                )
            self._requests[key] = compiled.create_infer_request()
        self._requests.move_to_end(key)
        if len(self._requests) > _MOST_SIZES:
            self._requests.popitem(last=False)
        return self._requests[key]


open_engine = OpenVinoEngine


def loaded_openvino() -> Any:
    """The library, which left to itself tells a web service that it was imported."""
    return imported_without("openvino_telemetry", "openvino")


def _core_and_devices() -> tuple[Any, list[str]]:
    with kept_signal_stack():
        core = loaded_openvino().Core()
        return core, core.available_devices  # which loads the parts for these


def _keep_apart_from_concat(model: Any) -> None:
    """Put a pooling of single cells, which changes nothing, between concatenation and int8.

    OpenVINO (seen with 2026.4) moves a quantization ahead of the concatenation that it follows, and
    loses its scale on the way: values are rounded to whole numbers. Past a pooling it moves none.
    """
    ov = loaded_openvino()
    for node in model.get_ops():
        if node.get_type_name() != "Concat":
            continue
        for reader in node.output(0).get_target_inputs():
            if reader.get_node().get_type_name() == "FakeQuantize":
                ones = [1] * (len(node.output(0).partial_shape) - 2)
                zeros = [0] * len(ones)
                pooled = ov.opset1.max_pool(node, ones, zeros, zeros, ones)
                reader.replace_source_output(pooled.output(0))


def _device(asked: str, available: Sequence[str]) -> str:
    """OpenVINO's own name for a device."""
    found, _ = find_device("openvino", ENGINE, asked)
    if found.kind == "cpu":
        return "CPU"
    number = asked.partition(":")[2]
    gpus = list(filter(_is_gpu, available))
    device = f"GPU.{number}" if number else "GPU"
    if not gpus or (number and device not in gpus and not (number == "0" and gpus == ["GPU"])):
        raise EngineError(
            f"Device {asked!r}: OpenVINO here offers only {', '.join(available)}. Install the "
            "driver of the Intel GPU, or pass --device cpu. "
            "For an NVIDIA GPU, pass --device cuda."
        )
    return device if device in gpus else gpus[0]


def _is_gpu(name: str) -> bool:
    return name.startswith("GPU")


def _shown(device: str) -> str:
    kind, _, number = device.partition(".")
    return kind.lower() + (f":{number}" if number else "")


def _spec(port: Any) -> TensorSpec:
    shape = tuple(size.get_length() if size.is_static else None for size in port.partial_shape)
    return TensorSpec(port.any_name, np.dtype(port.element_type.to_dtype()), shape)
