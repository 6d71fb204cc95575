"""A graph is a chain of named parts, each of them an ONNX model by itself.

A function writes a part operator by operator: it gets an operator set and the part's inputs, and
returns its outputs. Values add, subtract, multiply and divide with the usual signs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import onnx
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.passes.common import CommonSubexpressionEliminationPass, RemoveUnusedNodesPass
from onnxscript import GraphBuilder

OPSET = 18
IR_VERSION = 10
Value: TypeAlias = ir.Value
Op = Any  # onnxscript's OpBuilder: `op.Name(*inputs, **attributes)` writes a node
FLOAT, INT32, INT64, UINT8, BOOL = (
    ir.DataType[name] for name in ("FLOAT", "INT32", "INT64", "UINT8", "BOOL")
)


NONE = float("nan")  # where there is no peak; one object, as the builder keeps constants by value


@dataclass(frozen=True)
class TensorType:
    """Type of a part's input.

    Attributes:
        dtype: of its elements.
        shape: sizes, or names of free ones.
    """

    dtype: ir.DataType
    shape: tuple[int | str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One link of the chain.

    Attributes:
        name: its nodes' names begin with it; a chain's parts have those of `GraphPart`.
        inputs: name -> type, in the order in which `write` takes them.
        outputs: names of what `write` returns.
        write: (operators, *inputs) -> outputs.
    """

    name: str
    inputs: Mapping[str, TensorType]
    outputs: tuple[str, ...]
    write: Callable[..., tuple[Value, ...]]


def model_of(
    parts: Sequence[Part],
    outputs: Sequence[str] | None = None,
    *,
    inputs: Sequence[str] = (),
) -> onnx.ModelProto:
    """Parts joined into one ONNX model; values pass between them by name.

    Args:
        parts: in the order in which they run. An input that no earlier part gives is an input of
            the model.
        outputs: of the model; those of the last part if None.
        inputs: of the model that come first, in this order.
    """
    graph = ir.Graph([], [], nodes=[], opset_imports={"": OPSET}, name="sleap_rt")
    builder = GraphBuilder(graph)
    values: dict[str, Value] = {}
    for part in parts:
        for name, kind in part.inputs.items():
            if name not in values:
                values[name] = builder.input(name, kind.dtype, kind.shape)
        with _writing(builder.op):
            builder.push_module(part.name)
            found = part.write(builder.op, *(values[name] for name in part.inputs))
            builder.pop_module()
        for name, value in zip(part.outputs, found, strict=True):
            value.name = name
            values[name] = value
    for name in parts[-1].outputs if outputs is None else outputs:
        builder.add_output(values[name], name)
    first = [values[name] for name in inputs]
    graph.inputs[:] = [*first, *(value for value in graph.inputs if value not in first)]
    return _proto(graph)


def constant(op: Op, array: NDArray[Any]) -> Value:
    """An array that is part of the graph."""
    n = len(op.builder.root.graph.initializers)
    return op.initializer(ir.tensor(array, name=f"constant_{n}"))


def length(op: Op, value: Value, axis: int) -> Value:
    """Length of an axis, () int64."""
    return op.Squeeze(op.Shape(value, start=axis, end=axis + 1))


def choose(
    op: Op,
    condition: Value,
    then: Callable[[Op], tuple[Value, ...]],
    otherwise: Callable[[Op], tuple[Value, ...]],
) -> tuple[Value, ...]:
    """Compute one of two branches.

    Each branch should end in operators that compute: a branch that returns a value from outside
    copies it.
    """
    branches = [_branch(op, write, name) for write, name in ((then, "then"), (otherwise, "else"))]
    n_outputs = len(branches[0].outputs)
    found = op.If(condition, then_branch=branches[0], else_branch=branches[1], _outputs=n_outputs)
    values = tuple(found) if n_outputs > 1 else (found,)
    for value, inside in zip(values, branches[0].outputs, strict=True):
        value.type = inside.type
    return values


def _branch(op: Op, write: Callable[[Op], tuple[Value, ...]], name: str) -> ir.Graph:
    path = f"{op.builder.graph.name}.{name}"  # whole: names of values begin with it
    graph = ir.Graph([], [], nodes=[], opset_imports={"": OPSET}, name=path)
    inner = GraphBuilder(graph, parent=op.builder)
    inner.push_module(path)
    with _writing(inner.op):
        graph.outputs.extend(write(inner.op))
    return graph


@contextmanager
def _writing(op: Op) -> Iterator[None]:
    """Inside, `a + b` writes a node with these operators."""
    outer = ir.set_value_magic_handler(op)
    try:
        yield
    finally:
        ir.set_value_magic_handler(outer)


def _proto(graph: ir.Graph) -> onnx.ModelProto:
    model = ir.Model(graph, ir_version=IR_VERSION)
    RemoveUnusedNodesPass()(model)
    CommonSubexpressionEliminationPass()(model)
    proto = ir.to_proto(model)
    strip_notes(proto.graph)
    return proto


def strip_notes(graph: onnx.GraphProto) -> None:
    """Drop inferred types and notes on nodes: engines do not need them."""
    del graph.value_info[:]
    for node in graph.node:
        del node.metadata_props[:]
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                strip_notes(attribute.g)
