"""Pairs of models: in a folder that was named in place of one, and of one with those beside it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path

from sleap_rt.contract import GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.kinds import CROP_KINDS
from sleap_rt.model_files import exported_graphs, is_model, model_source, models_within
from sleap_rt.options import NO_OVERRIDES
from sleap_rt.runtime.graph_file import read_graph_file
from sleap_rt.runtime.model_set import ModelSet
from sleap_rt.words import as_typed, sentence
from sleap_rt.workflows.export_extra import needs_export_extra

_MOST_NAMED = 3
_MOST_BESIDE = 12  # that are read: folders of all that was ever trained take too long


@contextmanager
def naming_pairs(
    paths: Sequence[Path], command: str = "sleap-nn track -i VIDEO -m"
) -> Iterator[None]:
    """Whoever names a folder of models is told which two of them fit together.

    Args:
        paths: as given.
        command: that the two are typed behind.

    Raises:
        ModelError: that of the context.
    """
    try:
        yield
    except ModelError as error:
        pairs = [pair for path in paths if not is_model(path) for pair in pairs_in(path)]
        if not pairs:
            raise
        lines = [f"`{command} {' '.join(map(as_typed, pair))}`" for pair in pairs[:_MOST_NAMED]]
        more = len(pairs) - len(lines)
        fit = f"{', '.join(lines)}{f' and {more} more' if more else ''}"
        raise ModelError(f"{sentence(error)} Two that fit together: {fit}") from error


def pairs_in(folder: Path) -> list[tuple[Path, Path]]:
    """Models in a folder that run together: of one software, size, skeleton and anchor part.

    Args:
        folder: that is no model.
    """
    return pairs_among(models_within(folder))


def pairs_beside(path: Path) -> list[tuple[Path, Path]]:
    """Those of one model with the ones in its folder; a few, and none where many are there.

    Args:
        path: of the model.
    """
    there = models_within(path.parent)
    fit = pairs_among(there) if path in there and len(there) <= _MOST_BESIDE else []
    return [pair for pair in fit if path in pair][:_MOST_NAMED]


def pairs_among(models: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Those of the models that run together, first stages first."""
    found = [(path, contract) for path in models for contract in _contract(path)]
    return [
        (first, second)
        for (first, one), (second, other) in product(found, found)
        if one.kind == "centroid"
        and other.kind in CROP_KINDS
        and model_source(first) == model_source(second)
        and _fit(one, other, are_exported=model_source(first) == "exported")
    ]


def _contract(path: Path) -> list[GraphContract]:
    """What a model is; empty for what cannot be read, and for an export of two models."""
    with suppress(ModelError, OSError), needs_export_extra():
        source = model_source(path)
        if source == "exported":
            graphs = exported_graphs(path)
            return [] if graphs[1:] else [read_graph_file(graphs[0]).contract]
        from sleap_rt.models.families import READERS

        return [READERS[source].describe(path, NO_OVERRIDES)]
    return []


def _fit(centroid: GraphContract, crops: GraphContract, *, are_exported: bool) -> bool:
    if {*centroid.skeleton.node_names} != {*crops.skeleton.node_names}:
        return False
    if centroid.anchor_part != crops.anchor_part:
        return False
    with suppress(ModelError):
        if are_exported:
            ModelSet.of([centroid, crops])
        else:
            from sleap_rt.models.pairs import in_order

            ModelSet.of(in_order([centroid, crops]))
        return True
    return False
