"""Joins ONNX graphs into one, by the names of what passes between them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import onnx
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from sleap_rt.export.graph.part import IR_VERSION, OPSET


@dataclass(frozen=True)
class Piece:
    """A graph that becomes a part of another one.

    Attributes:
        proto: the graph.
        prefix: of its own names in the whole.
        names: of some of its inputs and outputs in the whole; these get no prefix.
    """

    proto: onnx.ModelProto
    prefix: str
    names: Mapping[str, str]

    def in_whole(self, name: str) -> str:
        if not name:  # an optional input that is left out
            return name
        return self.names.get(name, self.prefix + name)


def join(pieces: Sequence[Piece], inputs: Sequence[str], outputs: Sequence[str]) -> onnx.ModelProto:
    """One graph of several, which run one after the other.

    Args:
        pieces: in the order in which they run.
        inputs: of the whole, by their names in it.
        outputs: the same.
    """
    graph = onnx.GraphProto(name="sleap_rt")
    values: dict[str, onnx.ValueInfoProto] = {}
    for piece in pieces:
        part = onnx.GraphProto()
        part.CopyFrom(piece.proto.graph)
        _rename(part, piece.in_whole)
        graph.node.extend(part.node)
        graph.initializer.extend(part.initializer)
        values |= {value.name: value for value in (*part.input, *part.output)}
    graph.input.extend(values[name] for name in inputs)
    graph.output.extend(values[name] for name in outputs)
    opset = onnx.helper.make_opsetid("", OPSET)
    whole = ir.from_proto(
        onnx.helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    )
    RemoveUnusedNodesPass()(whole)  # of outputs that nobody takes
    return ir.to_proto(whole)


def _rename(graph: onnx.GraphProto, name_of: Callable[[str], str]) -> None:
    """Rename all there is in a graph and its branches."""
    for named in (*graph.initializer, *graph.input, *graph.output):
        named.name = name_of(named.name)
    for node in graph.node:
        node.name = name_of(node.name)
        for names in (node.input, node.output):
            names[:] = [name_of(name) for name in names]
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _rename(attribute.g, name_of)
