"""Exports trained models to a folder, with proof that the graphs give the same poses."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import onnx

from sleap_rt.contract import GraphContract, Precision
from sleap_rt.export.earlier import record_of_folders
from sleap_rt.export.folders import room_in
from sleap_rt.export.graph.chain import chain_of, chained, contract_parts, graph_of
from sleap_rt.export.metadata import METADATA_NAME, metadata_of
from sleap_rt.export.onnx_file import save
from sleap_rt.export.precision.calibration import CalibrationFrames, open_calibration
from sleap_rt.export.precision.half import in_half_precision
from sleap_rt.export.precision.int8 import in_int8
from sleap_rt.export.precision.reduced_contract import reduced_contract
from sleap_rt.export.proof.against_checkpoint import certify
from sleap_rt.export.proof.reduced import certify_reduced
from sleap_rt.export.proof.sample import add_sample
from sleap_rt.export.steps import OnStep, carry_out, export_alone
from sleap_rt.kinds import is_crop_model_alone
from sleap_rt.models.sets import loaded_set, paths_by_kind
from sleap_rt.models.trained import TrainedModel
from sleap_rt.options import NO_OVERRIDES, CalibrationOptions, ExportOptions, ModelOverrides

_FLOAT32 = ExportOptions()


def export_models(
    paths: Sequence[Path],
    folder: Path,
    overrides: ModelOverrides = NO_OVERRIDES,
    options: ExportOptions = _FLOAT32,
    *,
    on_step: OnStep | None = None,
) -> list[Path]:
    """Export one model, or the two models of a top-down pair.

    Each graph is compared with the checkpoint's pipeline; the file stores the result, its
    certificate. Nothing appears in `folder` unless everything succeeds; files of the same names are
    replaced (`refuse_others` says whether they should be).

    Args:
        paths: trained models, all native or all legacy, in any order.
        folder: receives `<kind>.onnx` for each model and `export_metadata.json`; made if needed.
        overrides: settings that replace those of the training configurations.
        options: precision of the networks, and the calibration that int8 needs.
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
    with export_alone(on_step):
        return _exported(paths, folder, overrides, options, on_step)


def _exported(
    paths: Sequence[Path],
    folder: Path,
    overrides: ModelOverrides,
    options: ExportOptions,
    on_step: OnStep | None,
) -> list[Path]:
    read = partial(loaded_set, paths, overrides)
    (models,) = carry_out([("read the trained models", read)], on_step)
    with _calibration_frames(models, options.calibration) as frames, room_in(folder) as room:
        exact = room if options.precision == "fp32" else room / "float32"  # stays behind
        exact.mkdir(exist_ok=True)
        drafts = [_Draft(model, exact) for model in models]
        carry_out(_plan(drafts, room, options.precision, frames), on_step)
        metadata = metadata_of([draft.contract for draft in drafts])
        metadata |= record_of_folders(paths_by_kind(paths, overrides))
        text = json.dumps(metadata, indent=2)
        (room / METADATA_NAME).write_text(text, encoding="utf8")
    return [folder / draft.path.name for draft in drafts]


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


def _calibration_frames(
    models: Sequence[TrainedModel], calibration: CalibrationOptions | None
) -> AbstractContextManager[CalibrationFrames | None]:
    if calibration is None:
        return nullcontext()
    needs_labels = is_crop_model_alone([model.kind for model in models])
    return open_calibration(calibration, needs_labels=needs_labels)


class _Draft:
    """The graph of a model on its way: each step makes or completes the file at `path`.

    Args:
        model: a trained model.
        folder: receives its float32 graph.
    """

    def __init__(self, model: TrainedModel, folder: Path) -> None:
        self.model, self.contract = model, model.contract()
        self.path = self._exact = folder / f"{model.kind}.onnx"
        self._proto = onnx.ModelProto()

    def write(self) -> None:
        chain = chain_of(self.model)
        self._proto = chained(chain, self.model.kind)
        self._save(replace(self.contract, parts=contract_parts(chain)))

    def certify(self) -> None:
        self._save(replace(self.contract, certificate=certify(self.model, self.path)))

    def halve(self, room: Path) -> None:
        self._proto, self.path = graph_of(in_half_precision(self.model)), room / self.path.name
        self._save(reduced_contract(self.contract, "fp16"))

    def certify_half(self) -> None:
        certificate = certify_reduced(self._exact, self.path, self.contract)
        self._save(replace(self.contract, certificate=certificate))

    def add_sample(self) -> None:
        add_sample(self.path, self.contract)

    def _save(self, contract: GraphContract) -> None:
        save(self._proto, contract, self.path)
        self.contract = contract


def _plan(
    drafts: Sequence[_Draft], room: Path, precision: Precision, frames: CalibrationFrames | None
) -> list[tuple[str, Callable[[], None]]]:
    """All steps to graphs in `room` that are certified and have a sample to replay."""
    plan: list[tuple[str, Callable[[], None]]] = []
    for draft in drafts:
        kind = draft.model.kind
        plan.append((f"{kind}: write the graph", draft.write))
        plan.append((f"{kind}: compare with the checkpoint", draft.certify))
        if precision == "fp16":
            plan.append((f"{kind}: write the graph in float16", partial(draft.halve, room)))
            plan.append((f"{kind}: compare float16 with float32", draft.certify_half))
    if frames is not None:
        quantize = partial(_quantize, drafts, frames, room)
        return [*plan, ("calibrate, quantize and compare", quantize)]
    samples = [(f"{d.model.kind}: store a sample to replay", d.add_sample) for d in drafts]
    return plan + samples


def _quantize(drafts: Sequence[_Draft], frames: CalibrationFrames, room: Path) -> None:
    made = in_int8([(draft.path, draft.contract) for draft in drafts], frames, room)
    for draft, graph in zip(drafts, made, strict=True):
        draft.path, draft.contract = graph
