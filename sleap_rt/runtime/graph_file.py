"""An exported `.onnx` file and what it says about itself."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.contract import BONSAI_KEY, BYTES_NODE, METADATA_KEY, GraphContract
from sleap_rt.errors import ModelError, did_you_mean_path
from sleap_rt.kinds import KINDS
from sleap_rt.runtime.graph_operators import external_locations
from sleap_rt.runtime.graph_seal import DATA_KEY, check_seal, data_file
from sleap_rt.runtime.protobuf import Data, Place, fields, text, values, varint
from sleap_rt.untrusted import quoted
from sleap_rt.words import unreadable

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
    """Read and check a file and its description of itself, without opening an engine.

    Reads all bytes once, for the checksum: 100 MB take about 0.05 s.

    Raises:
        ModelError: there is no such file, it is no ONNX file, sleap-rt did not export it, it is not
            as it was exported, or it has what no export of ours has.
    """
    try:
        with _opened(path) as data:
            return GraphFile(path, _checked(path, data))
    except FileNotFoundError as error:
        hint = did_you_mean_path(path)
        raise ModelError(
            f"{path} does not exist; expected an exported `.onnx` file.{hint}"
        ) from error
    except PermissionError as error:
        raise ModelError(unreadable(path, error)) from error
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise ModelError(f"{path}: not a readable ONNX file ({error}). Export it again.") from error


def _checked(path: Path, data: mmap.mmap) -> GraphContract:
    metadata = _metadata(data)
    if BONSAI_KEY in metadata:
        raise ModelError(
            f"{path} was exported for Bonsai.Sleap (format bonsai), which alone reads it; export "
            "the trained model again without that format."
        )
    if METADATA_KEY not in metadata:
        raise ModelError(
            f"{path} was not exported by sleap-rt: it carries no {METADATA_KEY!r} metadata, so its "
            "pre-processing and decoding are unknown. Export the trained model with "
            "`sleap-nn export`."
        )
    try:
        contract = GraphContract.from_json(metadata[METADATA_KEY])
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    check_seal(path, data, metadata.get(DATA_KEY))
    places = {data_file(path).name} if DATA_KEY in metadata else set()
    try:
        _check_graph(contract, data, places)
    except ValueError as error:
        raise ModelError(f"{path} is no graph of ours: {error}. Export it again.") from error
    return contract


def _check_graph(contract: GraphContract, data: mmap.mmap, places: set[str]) -> None:
    """Refuse what no export has.

    Args:
        contract: of the graph.
        data: the file's content.
        places: files beside it where its weights may lie.

    Raises:
        ValueError: it has such operators, weights elsewhere, or other inputs or outputs.
    """
    if outside := external_locations(data) - places:
        raise ValueError(f"its weights are in another file, {quoted(min(outside))}")
    row = KINDS[contract.kind]
    graphs = list(values(data, (0, len(data)), _GRAPH))
    takes, gives = (
        {_name(data, value) for graph in graphs for value in values(data, graph, field)}
        for field in (_INPUT, _OUTPUT)
    )
    if takes != {"frames", *row.inputs} or not gives >= set(row.outputs):
        raise ValueError(f"its inputs or outputs are not those of a {contract.kind} model")


def read_metadata(path: Path) -> dict[str, str]:
    """The file's key-value pairs; its graph is skipped, not parsed."""
    with _opened(path) as data:
        return _metadata(data)


@contextmanager
def _opened(path: Path) -> Iterator[mmap.mmap]:
    with path.open("rb") as file:
        if not file.seek(0, 2):
            raise ValueError("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


def _metadata(data: mmap.mmap) -> dict[str, str]:
    found = {}
    for entry in values(data, (0, len(data)), _METADATA_PROPS):
        pair = dict(fields(data, *entry))
        if _KEY not in pair or _VALUE not in pair:
            raise ValueError("an entry of its metadata has no key or no value")
        found[text(data, pair[_KEY])] = text(data, pair[_VALUE])
    return found


def _name(data: Data, value: Place) -> str:
    (place,) = values(data, value, _VALUE_NAME)
    return text(data, place)


def read_inputs(path: Path) -> tuple[GraphValue, ...]:
    """The inputs that a graph declares, in its order; nothing else of it is parsed."""
    return _read_values(path, _INPUT)


def read_outputs(path: Path) -> tuple[GraphValue, ...]:
    """The same for its outputs."""
    return _read_values(path, _OUTPUT)


def _read_values(path: Path, wanted: int) -> tuple[GraphValue, ...]:
    with _opened(path) as data:
        return tuple(
            _graph_value(data, value)
            for graph in values(data, (0, len(data)), _GRAPH)
            for value in values(data, graph, wanted)
        )


def _graph_value(data: Data, place: Place) -> GraphValue:
    value = dict(fields(data, *place))
    tensor = dict(fields(data, *dict(fields(data, *value[_TYPE]))[_TENSOR]))
    sizes = [dict(fields(data, *dim)).get(_SIZE) for dim in values(data, tensor[_SHAPE], _DIM)]
    return GraphValue(
        text(data, value[_VALUE_NAME]),
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
