"""Turn trained models into graphs, and graphs into engines built ahead of time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.contract import GraphContract
from sleap_rt.errors import OptionError
from sleap_rt.model_files import refuse_trained_model, refuse_twice
from sleap_rt.options import NO_OVERRIDES, DecodeOptions, ExportOptions, ModelOverrides
from sleap_rt.options.paths import given_path, given_paths
from sleap_rt.options.value_types import typed
from sleap_rt.runtime.frames.one_input import check_one_input
from sleap_rt.runtime.graph_file import read_graph_file
from sleap_rt.runtime.model_set import ModelSet
from sleap_rt.runtime.pipeline.progress import somebody_looks
from sleap_rt.words import counted
from sleap_rt.workflows.export_extra import check_export_extra, needs_export_extra
from sleap_rt.workflows.export_place import ExportPlace
from sleap_rt.workflows.pairs import naming_pairs
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import refuse_without_effect
from sleap_rt.workflows.report import StepsBar

if TYPE_CHECKING:
    from sleap_rt.export.steps import OnStep
    from sleap_rt.runtime.engines.tensorrt.targets import Target


@dataclass(frozen=True, kw_only=True)
class Exported:
    """One exported graph.

    Attributes:
        path: of the `.onnx` file; with format bonsai, of the one that it is a stage of.
        contract: of the graph.
        engine: file of the engine built for it, if one was asked for.
        bonsai: with format bonsai, which operator takes the file, and how it compares, in words.
        replaces: which file of the same model was there before, and how it differed, in words.
    """

    path: Path
    contract: GraphContract
    engine: Path | None = None
    bonsai: str | None = None
    replaces: str | None = None

    def __repr__(self) -> str:
        """Without the contract, which fills a screen."""
        engine = f", engine {self.engine}" if self.engine else ""
        replaces = f", {self.replaces}" if self.replaces else ""
        return f"<Exported {self.contract.kind} {self.path}{engine}{replaces}>"


@typed
def export_models(
    models: str | Path | Sequence[str | Path],
    folder: str | Path | None = None,
    overrides: ModelOverrides = NO_OVERRIDES,
    options: ExportOptions | None = None,
    on_step: "OnStep | None" = None,
    progress: bool | None = None,
) -> list[Exported]:
    """Export one model, or the two of a top-down pair, as `sleap-nn export`.

    Args:
        models: one trained model, or the two of a pair in any order.
        folder: receives the graphs; None takes `exported` in the model's folder, for a pair
            `exported_topdown` in the folder of the model given first.
        overrides: settings that replace those of the training configurations.
        options: precision, and the engine to build.
        on_step: called as each step begins and ends.
        progress: without `on_step`, show a bar on standard error; None does on terminals and in
            notebooks.

    Returns:
        The graphs, first stage first.

    Raises:
        OptionError: an option has no effect with these models, or cannot be honoured.
        DataError: the calibration's frames cannot be read, or are too few.
        ModelError: a model cannot be exported, or the export extra is not installed.
        EngineError: the engine asked for cannot be built.
    """
    from sleap_rt.runtime.engines.tensorrt.targets import parse_target

    options = options or ExportOptions()
    paths = given_paths("models", models, least=1)
    folder = given_path("folder", folder)
    _refuse_name_of_graph(folder)
    refuse_twice(paths)
    if folder is not None:
        refuse_trained_model(folder)
    if options.calibration is not None:
        check_one_input(options.calibration.calibrate)
    if on_step is None and (somebody_looks() if progress is None else progress):
        on_step = StepsBar()
    target = None if options.target is None else parse_target(options.target)
    check_export_extra()
    with needs_export_extra():
        from sleap_rt.export.steps import loaded_exporter

        with naming_pairs(paths, "sleap-nn export"):
            place = ExportPlace.of(paths, folder, overrides, options)  # refuses without weights
        if options.format == "bonsai":
            return _for_bonsai(paths, place, overrides, options, on_step)
        graphs = loaded_exporter(on_step).export_models(
            paths, place.folder, overrides, options, on_step=on_step
        )
    contracts = {path: read_graph_file(path).contract for path in graphs}
    exported = [
        Exported(path=path, contract=contract, replaces=place.replaced(path, [contract]))
        for path, contract in contracts.items()
    ]
    return exported if target is None else _with_engines(exported, target, options.frame_size)


def _refuse_name_of_graph(folder: Path | None) -> None:
    if folder is not None and folder.suffix.lower() == ".onnx":
        raise OptionError(
            f"{folder} is the name of a graph, and an export goes into a folder, where graphs are "
            f"named after their kind (bottomup.onnx); name the folder, as {folder.with_suffix('')}"
        )


def _with_engines(
    exported: Sequence[Exported], target: "Target", frame_size: tuple[int, ...] | None
) -> list[Exported]:
    """The graphs, with an engine for the target built beside each."""
    from sleap_rt.runtime.engines.tensorrt.ahead import engine_frame_size, write_ahead_of_time

    def built(graph: Exported) -> Path:
        size = engine_frame_size(graph.contract, frame_size)
        return write_ahead_of_time(graph.path, target, size)

    return [replace(graph, engine=built(graph)) for graph in exported]


def _for_bonsai(
    paths: Sequence[Path],
    place: ExportPlace,
    overrides: ModelOverrides,
    options: ExportOptions,
    on_step: "OnStep | None",
) -> list[Exported]:
    """The stages of one graph for Bonsai.Sleap."""
    from sleap_rt.export.bonsai.kinds import bonsai_kind

    models = ModelSet.of(place.models)
    kind = bonsai_kind(models.kinds)
    decode = options.decode or DecodeOptions()
    given = {one.name for one in fields(decode) if getattr(decode, one.name) != one.default}
    refuse_without_effect(PredictionOptions(decode=decode, given=frozenset(given)), models)

    from sleap_rt.export.bonsai.bonsai_export import export_for_bonsai

    done = export_for_bonsai(paths, place.folder, overrides, options, kind, on_step)
    found = done.agreement
    words = (
        f"for {kind.operator} of Bonsai.Sleap; {counted(found.n_poses, 'pose')} in "
        f"{counted(found.n_frames, 'frame')} "
        f"equal to ours within {found.max_px:.5f} px"
    )
    replaces = place.replaced(done.path, done.contracts)
    return [
        Exported(path=done.path, contract=contract, bonsai=words, replaces=replaces)
        for contract in done.contracts
    ]
