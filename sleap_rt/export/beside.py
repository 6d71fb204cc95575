"""The export that lies in a trained model's folder, where `export` puts it by itself."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sleap_rt.contract import GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.export.source_hashes import source_hashes
from sleap_rt.model_files import exported_graphs, folder_of
from sleap_rt.models.sets import described_set
from sleap_rt.options import ModelOverrides
from sleap_rt.runtime.graph_file import read_graph_file
from sleap_rt.version import __version__


class Beside(NamedTuple):
    """An export beside trained models.

    Attributes:
        graphs: of it, if it is what exporting the models now would give; None otherwise.
        note: that it is used, or why not.
    """

    graphs: list[Path] | None
    note: str


def default_folder(models: Sequence[Path]) -> Path:
    """Where graphs go if nothing else is said; a zip counts as a folder of its name."""
    name = "exported" if len(models) == 1 else "exported_topdown"
    return folder_of(models[0]) / name


def export_beside(models: Sequence[Path], overrides: ModelOverrides) -> Beside | None:
    """The export that lies beside trained models; None if there is none.

    Args:
        models: in any order; the export of a pair lies in the folder of either.
        overrides: settings that are to replace those of the training.

    Raises:
        ModelError: a model is missing or cannot be read.
    """
    for first in models:
        folder = default_folder([first, *(model for model in models if model != first)])
        if folder.is_dir() and (graphs := exported_graphs(folder)):
            reason = _why_not(graphs, models, overrides)
            if reason is None:
                return Beside(graphs, f"{folder} is used, which was exported from these models")
            return Beside(None, f"{folder} is not used: {reason}")
    return None


def _why_not(
    graphs: Sequence[Path], models: Sequence[Path], overrides: ModelOverrides
) -> str | None:
    """How the graphs differ from what exporting the models would give; None if they do not."""
    if overrides.given:
        return f"an export of its own is needed for {', '.join(overrides.given)}"
    try:
        found = [read_graph_file(graph).contract for graph in graphs]
    except ModelError as error:
        return str(error)
    sources = {(one.provenance.weights_sha256, one.provenance.config_sha256) for one in found}
    if sources != set(map(source_hashes, models)):
        return "it was exported from other weights or settings; `sleap-nn export` makes it anew"
    if {one.provenance.exported_with for one in found} != {__version__}:
        return "it was exported by another version of sleap-rt"
    reduced = [one.precision for one in found if one.precision != "fp32"]
    if reduced:
        return f"its networks are in {reduced[0]}; name the folder itself to use it"
    described = {model.kind: model for model in described_set(models)}
    if any(_settings(described[one.kind]) != _settings(one) for one in found):
        return "it was exported with other settings; name the folder itself to use it"
    return None


def _settings(contract: GraphContract) -> GraphContract:
    """What overrides could have changed."""
    provenance = replace(contract.provenance, weights_sha256="")
    return replace(contract, parts=(), certificate=None, provenance=provenance)
