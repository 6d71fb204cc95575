"""Which operators a graph may have: those that `sleap-nn export` writes.

A graph is a program, and ONNX knows operators that loop, allocate by a number in the file, or come
with an engine. Ours are plain arithmetic on tensors, and one kind of branch. Refusing the rest
before an engine sees it keeps a file of a kilobyte from taking hours.
"""

from collections.abc import Iterator

from sleap_rt.runtime.protobuf import Data, Place, fields, text, values, varint
from sleap_rt.untrusted import quoted

OPERATORS = frozenset(
    """
    Abs Add And ArgMax AveragePool BatchNormalization Cast Ceil Clip Concat Constant Conv
    ConvTranspose DequantizeLinear Div Equal Erf Expand Floor Gather GatherElements GatherND Gemm
    Greater GreaterOrEqual Identity If IsNaN LayerNormalization Less LessOrEqual MatMul Max MaxPool
    Min Mul Not Pad QuantizeLinear Range ReduceMax ReduceMean ReduceProd ReduceSum Relu Reshape
    Resize Round Shape Sigmoid Size Slice Softmax Split Sqrt Squeeze Sub TopK Transpose Unsqueeze
    Where
    """.split()  # noqa: SIM905 - sixty words are read more easily without quotes
)
_BRANCHES = {"then_branch", "else_branch"}
_DEEPEST = 4  # branches in branches; export writes two

# Field numbers of ONNX's ModelProto, GraphProto, NodeProto, AttributeProto and TensorProto.
_GRAPH, _FUNCTIONS, _TRAINING = 7, 25, 20
_NODE, _INITIALIZER, _SPARSE = 1, 5, 15
_OP_TYPE, _ATTRIBUTE, _DOMAIN = 4, 5, 7
_NAME, _TENSOR, _SUBGRAPH, _OTHER_KINDS = 1, 5, 6, (10, 11, 14, 22, 23)
_EXTERNAL, _LOCATION = 13, 14
_KEY, _VALUE = 1, 2


def external_locations(data: Data) -> set[str]:
    """Files that a graph's weights lie in, beside its own; empty where they are all in it.

    Args:
        data: a whole `.onnx` file.

    Raises:
        ValueError: it has an operator, a function or a kind of attribute that our graphs have not,
            or is damaged.
    """
    found = set()
    for field, place in fields(data, 0, len(data)):
        if field in (_FUNCTIONS, _TRAINING):
            raise ValueError("it holds functions or training, which no export of sleap-rt does")
        for tensor in _tensors(data, place) if field == _GRAPH else ():
            if any(varint(data, start)[0] for start, _ in values(data, tensor, _LOCATION)):
                found |= _locations(data, tensor)
    return found


def _locations(data: Data, tensor: Place) -> set[str]:
    pairs = [dict(fields(data, *entry)) for entry in values(data, tensor, _EXTERNAL)]
    named = [(text(data, pair[_KEY]), text(data, pair[_VALUE])) for pair in pairs]
    return {value for key, value in named if key == "location"} or {""}


def _tensors(data: Data, graph: Place, depth: int = 0) -> Iterator[Place]:
    """All weights and constants of a graph and its branches; checks the operators on the way."""
    if depth > _DEEPEST:
        raise ValueError(f"it has branches nested deeper than {_DEEPEST}")
    for field, place in fields(data, *graph):
        if field == _INITIALIZER:
            yield place
        elif field == _SPARSE:
            raise ValueError("it holds sparse weights, which no export of sleap-rt does")
        elif field == _NODE:
            yield from _tensors_of_node(data, place, depth)


def _tensors_of_node(data: Data, node: Place, depth: int) -> Iterator[Place]:
    for operator in values(data, node, _OP_TYPE):
        if (name := text(data, operator)) not in OPERATORS:
            raise ValueError(f"it has the operator {quoted(name)}, which no export of sleap-rt has")
    for domain in values(data, node, _DOMAIN):
        if text(data, domain) not in ("", "ai.onnx"):
            raise ValueError(f"it has an operator of {quoted(text(data, domain))}")
    for attribute in values(data, node, _ATTRIBUTE):
        for field, place in fields(data, *attribute):
            if field == _TENSOR:
                yield place
            elif field == _SUBGRAPH:
                names = {text(data, name) for name in values(data, attribute, _NAME)}
                if not names <= _BRANCHES:
                    raise ValueError("it has control flow other than the two branches of an If")
                yield from _tensors(data, place, depth + 1)
            elif field in _OTHER_KINDS:
                raise ValueError("it has a kind of attribute that no export of sleap-rt has")
