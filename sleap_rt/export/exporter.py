"""Trained models to an export folder, with proof that the graphs give the same poses."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from sleap_rt.contract import (
    CONTRACT_VERSION,
    Certificate,
    Decoding,
    GraphContract,
    OnContracts,
    Precision,
    Preprocessing,
    is_crop_model_alone,
)
from sleap_rt.errors import ModelError, OptionError
from sleap_rt.export.calibration import CalibrationFrames, open_calibration
from sleap_rt.export.certificate import certify_native
from sleap_rt.export.graphs import Graph, build_graph
from sleap_rt.export.int8 import in_int8
from sleap_rt.export.legacy_certificate import certify_legacy
from sleap_rt.export.legacy_graphs import LegacyGraph, build_legacy_graph
from sleap_rt.export.legacy_stages import LegacyStage, legacy_stages
from sleap_rt.export.onnx_file import fuse, save
from sleap_rt.export.pairs import first_stage_first
from sleap_rt.export.precision import Stage, in_half_precision
from sleap_rt.export.reduced_certificate import certify_reduced
from sleap_rt.export.sample import add_sample
from sleap_rt.model_files import ModelSource, one_family
from sleap_rt.models import TrainedModel, load_native_models
from sleap_rt.models.legacy import LegacyModel, load_legacy_model
from sleap_rt.models.overrides import override_models
from sleap_rt.options import NO_OVERRIDES, CalibrationOptions, ExportOptions, ModelOverrides
from sleap_rt.version import __version__

METADATA_NAME = "export_metadata.json"


def export_models(
    paths: Sequence[Path],
    folder: Path,
    overrides: ModelOverrides = NO_OVERRIDES,
    precision: Precision = "fp32",
    calibration: CalibrationOptions | None = None,
    *,
    on_start: OnContracts | None = None,
) -> list[Path]:
    """Export one model, or the two models of a top-down pair.

    Each graph is compared with the checkpoint pipeline on the way, and what was measured becomes
    part of the file. Nothing appears in `folder` unless everything succeeds.

    Args:
        paths: trained models, all native or all legacy, in any order.
        folder: receives `<kind>.onnx` for each model and `export_metadata.json`; made if needed.
        overrides: what is to differ from the training configurations.
        precision: number format of the networks.
        calibration: frames for precision `int8`, and what it may cost; None for the others.
        on_start: told what the graphs will be once nothing speaks against the export, which then
            takes a while; it may raise.

    Returns:
        The `.onnx` files, first stage first.

    Raises:
        OptionError: an option has no effect with these models, or cannot be honoured.
        DataError: the calibration's frames cannot be read, or will not do.
        ModelError: a model cannot be loaded, the models are no supported set, or a graph differs
            from its checkpoint by more than the tolerance.
    """
    ExportOptions(precision=precision, calibration=calibration)  # refuses what does not fit
    stages: Sequence[Stage]
    if one_family(paths) is ModelSource.LEGACY:
        _refuse_for_legacy(overrides)
        stages = legacy_stages([load_legacy_model(path) for path in paths])
    else:
        models = load_native_models(
            paths, backbone_ckpt=overrides.backbone_ckpt_path, head_ckpt=overrides.head_ckpt_path
        )
        stages = _sized_together(override_models(models, overrides))
    with _calibration_frames(stages, calibration) as frames:
        _check_writable(folder)
        _refuse_other_graphs(folder, {f"{stage.kind}.onnx" for stage in stages})
        if on_start is not None:
            on_start([_contract(stage) for stage in stages])
        with tempfile.TemporaryDirectory(dir=folder, prefix=".exporting-") as temporary:
            written = _written(stages, Path(temporary), precision, frames)
            metadata = _metadata([contract for _, contract in written])
            text = json.dumps(metadata, indent=2)
            (Path(temporary) / METADATA_NAME).write_text(text, encoding="utf8")
            for file in Path(temporary).iterdir():
                shutil.move(file, folder / file.name)
    return [folder / path.name for path, _ in written]


def _refuse_for_legacy(overrides: ModelOverrides) -> None:
    if overrides.given:
        raise OptionError(
            f"{', '.join(overrides.given)}: only for models of sleap-nn; a model of SLEAP 1.4 or "
            "older keeps the settings it was trained with. Leave it out."
        )


def _sized_together(models: list[TrainedModel]) -> list[TrainedModel]:
    """First stage first, and both stages bringing frames to the first stage's size."""
    ordered = first_stage_first(models)
    if len(ordered) == 1:
        return ordered
    centroid, instance = ordered
    first, second = centroid.preprocessing, instance.preprocessing
    height = first.max_height or second.max_height
    width = first.max_width or second.max_width
    return [
        replace(
            model,
            preprocessing=replace(model.preprocessing, max_height=height, max_width=width),
        )
        for model in (centroid, instance)
    ]


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ModelError(f"cannot write into {folder}: {error.strerror}") from error


def _refuse_other_graphs(folder: Path, names: set[str]) -> None:
    """An export folder is one model or pair; graphs of another would be taken for a part of it."""
    others = sorted(path.name for path in folder.glob("*.onnx") if path.name not in names)
    if others:
        raise ModelError(
            f"{folder} holds {', '.join(others)} of another export; choose another folder, or "
            "delete what is there."
        )


def _calibration_frames(
    stages: Sequence[Stage], calibration: CalibrationOptions | None
) -> AbstractContextManager[CalibrationFrames | None]:
    if calibration is None:
        return nullcontext()
    needs_labels = is_crop_model_alone([stage.kind for stage in stages])
    return open_calibration(calibration, needs_labels=needs_labels)


def _written(
    stages: Sequence[Stage], folder: Path, precision: Precision, frames: CalibrationFrames | None
) -> list[tuple[Path, GraphContract]]:
    """The graphs in the folder, each certified and with a sample to replay."""
    if frames is not None:
        with tempfile.TemporaryDirectory() as temporary:
            exact = [_export(stage, Path(temporary)) for stage in stages]
            return in_int8(exact, frames, folder)
    export = _export if precision == "fp32" else _export_reduced
    written = [export(stage, folder) for stage in stages]
    for path, contract in written:
        add_sample(path, contract)
    return written


def _export(stage: Stage, folder: Path) -> tuple[Path, GraphContract]:
    path = folder / f"{stage.kind}.onnx"
    contract = _contract(stage)
    graph = fuse(_module(stage))
    save(graph, contract, path)
    contract = replace(contract, certificate=_certify(stage, path))
    save(graph, contract, path)
    return path, contract


def _export_reduced(stage: Stage, folder: Path) -> tuple[Path, GraphContract]:
    """In float16, certified against the float32 graph, which is certified first."""
    path = folder / f"{stage.kind}.onnx"
    graph = fuse(_module(in_half_precision(stage)))
    with tempfile.TemporaryDirectory() as temporary:
        exact, contract = _export(stage, Path(temporary))
        reduced = replace(contract, precision="fp16", certificate=None)
        save(graph, reduced, path)
        reduced = replace(reduced, certificate=certify_reduced(exact, path, contract))
    save(graph, reduced, path)
    return path, reduced


def _module(stage: Stage) -> Graph | LegacyGraph:
    return build_legacy_graph(stage) if isinstance(stage, LegacyStage) else build_graph(stage)


def _certify(stage: TrainedModel | LegacyStage, path: Path) -> Certificate:
    if isinstance(stage, LegacyStage):
        return certify_legacy(stage, path)
    return certify_native(stage, path)


def _contract(stage: TrainedModel | LegacyStage) -> GraphContract:
    """What a graph in float32 will say about itself, its certificate aside."""
    if not isinstance(stage, LegacyStage):
        common = _common_contract(stage, stage.preprocessing, stage.decoding)
        return replace(common, notes=stage.notes, center_method=stage.center_method)
    common = _common_contract(stage.model, stage.preprocessing, stage.decoding)
    return replace(common, family="legacy", notes=stage.model.notes, center_method="bbox_center")


def _common_contract(
    model: TrainedModel | LegacyModel, preprocessing: Preprocessing, decoding: Decoding
) -> GraphContract:
    return GraphContract(
        version=CONTRACT_VERSION,
        family="native",
        kind=model.kind,
        skeleton=model.skeleton,
        edges=model.edges,
        class_names=model.class_names,
        anchor_part=model.anchor_part,
        preprocessing=preprocessing,
        decoding=decoding,
        precision="fp32",
        provenance=model.provenance,
        certificate=None,
    )


def _metadata(contracts: list[GraphContract]) -> dict[str, object]:
    """The keys that readers of sleap-nn's exports look for."""
    first, last = contracts[0], contracts[-1]
    pair_kinds = {
        "centered_instance": "topdown",
        "multi_class_topdown": "multi_class_topdown_combined",
    }
    kind = pair_kinds[last.kind] if len(contracts) == 2 else last.kind
    return {
        "model_family": last.family,
        "sleap_nn_version": last.provenance.trained_with,
        "sleap_rt_version": __version__,
        "export_timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "export_format": "onnx",
        "model_type": kind,
        "model_name": "+".join(contract.kind for contract in contracts),
        "checkpoint_path": None,
        "backbone": last.provenance.backbone,
        "n_nodes": last.skeleton.n_nodes,
        "n_edges": len(last.skeleton.edge_inds),
        "node_names": list(last.skeleton.node_names),
        "edge_inds": [list(edge) for edge in last.skeleton.edge_inds],
        "input_scale": first.preprocessing.input_scale,
        "input_channels": first.preprocessing.in_channels,
        "output_stride": last.decoding.confmaps_stride,
        "crop_size": last.preprocessing.crop_size,
        "max_instances": None,
        "max_peaks_per_node": None,
        "max_batch_size": None,
        "precision": last.precision,
        "certificates": {
            contract.kind: asdict(contract.certificate)
            for contract in contracts
            if contract.certificate is not None
        },
        "peak_threshold": None,
        "input_dtype": "uint8",
        "normalization": "in graph",
        "n_classes": len(last.class_names),
        "class_names": list(last.class_names),
        "anchor_part": last.anchor_part,
        "training_config_embedded": False,
        "training_config_hash": last.provenance.config_sha256,
    }
