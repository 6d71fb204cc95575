"""Graph modules to one self-contained `.onnx` file."""

import ast
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import onnx.compose
import torch

from sleap_rt.contract import METADATA_KEY, GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.export.graphs import Graph, GraphInput
from sleap_rt.export.legacy_graphs import LegacyGraph

OPSET = 18
_IR_VERSION = 10
_SCOPES_KEY = "pkg.torch.onnx.name_scopes"  # of the tracer's notes at a node
_LARGEST_BYTES = 1_500_000_000  # beyond this, weights go to a file beside (a protobuf holds 2 GiB)


def fuse(graph: Graph | LegacyGraph) -> onnx.ModelProto:
    """The whole method as one ONNX graph: sizing of frames, network, decoding.

    Raises:
        ModelError: the network holds something that cannot be expressed in ONNX.
    """
    with _quiet():
        sizing = graph.sizing()
    body = _trace(graph)
    sizing.ir_version = body.ir_version = _IR_VERSION
    handed_over = ("image", "eff_scale")
    _prefix_values(sizing.graph, "sizing/", keep="frames")
    io_map = [
        (value.name, name) for value, name in zip(sizing.graph.output, handed_over, strict=True)
    ]
    fused = onnx.compose.merge_models(sizing, body, io_map=io_map)
    fused.graph.name = "sleap_rt"
    del fused.opset_import[1:]  # merging keeps the one of both parts
    _name_nodes(fused.graph)
    _strip_debug_info(fused)
    return fused


def _trace(graph: Graph | LegacyGraph) -> onnx.ModelProto:
    """Trace network and decoding with free batch, and free sizes where the model leaves them."""
    inputs = graph.inputs()
    free = torch.export.Dim.DYNAMIC
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                graph.eval(),
                tuple(item.example for item in inputs),
                input_names=[item.name for item in inputs],
                output_names=list(graph.outputs),
                dynamic_shapes=tuple(dict.fromkeys(item.free_axes, free) for item in inputs),
                dynamo=True,
                opset_version=OPSET,
                verbose=False,
            )
    except torch.onnx.errors.OnnxExporterError as error:
        raise ModelError(f"the network cannot be expressed as an ONNX graph: {error}") from error
    assert program is not None  # it is None only when a file name is given
    proto: onnx.ModelProto = program.model_proto
    _name_axes(proto.graph, inputs)
    return proto


def save(proto: onnx.ModelProto, contract: GraphContract, path: Path) -> None:
    """Write a graph and its description of itself; the file appears complete or not at all."""
    del proto.metadata_props[:]
    proto.metadata_props.add(key=METADATA_KEY, value=contract.to_json())
    proto.producer_name, proto.producer_version = "sleap-rt", contract.provenance.exported_with
    if proto.ByteSize() > _LARGEST_BYTES:
        onnx.save(proto, path, save_as_external_data=True, location=f"{path.name}.data")
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".exporting-") as folder:
        complete = Path(folder) / path.name
        complete.write_bytes(proto.SerializeToString())
        os.replace(complete, path)


def _name_axes(graph: onnx.GraphProto, inputs: tuple[GraphInput, ...]) -> None:
    """Put the names of free axes in place of the tracer's symbols."""
    names = {}
    for value, item in zip(graph.input, inputs, strict=True):
        for axis, name in item.free_axes.items():
            names[value.type.tensor_type.shape.dim[axis].dim_param] = name
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in names:
                dim.dim_param = names[dim.dim_param]


def _prefix_values(graph: onnx.GraphProto, prefix: str, *, keep: str) -> None:
    """Keep the names of one graph apart from another's, in nested graphs too."""

    def renamed(name: str) -> str:
        return name if name in ("", keep) else prefix + name

    for node in graph.node:
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _prefix_values(attribute.g, prefix, keep=keep)
    for value in (*graph.initializer, *graph.value_info, *graph.input, *graph.output):
        value.name = renamed(value.name)


def _name_nodes(graph: onnx.GraphProto, prefix: str = "") -> None:
    """Every node gets a name of its own, which engines use in their messages.

    It begins with the module that the node was traced from, e.g. `network.heads.pafs.conv/Conv_7`.
    """
    for i, node in enumerate(graph.node):
        node.name = f"{prefix}{_module_of(node)}{node.op_type}_{i}"
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _name_nodes(attribute.g, f"{node.name}/{attribute.name}/")


def _module_of(node: onnx.NodeProto) -> str:
    for entry in node.metadata_props:
        if entry.key == _SCOPES_KEY:
            # A list as text: the modules from the outermost inwards, then the operation.
            *_, module, _ = ast.literal_eval(entry.value)
            return f"{module}/" if module else ""
    return ""


def _strip_debug_info(proto: onnx.ModelProto) -> None:
    """The tracer notes source lines at every node, with paths of the exporting machine."""
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    values = (*proto.graph.value_info, *proto.graph.input, *proto.graph.output)
    for item in (*values, *proto.graph.initializer):
        del item.metadata_props[:]
    del proto.graph.metadata_props[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """The tracer warns about optional packages and about its own internals."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
