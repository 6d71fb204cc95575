"""Cuts a graph into what comes before its network, the network, and what comes after it.

An ONNX file is a list of nodes whose values pass by name. A piece of it is a file with fewer nodes
and other inputs and outputs, so that the nodes are copied as they are, and nothing of them but
their names is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sleap_rt.contract import GraphPart
from sleap_rt.runtime.protobuf import Place, fields, message

# Field numbers of ONNX's ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto and
# ValueInfoProto (onnx.proto3), of the types in it, and the number of a data type.
_GRAPH, _METADATA_PROPS = 7, 14
_NODE, _GRAPH_NAME, _INITIALIZER, _INPUT, _OUTPUT = 1, 2, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _ATTRIBUTE = 1, 2, 5
_BRANCH = 6  # the graph of an attribute
_TENSOR_NAME, _VALUE_NAME, _TYPE = 8, 1, 2
_TENSOR, _ELEM_TYPE, _FLOAT = 1, 1, 1


@dataclass(frozen=True)
class Piece:
    """A graph by itself.

    Attributes:
        content: of an `.onnx` file.
        inputs: that it reads, inputs of the whole graph or values of the pieces ahead of it.
        outputs: that it gives.
    """

    content: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Pieces:
    """A graph in three pieces, in the order in which they run."""

    before: Piece
    network: Piece
    after: Piece


@dataclass(frozen=True)
class _Node:
    content: bytes
    reads: frozenset[str]  # also what its branches read
    gives: frozenset[str]


class _Graph:
    """The lists of a graph, and what stands around them in its file."""

    def __init__(self, content: bytes) -> None:
        self.around = b""  # the model's fields besides its graph
        self.nodes: list[_Node] = []
        self.constants: dict[str, bytes] = {}
        self.inputs: dict[str, bytes] = {}
        self.outputs: dict[str, bytes] = {}
        start = 0
        for field, place in fields(content, 0, len(content)):
            if field == _GRAPH:
                self._read(content, place)
            elif field != _METADATA_PROPS:
                self.around += content[start : place[1]]
            start = place[1]

    def _read(self, content: bytes, graph: Place) -> None:
        named = {
            _INITIALIZER: (self.constants, _TENSOR_NAME),
            _INPUT: (self.inputs, _VALUE_NAME),
            _OUTPUT: (self.outputs, _VALUE_NAME),
        }
        for field, place in fields(content, *graph):
            if field == _NODE:
                self.nodes.append(_node(content, place))
            elif field in named:
                found, name = named[field]
                found[_text(content, dict(fields(content, *place))[name])] = content[slice(*place)]

    def piece(self, given: Sequence[str], wanted: Sequence[str]) -> Piece:
        """What computes the wanted values from the given ones and the graph's inputs."""
        needed = set(wanted)
        nodes = []
        for node in reversed(self.nodes):
            if node.gives & needed.difference(given):
                nodes.append(node)
                needed |= node.reads
        inputs = tuple(name for name in dict.fromkeys((*self.inputs, *given)) if name in needed)
        graph = message(
            *((_NODE, node.content) for node in reversed(nodes)),
            (_GRAPH_NAME, b"piece"),
            *((_INITIALIZER, self.constants[name]) for name in self.constants if name in needed),
            *((_INPUT, self.inputs.get(name) or _floats(name)) for name in inputs),
            *((_OUTPUT, self.outputs.get(name) or _floats(name)) for name in wanted),
        )
        return Piece(self.around + message((_GRAPH, graph)), inputs, tuple(wanted))


def cut(content: bytes, parts: Sequence[GraphPart]) -> Pieces:
    """Cut a graph in front of its network and behind it.

    Args:
        content: of an `.onnx` file.
        parts: as its contract lists them; what passes between them is float32.
    """
    graph = _Graph(content)
    (network,) = (part for part in parts if part.name == "network")
    ahead = parts[: parts.index(network)]
    passed = [name for part in ahead for name in part.outputs]
    behind = {name for part in parts[parts.index(network) + 1 :] for name in part.inputs}
    wanted = [name for name in passed if name in behind or name in network.inputs]
    decoded = [name for name in graph.outputs if name not in network.outputs]
    return Pieces(
        before=graph.piece((), wanted),
        network=graph.piece(network.inputs, network.outputs),
        after=graph.piece((*passed, *network.outputs), decoded),
    )


def _node(content: bytes, place: Place) -> _Node:
    reads, gives = _names(content, place)
    return _Node(content[slice(*place)], frozenset(reads), frozenset(gives))


def _names(content: bytes, node: Place) -> tuple[set[str], set[str]]:
    """Values that a node reads, with those that the nodes of its branches read, and that it gives.

    What a branch computes for itself is among them; no value outside has the same name.
    """
    reads: set[str] = set()
    gives: set[str] = set()
    for field, place in fields(content, *node):
        if field in (_NODE_INPUT, _NODE_OUTPUT):
            (reads if field == _NODE_INPUT else gives).add(_text(content, place))
        elif field == _ATTRIBUTE:
            for name, branch in fields(content, *place):
                for part, inner in fields(content, *branch) if name == _BRANCH else ():
                    if part == _NODE:
                        reads |= _names(content, inner)[0]
                    elif part == _OUTPUT:
                        reads.add(_text(content, dict(fields(content, *inner))[_VALUE_NAME]))
    return reads, gives


def _floats(name: str) -> bytes:
    """A value of floats of any shape."""
    tensor = message((_ELEM_TYPE, _FLOAT))
    return message((_VALUE_NAME, name.encode()), (_TYPE, message((_TENSOR, tensor))))


def _text(content: bytes, place: Place) -> str:
    return content[slice(*place)].decode()
