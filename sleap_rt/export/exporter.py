"""Exports trained models to a folder, with proof that the graphs give the same poses."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from sleap_rt.contract import GraphContract, Precision
from sleap_rt.errors import ModelError
from sleap_rt.export.folders import room_in
from sleap_rt.export.graph.chain import contract_parts, graph_of, joined, parts_of
from sleap_rt.export.metadata import METADATA_NAME, metadata_of
from sleap_rt.export.onnx_file import save
from sleap_rt.export.precision.calibration import CalibrationFrames, open_calibration
from sleap_rt.export.precision.half import in_half_precision
from sleap_rt.export.precision.int8 import ExportedGraph, in_int8
from sleap_rt.export.proof.against_checkpoint import certify
from sleap_rt.export.proof.reduced import certify_reduced
from sleap_rt.export.proof.sample import add_sample
from sleap_rt.export.steps import OnStep, Steps
from sleap_rt.kinds import is_crop_model_alone
from sleap_rt.models.sets import loaded_set
from sleap_rt.models.trained import TrainedModel
from sleap_rt.options import NO_OVERRIDES, CalibrationOptions, ExportOptions, ModelOverrides


def export_models(
    paths: Sequence[Path],
    folder: Path,
    overrides: ModelOverrides = NO_OVERRIDES,
    precision: Precision = "fp32",
    calibration: CalibrationOptions | None = None,
    *,
    on_step: OnStep | None = None,
) -> list[Path]:
    """Export one model, or the two models of a top-down pair.

    Each graph is compared with the checkpoint's pipeline; the file stores the result, its
    certificate. Nothing appears in `folder` unless everything succeeds.

    Args:
        paths: trained models, all native or all legacy, in any order.
        folder: receives `<kind>.onnx` for each model and `export_metadata.json`; made if needed.
        overrides: settings that replace those of the training configurations.
        precision: number format of the networks.
        calibration: frames for precision `int8`, and what it may cost; None for the others.
        on_step: called as each step begins and ends.

    Returns:
        The `.onnx` files, first stage first.

    Raises:
        OptionError: an option has no effect with these models, or cannot be honoured.
        DataError: the calibration's frames cannot be read, or are too few.
        ModelError: a model cannot be loaded, the models are not a supported set, or a graph differs
            from its checkpoint by more than the tolerance.
        NotWritableError: `folder` cannot be written to.
    """
    ExportOptions(precision=precision, calibration=calibration)  # refuses what does not fit
    steps = Steps(1 + _N_STEPS[precision] * len(paths), on_step)
    with steps.step("read the trained models"):
        models = loaded_set(paths, overrides)
    with _calibration_frames(models, calibration) as frames:
        refuse_other_graphs(folder, {f"{model.kind}.onnx" for model in models})
        with room_in(folder) as temporary:
            written = _written(models, temporary, precision, frames, steps)
            metadata = metadata_of([contract for _, contract in written])
            text = json.dumps(metadata, indent=2)
            (temporary / METADATA_NAME).write_text(text, encoding="utf8")
    return [folder / path.name for path, _ in written]


def contracts_of(
    paths: Sequence[Path], overrides: ModelOverrides = NO_OVERRIDES
) -> list[GraphContract]:
    """Contracts that the graphs of trained models would have in float32, by all that is known
    without writing them: no parts, no certificate.

    Raises:
        OptionError: an override has no effect with these models, or cannot be honoured.
        ModelError: a model cannot be loaded, or the models are not a supported set.
    """
    return [model.contract() for model in loaded_set(paths, overrides)]


_N_STEPS: dict[Precision, int] = {"fp32": 3, "fp16": 5, "int8": 3}  # of each model


def refuse_other_graphs(folder: Path, names: set[str]) -> None:
    """Refuse a folder with graphs of another export: all graphs of a folder are used together.

    Args:
        folder: to export into.
        names: of the graphs of this export, which may replace those that are there.

    Raises:
        ModelError: as the summary says.
    """
    others = sorted(path.name for path in folder.glob("*.onnx") if path.name not in names)
    if others:
        raise ModelError(
            f"{folder} holds {', '.join(others)} of another export; choose another folder, or "
            "delete what is there."
        )


def _calibration_frames(
    models: Sequence[TrainedModel], calibration: CalibrationOptions | None
) -> AbstractContextManager[CalibrationFrames | None]:
    if calibration is None:
        return nullcontext()
    needs_labels = is_crop_model_alone([model.kind for model in models])
    return open_calibration(calibration, needs_labels=needs_labels)


def _written(
    models: Sequence[TrainedModel],
    folder: Path,
    precision: Precision,
    frames: CalibrationFrames | None,
    steps: Steps,
) -> list[ExportedGraph]:
    """The graphs in the folder, each certified and with a sample to replay."""
    if frames is not None:
        with tempfile.TemporaryDirectory() as temporary:
            exact = [_export(model, Path(temporary), steps) for model in models]
            with steps.step("calibrate, quantize and compare", n_steps=len(models)):
                return in_int8(exact, frames, folder)
    export = _export if precision == "fp32" else _export_reduced
    written = [export(model, folder, steps) for model in models]
    for path, contract in written:
        with steps.step(f"{contract.kind}: store a sample to replay"):
            add_sample(path, contract)
    return written


def _export(model: TrainedModel, folder: Path, steps: Steps) -> ExportedGraph:
    path = folder / f"{model.kind}.onnx"
    with steps.step(f"{model.kind}: write the graph"):
        parts = parts_of(model)
        graph, contract = joined(parts, model.kind), model.contract(contract_parts(parts))
        save(graph, contract, path)
    with steps.step(f"{model.kind}: compare with the checkpoint"):
        contract = replace(contract, certificate=certify(model, path))
        save(graph, contract, path)
    return path, contract


def _export_reduced(model: TrainedModel, folder: Path, steps: Steps) -> ExportedGraph:
    """Export in float16, certified against the float32 graph, which is certified first."""
    path = folder / f"{model.kind}.onnx"
    with tempfile.TemporaryDirectory() as temporary:
        exact, contract = _export(model, Path(temporary), steps)
        reduced = replace(contract, precision="fp16", certificate=None)
        with steps.step(f"{model.kind}: write the graph in float16"):
            graph = graph_of(in_half_precision(model))
            save(graph, reduced, path)
        with steps.step(f"{model.kind}: compare float16 with float32"):
            reduced = replace(reduced, certificate=certify_reduced(exact, path, contract))
            save(graph, reduced, path)
    return path, reduced
