"""Resolves the models that a user gives: what they are, and their graphs if these exist."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import ModelError
from sleap_rt.model_files import (
    exported_graphs,
    model_source,
    one_family,
    refuse_twice,
)
from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.runtime.built_in import refuse_other_settings
from sleap_rt.runtime.model_set import GraphSet, ModelSet
from sleap_rt.workflows.export_extra import check_export_extra, needs_export_extra
from sleap_rt.workflows.pairs import naming_pairs

if TYPE_CHECKING:
    from sleap_rt.contract import GraphContract
    from sleap_rt.export.steps import OnStep


@dataclass(frozen=True, kw_only=True)
class ResolvedModels:
    """The models of a run.

    Attributes:
        paths: as given.
        overrides: settings that replace those of the training configurations.
        models: what they are.
        graphs: the exported graphs; None for trained models that are yet to be exported.
        of_export: what was decided about an export beside the models, one sentence each.
    """

    paths: tuple[Path, ...]
    overrides: ModelOverrides
    models: ModelSet
    graphs: GraphSet | None
    of_export: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the models, one sentence each."""
        return (*self.of_export, *_notes(self.models))

    def exported(
        self,
        on_step: "OnStep | None" = None,
        on_note: Callable[[str], None] = lambda note: None,
    ) -> GraphSet:
        """The graphs; exports the models into the cache if they are not there.

        Args:
            on_step: called as each step of an export begins and ends.
            on_note: called with what only the export has told about the models.

        Raises:
            ModelError: the models cannot be exported, or the export extra is not installed.
        """
        if self.graphs is not None:
            return self.graphs
        with needs_export_extra():
            from sleap_rt.export.cache import cached_graphs

            paths = cached_graphs(self.paths, self.overrides, on_step)
            graphs = GraphSet.read(paths, self.paths)
        for note in _notes(graphs):
            if note not in self.notes:
                on_note(note)
        return graphs


def resolve_models(
    paths: Sequence[Path], overrides: ModelOverrides = NO_OVERRIDES
) -> ResolvedModels:
    """Find out what the models are; exports nothing.

    Args:
        paths: export folders, `.onnx` files or trained models.
        overrides: settings that replace those of the training configurations.

    Raises:
        OptionError: an override has no effect, or the models are exported already.
        ModelError: a path is not a model, the models are not a supported set, or a trained model
            cannot be loaded.
    """
    refuse_twice(paths)
    with naming_pairs(paths):
        sources = {path: model_source(path) for path in paths}
    trained = [path for path in paths if sources[path] != "exported"]
    if not trained:
        graphs = GraphSet.read([graph for path in paths for graph in exported_graphs(path)])
        refuse_other_settings(overrides, graphs)
        return ResolvedModels(paths=tuple(paths), overrides=overrides, models=graphs, graphs=graphs)
    if len(trained) < len(paths):
        raise ModelError(
            "Trained models and exported graphs were given together; give either, so that both "
            "stages are sure to fit each other"
        )
    one_family(trained)
    return _resolve_trained(tuple(trained), overrides)


def _resolve_trained(paths: tuple[Path, ...], overrides: ModelOverrides) -> ResolvedModels:
    """Take the graphs that there are; else read what the models are, if possible without torch."""
    with needs_export_extra():
        from sleap_rt.export.beside import export_beside
        from sleap_rt.export.cache import find_cached

        beside = export_beside(paths, overrides)
        found = None if beside is None else beside.graphs
        found = find_cached(paths, overrides) if found is None else found
        graphs = None if found is None else GraphSet.read(found, paths)
        if graphs is None:
            check_export_extra()
        return ResolvedModels(
            paths=paths,
            overrides=overrides,
            models=graphs or ModelSet.of(_contracts_of(paths, overrides)),
            graphs=graphs,
            of_export=() if beside is None else (beside.note,),
        )


def _notes(models: ModelSet) -> tuple[str, ...]:
    return tuple(f"{one.kind}: {note}" for one in models.contracts for note in one.notes)


def _contracts_of(paths: Sequence[Path], overrides: ModelOverrides) -> "list[GraphContract]":
    """Contracts that the graphs of trained models will have, as far as the models tell.

    Raises:
        OptionError, ModelError: as `resolve_models`.
    """
    if overrides.backbone_ckpt_path or overrides.head_ckpt_path:  # whose they are, weights decide
        from sleap_rt.export.exporter import contracts_of

        return contracts_of(paths, overrides)
    from sleap_rt.models.sets import described_set

    return described_set(paths, overrides)
