"""Graphs that are in the folder of an export already: whose they are, and what replaces them.

All graphs of a folder are used together, and a folder named twice by mistake must not turn one
animal's model into another's. So a graph is replaced by one of the same model only: with the same
training configuration; or exported from the same folder, whose hash `export_metadata.json` has; or
lying in the model's own folder. Nothing else about a model is sure to stay as it is trained again.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sleap_rt.contract import BONSAI_KEY, METADATA_KEY, GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.export.metadata import METADATA_NAME
from sleap_rt.kinds import ModelKind
from sleap_rt.model_files import folder_of
from sleap_rt.runtime.graph_file import read_metadata
from sleap_rt.untrusted import listed
from sleap_rt.untrusted.json_text import parse_json

_FOLDERS_KEY = "model_folders_sha256"
Descriptions = Mapping[str, Mapping[str, Any]]
"""By kind, what a graph says of the models that it was made of; in any layout, so unchecked."""


def record_of_folders(models: Mapping[ModelKind, Path]) -> dict[str, dict[str, str]]:
    """What an export's metadata says of the folders of its models: which, to who knows them."""
    return {_FOLDERS_KEY: {kind: _hash_of_folder(path) for kind, path in models.items()}}


def _hash_of_folder(model: Path) -> str:
    return hashlib.sha256(str(folder_of(model).resolve()).encode()).hexdigest()


def refuse_others(
    folder: Path,
    graphs: Mapping[str, Sequence[GraphContract]],
    models: Mapping[ModelKind, Path],
) -> dict[str, Descriptions]:
    """Refuse a folder with graphs that are not of the models to export.

    Args:
        folder: to export into.
        graphs: name of each file of this export -> the contracts of what it is made of.
        models: the trained models.

    Returns:
        Name of each file that this export replaces -> what it says of itself.

    Raises:
        ModelError: as the summary says.
    """
    there = {path.name: path for path in sorted(folder.glob("*.onnx"))}
    _refuse(folder, [name for name in there if name not in graphs], "export")
    found = {name: descriptions(path) for name, path in there.items()}
    of_other_models = [
        name
        for name, earlier in found.items()
        if not all(_is_same(one, earlier, folder, models[one.kind]) for one in graphs[name])
    ]
    _refuse(folder, of_other_models, "model")
    return found


def _refuse(folder: Path, names: Sequence[str], other: str) -> None:
    if names:
        raise ModelError(
            f"{folder} holds {listed(names)} of another {other}; choose another folder, or delete "
            "what is there."
        )


def _is_same(contract: GraphContract, earlier: Descriptions, folder: Path, model: Path) -> bool:
    config = _origin(earlier.get(contract.kind, {})).get("config_sha256")
    return (
        config == contract.provenance.config_sha256
        or _recorded_folders(folder).get(contract.kind) == _hash_of_folder(model)
        or folder.resolve().parent == folder_of(model).resolve()
    )


def descriptions(graph: Path) -> Descriptions:
    """What a graph says of itself, however old it is; nothing where it cannot be read."""
    with suppress(OSError, ValueError, IndexError, KeyError):
        metadata = read_metadata(graph)
        found = parse_json(metadata.get(BONSAI_KEY) or metadata[METADATA_KEY])
        several = found if isinstance(found, list) else [found]
        return {str(one["kind"]): one for one in several if isinstance(one, dict)}
    return {}


def _recorded_folders(folder: Path) -> Mapping[str, Any]:
    with suppress(OSError, ValueError):
        found = parse_json((folder / METADATA_NAME).read_text(encoding="utf8"))
        recorded = found.get(_FOLDERS_KEY) if isinstance(found, dict) else None
        return recorded if isinstance(recorded, dict) else {}
    return {}


def _origin(description: Mapping[str, Any]) -> Mapping[str, Any]:
    origin = description.get("provenance")
    return origin if isinstance(origin, dict) else {}


def replaced_in_words(name: str, earlier: Descriptions, contracts: Iterable[GraphContract]) -> str:
    """`replaces bottomup.onnx (fp32, input_scale 0.5)`: what was there, and how it differed.

    Args:
        name: of the file.
        earlier: what it said of itself.
        contracts: of what replaces it.
    """
    found: dict[str, None] = {}  # in order, each once
    for contract in contracts:
        now = json.loads(contract.to_json())
        found |= dict.fromkeys(_differences(earlier.get(contract.kind, {}), now))
    return f"replaces {name} ({listed(found, 'of the same model')})"


def _differences(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[str]:
    if not earlier:
        yield "which could not be read"
        return
    if earlier.get("precision") != now["precision"]:
        yield str(earlier.get("precision"))
    before, after = _origin(earlier), now["provenance"]
    if any(before.get(name) != after[name] for name in ("weights_sha256", "config_sha256")):
        yield "of other weights or settings"
        return
    if before.get("exported_with") != after["exported_with"]:  # and settings of other names, maybe
        yield f"by version {before.get('exported_with')}"
        return
    yield from _settings(earlier, now, ("anchor_part",))
    for part in ("preprocessing", "decoding"):
        there = earlier.get(part)
        yield from _settings(there if isinstance(there, dict) else {}, now[part], now[part])


def _settings(
    earlier: Mapping[str, Any], now: Mapping[str, Any], names: Iterable[str]
) -> Iterable[str]:
    """Settings that differed, and what they were."""
    for name in names:
        if earlier.get(name) != now[name]:
            was = earlier.get(name)
            yield f"no {name}" if was is None else f"{name} {was}"
