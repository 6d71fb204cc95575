"""Networks in int8: pairs of QuantizeLinear and DequantizeLinear around the layers of a graph."""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from sleap_rt.errors import ModelError

Feed = Mapping[str, NDArray[np.generic]]
_LAYERS = ("Conv", "ConvTranspose", "MatMul", "Gemm")  # operators that have weights
_NETWORK = "network."  # what names of nodes begin with, where they come from a network's modules


def quantized(path: Path, feeds: Iterable[Feed]) -> onnx.ModelProto:
    """A graph whose network computes in int8.

    Activations are symmetric, one range for each tensor; weights are symmetric, one range for each
    channel; biases stay float32. Only what enters a layer is quantized, so that an engine can join
    a layer, its activation function and the next one's quantization. TensorRT asks for all of this.

    Args:
        path: the float32 graph.
        feeds: the graph's inputs, and perhaps others, one run each; the largest values seen become
            the ranges.

    Raises:
        ModelError: no layer of the graph can be quantized.
    """
    model = onnx.load(path)
    layers = layers_to_quantize(model.graph)
    if not layers:
        raise ModelError(
            "this network has no layers that can be quantized to int8. Export it with "
            "--precision fp16 or fp32."
        )
    with tempfile.TemporaryDirectory() as folder, _quiet():
        quantize_static(
            model,
            Path(folder) / path.name,
            _Feeds(feeds, [value.name for value in model.graph.input]),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(_LAYERS),
            nodes_to_quantize=layers,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,
                "OpTypesToExcludeOutputQuantization": list(_LAYERS),
            },
        )
        return onnx.load(Path(folder) / path.name)


def layers_to_quantize(graph: onnx.GraphProto) -> list[str]:
    """Names of the network's layers but the first and the last ones.

    The last ones are those with no other layer between them and an output of the graph: they give
    the maps whose peaks are looked for. The first ones see the image.
    """
    layers = [node for node in graph.node if _is_layer(node, graph)]
    ends = {node.name for node in _first(graph, layers)} | {
        node.name for node in _last(graph, layers)
    }
    return [node.name for node in layers if node.name not in ends]


def _is_layer(node: onnx.NodeProto, graph: onnx.GraphProto) -> bool:
    if node.op_type not in _LAYERS or not node.name.startswith(_NETWORK):
        return False
    return any(node.input[1] == weights.name for weights in graph.initializer)


def _first(graph: onnx.GraphProto, layers: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Layers that the image reaches without passing another one."""
    names = {node.name for node in layers}
    open_values = {value.name for value in graph.input}
    for node in graph.node:  # in the order of computation
        if node.name not in names and open_values & set(node.input):
            open_values |= set(node.output)
    return [node for node in layers if node.input[0] in open_values]


def _last(graph: onnx.GraphProto, layers: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Layers from which an output is reached without passing another one."""
    names = {node.name for node in layers}
    open_values = {value.name for value in graph.output}
    for node in reversed(graph.node):
        if node.name not in names and open_values & set(node.output):
            open_values |= set(node.input)
    return [node for node in layers if open_values & set(node.output)]


class _Feeds(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    def __init__(self, feeds: Iterable[Feed], inputs: Sequence[str]) -> None:
        self._feeds, self._inputs = iter(feeds), inputs

    def get_next(self) -> Feed | None:
        feed = next(self._feeds, None)
        return None if feed is None else {name: feed[name] for name in self._inputs}


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantizer advises a preparation that would undo the names of nodes."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(disabled)
