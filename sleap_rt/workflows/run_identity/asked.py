"""What was asked of a run that poses and tracks depend on: results and journals tell it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.contract import GraphContract
from sleap_rt.export.source_hashes import source_hashes
from sleap_rt.options import ModelOverrides, SelectionOptions
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.outputs.origin.input_files import files_fingerprint, hashed, place_of
from sleap_rt.runtime.outputs.origin.origin import Origin
from sleap_rt.runtime.pipeline.journal_file import CALLED, differences
from sleap_rt.words import counted, in_ranges

if TYPE_CHECKING:
    from sleap_rt.workflows.planning.options import PredictionOptions
    from sleap_rt.workflows.resolve import ResolvedModels

_FROM_FILE = "those of a file, tracked without models"
_LONGEST = 60  # characters of frames' numbers that are told as they are


def asked_of(options: "PredictionOptions", resolved: "ResolvedModels") -> dict[str, Any]:
    """What is known of a prediction ahead of its input, as JSON values.

    Args:
        options: of the prediction.
        resolved: its models.
    """
    asked = {
        **poses_asked(options, resolved),
        "tracking": None if options.tracking is None else asdict(options.tracking),
        "selection": selection_asked(options.selection),
        "centroid_only": options.centroid_only,
        "centroid_output": options.centroid_output,
        "no_empty_frames": options.no_empty_frames,
        CALLED: {"models": models_called(resolved)},
    }
    plain: dict[str, Any] = json.loads(json.dumps(asked))
    return plain


def asked_of_input(
    options: "PredictionOptions", resolved: "ResolvedModels", files: Sequence[Path]
) -> dict[str, Any]:
    """The same of a prediction on these files, which may be others of the same names some day."""
    return with_input(asked_of(options, resolved), files)


def with_input(
    asked: Mapping[str, Any], files: Sequence[Path], earlier_place: object = None
) -> dict[str, Any]:
    """What was asked, of these files; `earlier_place` as of `files_fingerprint`."""
    called = {**asked[CALLED], "input": input_called(files)}
    return {**asked, "input": files_fingerprint(files, earlier_place), CALLED: called}


def input_called(files: Sequence[Path]) -> str:
    """The input for a person, and where a later run looks whether it was moved."""
    return ", ".join(map(place_of, files[:1]))


def made_otherwise(
    origin: Origin, asked: Mapping[str, Any], files: Sequence[Path] | None
) -> list[str]:
    """How the run that made a result differs from another one, in words.

    Args:
        origin: of the result; one that does not tell what was asked does not differ.
        asked: of the other run.
        files: of its input; None where they are not all known, and so are not compared.
    """
    then = dict(origin.asked)
    if not (then and asked):
        return []
    if ("models" in then) != ("models" in asked):
        by_models = "models" in then
        return [f"its poses were {'predicted by models' if by_models else _FROM_FILE}"]
    if files is None or "input" not in then:
        then.pop("input", None)
        return list(differences(then, asked))
    return list(differences(then, with_input(asked, files, origin.place)))


def will_be_replaced(
    path: Path, origin: Origin, asked: Mapping[str, Any], files: Sequence[Path] | None
) -> Iterator[str]:
    """What to say of a result that is about to be replaced, if it was made otherwise.

    Args:
        path: of the result.
        origin: of it.
        asked: of the run that replaces it.
        files: of its input, as of `made_otherwise`.
    """
    other = made_otherwise(origin, asked, files)
    if other:
        yield f"{path} will be replaced, which was made otherwise: {'; '.join(other)}"


def poses_asked(options: "PredictionOptions", resolved: "ResolvedModels") -> dict[str, Any]:
    """What decides the poses of a frame, whatever runs the models."""
    return {
        "models": _identity(resolved),
        "decoding options": asdict(options.decode),
        "filters": asdict(options.filters),
    }


def models_called(resolved: "ResolvedModels") -> str:
    """The models for a person, and settings that replace those of the training."""
    models, paths, overrides = resolved.models, resolved.paths, resolved.overrides
    if isinstance(models, GraphSet):
        paths = models.trained or models.paths
    names = ", ".join(str(path.absolute()) for path in paths)
    replaced = ", ".join(f"{name} {value}" for name, value in _replaced(overrides).items())
    return f"{names} with {replaced}" if replaced else names


def _replaced(overrides: ModelOverrides) -> dict[str, str]:
    values = {name: getattr(overrides, name) for name in sorted(overrides.given)}
    return {
        name: str(value.absolute() if isinstance(value, Path) else value)
        for name, value in values.items()
    }


def _identity(resolved: "ResolvedModels") -> str:
    """The same text for the same weights and settings, exported already or not."""
    contracts = resolved.models.contracts
    weights = [one.provenance.weights_sha256 for one in contracts]
    if not all(weights):
        weights = [source_hashes(path)[0] for path in resolved.paths]
    replaced = _replaced(resolved.overrides)
    checkpoints = [value for name, value in replaced.items() if name.endswith("_path")]
    return hashed([[_settings(one) for one in contracts], sorted(weights), checkpoints])


def _settings(contract: GraphContract) -> str:
    """All that a trained model tells as well as its export; of int8, how it was calibrated, too."""
    provenance = replace(contract.provenance, weights_sha256="")
    proof = contract.certificate if contract.precision == "int8" else None
    told = replace(contract, parts=(), certificate=proof, notes=(), provenance=provenance)
    return told.to_json()


def selection_asked(selection: SelectionOptions) -> dict[str, Any]:
    """Which frames, as JSON values: of many frames what they come to."""
    return {**asdict(selection), "frames": _frames(selection.frames)}


def _frames(frames: Sequence[int] | None) -> str | None:
    """As typed, or where that is long, what it comes to."""
    if frames is None:
        return None
    text = ",".join(in_ranges(frames))
    if len(text) <= _LONGEST:
        return text
    return f"{counted(len(frames), 'frame')} from {frames[0]} to {frames[-1]}: {hashed(text)}"
