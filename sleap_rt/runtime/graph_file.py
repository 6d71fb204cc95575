"""An exported `.onnx` file and what it says about itself."""

import mmap
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.contract import BYTES_NODE, METADATA_KEY, GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.runtime.protobuf import Data, fields, varint

# Field numbers of ONNX's ModelProto, StringStringEntryProto, GraphProto, NodeProto and
# AttributeProto (onnx.proto3), and the number of a data type.
_METADATA_PROPS, _KEY, _VALUE = 14, 1, 2
_GRAPH, _NODE, _NODE_NAME, _ATTRIBUTE, _INT = 7, 1, 3, 5, 3
_UINT8 = 2
# Of GraphProto, ValueInfoProto, TypeProto, its Tensor, TensorShapeProto and its Dimension.
_INPUT, _OUTPUT = 11, 12
_VALUE_NAME, _TYPE, _TENSOR, _DATA_TYPE, _SHAPE, _DIM, _SIZE = 1, 2, 1, 1, 2, 1, 1


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
class GraphValue:
    """One input or output that a graph declares, read or not.

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
            for field, entry in fields(data, 0, len(data)):
                if field == _METADATA_PROPS:
                    pair = dict(fields(data, *entry))
                    key, value = (data[slice(*pair[name])] for name in (_KEY, _VALUE))
                    found[key.decode()] = value.decode()
            return found


def read_inputs(path: Path) -> tuple[GraphValue, ...]:
    """The inputs that a graph declares, in its order; nothing else of it is parsed."""
    return _read_values(path, _INPUT)


def read_outputs(path: Path) -> tuple[GraphValue, ...]:
    """The same for its outputs."""
    return _read_values(path, _OUTPUT)


def _read_values(path: Path, wanted: int) -> tuple[GraphValue, ...]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return tuple(
            _graph_value(data, value)
            for field, graph in fields(data, 0, len(data))
            if field == _GRAPH
            for part, value in fields(data, *graph)
            if part == wanted
        )


def _graph_value(data: Data, place: tuple[int, int]) -> GraphValue:
    value = dict(fields(data, *place))
    tensor = dict(fields(data, *dict(fields(data, *value[_TYPE]))[_TENSOR]))
    sizes = [
        dict(fields(data, *dim)).get(_SIZE)
        for field, dim in fields(data, *tensor[_SHAPE])
        if field == _DIM
    ]
    return GraphValue(
        data[slice(*value[_VALUE_NAME])].decode(),
        varint(data, tensor[_DATA_TYPE][0])[0],
        tuple(None if size is None else varint(data, size[0])[0] for size in sizes),
    )


def read_keeping_bytes(path: Path) -> bytes | None:
    """A graph whose frames stay bytes until they are cut or transposed; None where it has none.

    Graphs make floats of whole frames first, since some engines take bytes in no other operator.
    Where an engine takes them, moving and converting four times as much is a waste.

    Args:
        path: of the `.onnx` file.
    """
    content = bytearray(path.read_bytes())
    for field, graph in fields(content, 0, len(content)):
        for part, node in fields(content, *graph) if field == _GRAPH else ():
            if part == _NODE and _is_named(content, node, BYTES_NODE):
                (to,) = (
                    value
                    for name, attribute in fields(content, *node)
                    if name == _ATTRIBUTE
                    for key, value in fields(content, *attribute)
                    if key == _INT
                )
                content[to[0]] = _UINT8
                return bytes(content)
    return None


def _is_named(data: Data, node: tuple[int, int], name: str) -> bool:
    return any(
        field == _NODE_NAME and data[slice(*value)] == name.encode()
        for field, value in fields(data, *node)
    )
