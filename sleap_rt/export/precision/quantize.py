"""Networks in int8: pairs of QuantizeLinear and DequantizeLinear around the layers of a graph."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import onnx
import onnx_ir as ir
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from sleap_rt.errors import ModelError
from sleap_rt.export.graph.part import strip_notes
from sleap_rt.export.proof.graph_run import Feed
from sleap_rt.libraries.root_log import kept_root_log

_LAYERS = ("Conv", "ConvTranspose", "MatMul", "Gemm")  # operators that have weights
_NETWORK = "network/"  # what names of the network's nodes begin with


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
            "This network has no layers that can be quantized to int8. Export it with "
            "--precision fp16 or fp32."
        )
    with tempfile.TemporaryDirectory() as folder, kept_root_log():
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
        found = _in_order(onnx.load(Path(folder) / path.name))
    strip_notes(found.graph)  # types do not hold where an engine keeps frames as bytes
    return found


def _in_order(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with its nodes in the order of computation, as ONNX wants them.

    ONNX Runtime's quantizer sorts nodes but overlooks what the branches of an `If` read from
    outside. OpenVINO then cannot open the graph where it is read from memory.
    """
    sorted_model = ir.from_proto(model)
    sorted_model.graph.sort()
    return ir.to_proto(sorted_model)


def layers_to_quantize(graph: onnx.GraphProto) -> list[str]:
    """Names of the network's layers but the first and the last ones.

    The last ones are those with no other layer between them and an output of the graph: they give
    the maps whose peaks are looked for. The first ones see the image.
    """
    layers = layers_of_network(graph)
    ends = [*first_layers(graph, layers), *last_layers(graph, layers)]
    return [node.name for node in layers if node not in ends]


def layers_of_network(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Nodes with weights that come from the network's modules, in the order of computation."""
    constants = {weights.name for weights in graph.initializer}
    return [
        node
        for node in graph.node
        if node.op_type in _LAYERS and node.name.startswith(_NETWORK) and node.input[1] in constants
    ]


def first_layers(graph: onnx.GraphProto, layers: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Layers that the image reaches without passing another one."""
    names = {node.name for node in layers}
    reached = {value.name for value in graph.input}
    for node in graph.node:  # in the order of computation
        if node.name not in names and reached & set(node.input):
            reached |= set(node.output)
    return [node for node in layers if node.input[0] in reached]


def last_layers(graph: onnx.GraphProto, layers: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Layers from which an output is reached without passing another one."""
    names = {node.name for node in layers}
    reached = {value.name for value in graph.output}
    for node in reversed(graph.node):
        if node.name not in names and reached & set(node.output):
            reached |= set(node.input)
    return [node for node in layers if reached & set(node.output)]


class _Feeds(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    def __init__(self, feeds: Iterable[Feed], inputs: Sequence[str]) -> None:
        self._feeds, self._inputs = iter(feeds), inputs

    def get_next(self) -> Feed | None:
        feed = next(self._feeds, None)
        return None if feed is None else {name: feed[name] for name in self._inputs}
