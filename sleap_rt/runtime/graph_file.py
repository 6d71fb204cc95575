"""An exported `.onnx` file and what it says about itself."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.contract import BYTES_NODE, METADATA_KEY, GraphContract
from sleap_rt.errors import ModelError

# Field numbers of ONNX's ModelProto, StringStringEntryProto, GraphProto, NodeProto and
# AttributeProto (onnx.proto3), and the number of a data type.
_METADATA_PROPS, _KEY, _VALUE = 14, 1, 2
_GRAPH, _NODE, _NODE_NAME, _ATTRIBUTE, _INT = 7, 1, 3, 5, 3
_UINT8 = 2
# Of GraphProto, ValueInfoProto, TypeProto, its Tensor, TensorShapeProto and its Dimension.
_INPUT, _INPUT_NAME, _TYPE, _TENSOR, _DATA_TYPE, _SHAPE, _DIM, _SIZE = 11, 1, 2, 1, 1, 2, 1, 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # protobuf wire types
_Data = mmap.mmap | bytearray


@dataclass(frozen=True)
class GraphFile:
    """One exported graph.

    Attributes:
        path: of the `.onnx` file.
        contract: its description of itself, checked.
    """

    path: Path
    contract: GraphContract


@dataclass(frozen=True)
class GraphInput:
    """One input that a graph declares, read or not.

    Attributes:
        name: as the graph has it.
        data_type: ONNX's number of it.
        shape: sizes; None where free.
    """

    name: str
    data_type: int
    shape: tuple[int | None, ...]


def read_graph_file(path: Path) -> GraphFile:
    """Read and check a file's description of itself, without opening an engine.

    Raises:
        ModelError: there is no such file, it is no ONNX file, or sleap-rt did not export it.
    """
    try:
        metadata = read_metadata(path)
    except FileNotFoundError as error:
        raise ModelError(f"{path} does not exist; expected an exported `.onnx` file.") from error
    except (OSError, ValueError, IndexError) as error:
        raise ModelError(f"{path}: not a readable ONNX file ({error}). Export it again.") from error
    if METADATA_KEY not in metadata:
        raise ModelError(
            f"{path} was not exported by sleap-rt: it carries no {METADATA_KEY!r} metadata, so its "
            "pre-processing and decoding are unknown. Export the trained model with "
            "`sleap-nn export`."
        )
    try:
        return GraphFile(path, GraphContract.from_json(metadata[METADATA_KEY]))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def read_metadata(path: Path) -> dict[str, str]:
    """The file's key-value pairs; its graph is skipped, not parsed."""
    with path.open("rb") as file:
        if not file.seek(0, 2):
            raise ValueError("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found = {}
            for field, entry in _fields(data, 0, len(data)):
                if field == _METADATA_PROPS:
                    pair = dict(_fields(data, *entry))
                    key, value = (data[slice(*pair[name])] for name in (_KEY, _VALUE))
                    found[key.decode()] = value.decode()
            return found


def read_inputs(path: Path) -> tuple[GraphInput, ...]:
    """The inputs that a graph declares, in its order; nothing else of it is parsed."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return tuple(
            _graph_input(data, value)
            for field, graph in _fields(data, 0, len(data))
            if field == _GRAPH
            for part, value in _fields(data, *graph)
            if part == _INPUT
        )


def _graph_input(data: _Data, place: tuple[int, int]) -> GraphInput:
    value = dict(_fields(data, *place))
    tensor = dict(_fields(data, *dict(_fields(data, *value[_TYPE]))[_TENSOR]))
    sizes = [
        dict(_fields(data, *dim)).get(_SIZE)
        for field, dim in _fields(data, *tensor[_SHAPE])
        if field == _DIM
    ]
    return GraphInput(
        data[slice(*value[_INPUT_NAME])].decode(),
        _varint(data, tensor[_DATA_TYPE][0])[0],
        tuple(None if size is None else _varint(data, size[0])[0] for size in sizes),
    )


def read_keeping_bytes(path: Path) -> bytes | None:
    """A graph whose frames stay bytes until they are cut or transposed; None where it has none.

    Graphs make floats of whole frames first, since some engines take bytes in no other operator.
    Where an engine takes them, moving and converting four times as much is a waste.

    Args:
        path: of the `.onnx` file.
    """
    content = bytearray(path.read_bytes())
    for field, graph in _fields(content, 0, len(content)):
        for part, node in _fields(content, *graph) if field == _GRAPH else ():
            if part == _NODE and _is_named(content, node, BYTES_NODE):
                (to,) = (
                    value
                    for name, attribute in _fields(content, *node)
                    if name == _ATTRIBUTE
                    for key, value in _fields(content, *attribute)
                    if key == _INT
                )
                content[to[0]] = _UINT8
                return bytes(content)
    return None


def _is_named(data: _Data, node: tuple[int, int], name: str) -> bool:
    return any(
        field == _NODE_NAME and data[slice(*value)] == name.encode()
        for field, value in _fields(data, *node)
    )


def _fields(data: _Data, start: int, end: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """(field number, (start, end) of its value) of a protobuf message."""
    position = start
    while position < end:
        tag, position = _varint(data, position)
        field, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value = position
            _, position = _varint(data, position)
            yield field, (value, position)
        elif wire_type == _BYTES:
            length, position = _varint(data, position)
            if position + length > end:
                raise ValueError("the file is truncated")
            yield field, (position, position + length)
            position += length
        elif wire_type in (_FIXED64, _FIXED32):
            position += 8 if wire_type == _FIXED64 else 4
        else:
            raise ValueError("it does not follow the ONNX format")


def _varint(data: _Data, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
