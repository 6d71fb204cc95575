"""What a page needs to know of its model: `model.json`, pieces for a GPU, samples to prove."""

import base64
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from sleap_rt.kinds import KINDS
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.engines import Array, cut
from sleap_rt.runtime.graph_file import GraphFile
from sleap_rt.runtime.inspect.verify import TOLERANCES, read_sample
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.skeleton import Skeleton
from sleap_rt.version import __version__
from sleap_rt.words import counted

DESCRIPTION = "model.json"
PROGRAM = "sleap-rt "  # what a page's description says it is of, its version behind it
_PIECES = ("before", "network", "after")


def described(graphs: GraphSet, name: str) -> dict[str, bytes]:
    """`model.json`, and the files that it names besides the exported ones.

    Args:
        graphs: of the model.
        name: for the page's heading.

    Raises:
        ModelError: a graph carries no sample.
    """
    files: dict[str, bytes] = {}
    rows = [_graph(file, files) for file in graphs.files]
    last, skeleton = graphs.last, _skeleton(graphs)
    notes = [f"{one.kind}: {note}" for one in graphs.contracts for note in one.notes]
    values = {
        "program": f"{PROGRAM}{__version__}",
        "name": name,
        "title": _title(graphs, skeleton),
        "kinds": graphs.kinds,
        "family": graphs.family,
        "weights_sha256": [one.provenance.weights_sha256 for one in graphs.contracts],
        "node_names": skeleton.node_names,
        "skeleton_edges": skeleton.edge_inds,
        "edges": last.edges,
        "class_names": graphs.class_names,
        "notes": notes,
        "options": asdict(DecodeOptions()),
        "graphs": rows,
    }
    return files | {DESCRIPTION: json.dumps(values, indent=1).encode()}


def graph_name(file: GraphFile) -> str:
    """Where the page keeps an exported file."""
    return f"models/{file.contract.kind}.onnx"


def _graph(file: GraphFile, files: dict[str, bytes]) -> dict[str, Any]:
    """The description of one graph; its pieces and its sample are put into `files`."""
    kind = file.contract.kind
    pieces = cut(file.path.read_bytes(), file.contract.parts)
    rows = []
    for name in _PIECES:
        piece = getattr(pieces, name)
        place = f"models/{kind}.{name}.onnx"
        files[place] = piece.content
        rows.append({"file": place, "inputs": piece.inputs, "outputs": piece.outputs})
    sample = read_sample(file.path)
    files[place := f"models/{kind}.sample.json"] = json.dumps(
        {
            "feed": {name: _values(array) for name, array in sample.feed.items()},
            "expected": {name: _values(sample.expected[name]) for name in KINDS[kind].outputs},
        }
    ).encode()
    return {
        "kind": kind,
        "file": graph_name(file),
        "pieces": rows,
        "sample": place,
        "tolerance": asdict(TOLERANCES[file.contract.precision]),
    }


def _values(array: Array) -> dict[str, Any]:
    content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return {
        "type": array.dtype.name,
        "dims": array.shape,
        "data": base64.b64encode(content).decode(),
    }


def _skeleton(graphs: GraphSet) -> Skeleton:
    """Of the animals that the page finds."""
    if graphs.is_centroid_alone and graphs.skeleton.n_nodes > 1:
        return Skeleton("centroid", ("centroid",))
    return graphs.skeleton


def _title(graphs: GraphSet, skeleton: Skeleton) -> str:
    nodes = counted(skeleton.n_nodes, "node")
    classes = f", classes {', '.join(graphs.class_names)}" if graphs.class_names else ""
    return f"{graphs.in_words}, {nodes}{classes}, {' and '.join(sorted(graphs.precisions))}"
