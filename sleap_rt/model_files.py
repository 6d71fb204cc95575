"""Tells what kind of model a path holds, without loading it, and what was given in place of one."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from mimetypes import guess_type
from pathlib import Path
from typing import Literal

from sleap_rt.contract import Family
from sleap_rt.errors import ModelError, OptionError, did_you_mean_path
from sleap_rt.legacy_files import is_legacy_model
from sleap_rt.options.written_files import kind_of_result, saved_by, use_of_result
from sleap_rt.untrusted import listed
from sleap_rt.words import as_typed, unreadable

CONFIG_NAME = "training_config.yaml"
CHECKPOINT_NAME = "best.ckpt"
_WEIGHTS = (CHECKPOINT_NAME, "best_model.h5")
FILES_OF_MODELS = (CONFIG_NAME, "training_config.json", *_WEIGHTS)
VIDEO_SUFFIXES = (
    *(".avi", ".h264", ".hevc", ".m2ts", ".m4v", ".mj2", ".mkv", ".mov", ".mp4", ".mpeg"),
    *(".mpg", ".mts", ".mxf", ".ogv", ".seq", ".ts", ".webm", ".wmv"),
)
TRAINED_WITH: Mapping[Family, str] = {"native": "sleap-nn", "legacy": "SLEAP 1.4 or older"}
ModelSource = Family | Literal["exported"]
"""How a model is stored: as the software that trained it does, or as a graph of ours."""

_GIVE_AS_MODEL = "give {} with model_paths (-m)"
_TRACK_WITH_MODEL = "find poses with {} first (`sleap-nn track`), and name their `.slp` file"


def model_source(path: Path) -> ModelSource:
    """Tell exported graphs, sleap-nn's and SLEAP's trained models apart.

    A folder that holds both a native and a legacy model is native; naming the `.h5` file in it
    means the legacy one.

    Args:
        path: an `.onnx` file, an export folder, a model folder, a file inside one, or a zip of a
            legacy model's folder.

    Raises:
        OptionError: the path is a video, an image, a labels file, a folder of videos, a part of a
            run or a saved config.
        ModelError: the path does not exist, is none of these, is two of them, or may not be read.
    """
    try:
        return _source(path)
    except PermissionError as error:
        raise ModelError(unreadable(error.filename or path, error)) from error


def _source(path: Path) -> ModelSource:
    source = _source_of(path)
    if source is not None:
        if path.suffix == ".h5":
            _refuse_result(path)
        _refuse_both(path)
        return source
    if not path.exists():
        raise ModelError(f"{path} does not exist; expected {A_MODEL}.{did_you_mean_path(path)}")
    if path.is_file():
        _refuse_other_files(path)
        _refuse_result(path)
        raise ModelError(f"{path} is no model; expected {A_MODEL}.")
    models = [str(path / name) for name in _models_in(path)]
    if models:
        which = f"one of {listed(models)}, or two that belong together" if models[1:] else models[0]
        raise ModelError(f"{path} is no model, but a folder of models; name {which}.")
    below = [str(one.relative_to(path)) for one in _models_below(path)]
    if below:
        found = f"is one in it; name {path / below[0]}"
        if below[1:]:
            found = f"are models in it: {listed(below)}; name one, or two that belong together"
        raise ModelError(f"{path} is no model, but there {found}.")
    _refuse_other_files(path)
    found = ", ".join(sorted(p.name for p in path.iterdir())[:8])
    raise ModelError(f"{path} is no model (it holds {found or 'nothing'}); expected {A_MODEL}.")


def models_within(folder: Path) -> list[Path]:
    """The models that a folder holds which is none itself."""
    with suppress(OSError):  # whoever looks for a model there is told
        return [folder / name for name in _models_in(folder)] or _models_below(folder)
    return []


def refuse_trained_model(folder: Path) -> None:
    """Refuse the folder of a trained model as one to export into.

    Raises:
        OptionError: as the summary says.
    """
    is_trained = False
    with suppress(PermissionError):  # writing there will tell
        is_trained = _weights(folder) is not None or _source_of(folder) in TRAINED_WITH
    if is_trained:
        raise OptionError(
            f"{folder} holds a trained model, and nothing is exported beside its files; choose "
            f"another folder, such as {folder / 'exported'}. If it is the second model of a pair, "
            "give both as models: in Python as one list, in a command without an option between"
        )


def _refuse_both(folder: Path) -> None:
    """Refuse a folder of which it cannot be known which model is meant: trained or exported."""
    weights = _weights(folder)
    graphs = [] if weights is None else exported_graphs(folder)
    if graphs:
        raise ModelError(
            f"{folder} holds a trained model and exported graphs ({listed(p.name for p in graphs)})"
            f"; name {weights} for the one, {graphs[0]} for the other, or move the graphs to "
            "a folder of their own."
        )


def _weights(folder: Path) -> Path | None:
    """The file with a trained model's weights, if a folder holds one."""
    return next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)


def _refuse_other_files(path: Path) -> None:
    """Refuse what is known to be something else, and say what takes it."""
    kind, use = kind_in_place_of_model(path), "`track` takes it as --data_path (-i)"
    if path.is_file() and path.suffix in (".yaml", ".yml"):
        with path.open("rb") as file:
            command = saved_by(file.read(_LONGEST_HEAD))
        if command is not None:
            kind = "a saved config"
            use = f"use it by `sleap-nn {command} --config {as_typed(path)}`"
    if kind is not None:
        raise OptionError(f"{path} is {kind}, not a model; {use}")


def _refuse_result(path: Path) -> None:
    """Refuse a part of a result, or one to plot, in one of the formats that no command reads."""
    kind = kind_of_result(path)
    if path.suffix == ".h5":
        from sleap_rt.labels.analysis_file import what_it_is

        kind = what_it_is(path)
    if kind is not None:
        use = use_of_result(path, "results to go on with are `.slp` files")
        raise OptionError(f"{path} is {kind}, not a model; {use}")


def _source_of(path: Path) -> ModelSource | None:
    if exported_graphs(path) if path.is_dir() else path.suffix == ".onnx":
        return "exported"
    if is_legacy_model(path):
        return "legacy"
    return "native" if (native_folder(path) / CONFIG_NAME).is_file() else None


def kind_of_data(file: Path) -> str | None:
    """What a file is by its name, in words, if it is data and no model."""
    kind = (guess_type(file.name)[0] or "").partition("/")[0]
    if file.suffix == ".slp":
        return "a labels file"
    if file.suffix.lower() in VIDEO_SUFFIXES:
        return "a video"
    return {"video": "a video", "image": "an image"}.get(kind)


def kind_in_place_of_model(path: Path) -> str | None:
    """What was given in place of a model, in words, if it is data that cannot be one."""
    if os.path.isdir(path):  # of what may not be looked at it says no, and reading tells why
        return "a folder of videos" if holds_videos(path) and not is_model(path) else None
    return kind_of_data(path)


def holds_videos(path: Path) -> bool:
    """Whether a folder can be an input for its videos, whatever else is in it."""
    with suppress(OSError):
        return any(
            one.suffix.lower() in VIDEO_SUFFIXES
            for one in path.iterdir()
            if not one.name.startswith(".")
        )
    return False


def refuse_twice(paths: Sequence[Path]) -> None:
    """Refuse one model or one input given twice.

    Raises:
        OptionError: as the summary says.
    """
    found: set[Path] = set()
    for path in paths:
        if path.resolve() in found:
            raise OptionError(f"{path} was given twice; give it once")
        found.add(path.resolve())


def refuse_model(path: Path, given_as: str, advice: str = _GIVE_AS_MODEL) -> None:
    """Refuse a model, or a folder of models, in place of data; a folder with videos is data.

    Args:
        path: that should be data.
        given_as: name of the option; may be empty.
        advice: what to do; by default for whatever takes models as well.

    Raises:
        OptionError: it is a model.
    """
    given, is_folder = f"{given_as} {path}".lstrip(), os.path.isdir(path)
    if is_folder and holds_videos(path):
        return
    if is_folder or path.suffix in (".onnx", ".ckpt") or path.name in FILES_OF_MODELS:
        if is_model(path):
            raise OptionError(f"{given} is a model; {advice.format('it')}")
        models = []
        with suppress(PermissionError):
            models = _models_in(path)
        if models:
            raise OptionError(
                f"{given} is a folder of models ({listed(models)}); {advice.format('one of them')}"
            )


def refuse_no_labels(path: Path, given_as: str) -> None:
    """Refuse a model, a video or an image in place of labels.

    Args:
        path: that should be a `.slp` file.
        given_as: name of the option.

    Raises:
        OptionError: it is something else.
    """
    refuse_model(path, given_as, _TRACK_WITH_MODEL)
    kind = kind_of_result(path) or kind_of_data(path)
    if kind is not None and path.suffix != ".slp":
        found = "is" if path.exists() else "does not exist, and would be"
        use = use_of_result(path, "name a `.slp` file with poses")
        raise OptionError(f"{given_as} {path} {found} {kind}; {use}")


def is_model(path: Path) -> bool:
    """Whether a path holds a model; False also for what may not be read."""
    with suppress(PermissionError):
        return _source_of(path) is not None
    return False


def _models_in(path: Path) -> list[str]:
    """Names of the models, if a folder holds models and nothing else."""
    inside = [one for one in path.iterdir() if one.name[0] != "."] if path.is_dir() else []
    folders = all(one.is_dir() for one in inside)
    return sorted(one.name for one in inside if is_model(one)) if folders else []


def _models_below(folder: Path) -> list[Path]:
    """Models in a folder with other things as well, or else in the folders in it."""
    here = _folders_in(folder)
    models = [one for one in here if is_model(one)]
    return models or [one for other in here for one in _folders_in(other) if is_model(one)]


def _folders_in(folder: Path) -> list[Path]:
    """Those that may be looked into, at most some."""
    with suppress(PermissionError):
        inside = (one for one in folder.iterdir() if one.is_dir() and os.access(one, os.R_OK))
        return sorted(islice(inside, _MOST_FOLDERS))
    return []


_LONGEST_HEAD = 1000  # bytes of a config that may tell who wrote it
_MOST_FOLDERS = 200  # that are looked into; a disk has millions
A_MODEL = (
    f"an export folder, an `.onnx` file, a model folder with {CONFIG_NAME} and {CHECKPOINT_NAME}, "
    "or one of SLEAP 1.4 or older with training_config.json and best_model.h5"
)


def one_family(paths: Sequence[Path]) -> Family:
    """The one family of all these trained models.

    Raises:
        ModelError: native and legacy models are mixed, or a path is not a trained model.
    """
    families: dict[Path, Family] = {}
    for path in paths:
        source = model_source(path)
        if source == "exported":
            raise ModelError(f"{path} is exported already; expected a trained model.")
        families[path] = source
    if len(set(families.values())) > 1:
        described = ", ".join(f"{path} ({TRAINED_WITH[one]})" for path, one in families.items())
        raise ModelError(f"{described}: {MIXED_FAMILIES}")
    return next(iter(families.values()))


MIXED_FAMILIES = (
    "models of sleap-nn and of SLEAP 1.4 or older treat frames and crops differently and do not "
    "belong together. Give two models that were trained with the same software."
)


def folder_of(path: Path) -> Path:
    """Folder of a trained model; for a zip, the folder that it would unpack to."""
    if path.suffix == ".zip":
        return path.with_suffix("")
    return path.parent if path.is_file() else path


def native_folder(path: Path) -> Path:
    """The model folder, given itself or its configuration or checkpoint file."""
    return path.parent if path.suffix in (".yaml", ".yml", ".json", ".ckpt") else path


def other_checkpoints(folder: Path) -> tuple[str, ...]:
    """Names of checkpoints of later trainings into a folder that had a `best.ckpt` already."""
    return tuple(sorted(path.name for path in folder.glob("best-v*.ckpt")))


def check_checkpoint(path: Path) -> None:
    """Raises:
    ModelError: there is no such checkpoint; the message names others of its folder.
    """
    if path.is_file():
        return
    others = sorted(p.name for p in path.parent.glob("*.ckpt")) if path.parent.is_dir() else []
    hint = f" The folder holds {', '.join(others)}: rename the one to use." if others else ""
    raise ModelError(f"{path} does not exist; a trained model needs its `{CHECKPOINT_NAME}`.{hint}")


def refuse_pointer(start: bytes, name: object) -> None:
    """Refuse what Git LFS leaves in place of a large file.

    Args:
        start: bytes that the file begins with.
        name: of the file, for messages.

    Raises:
        ModelError: as the summary says.
    """
    if start.startswith(b"version https://git-lfs"):
        raise ModelError(f"{name} is a Git LFS pointer, not the file itself. Run `git lfs pull`.")


def exported_graphs(path: Path) -> list[Path]:
    """The `.onnx` files of an export folder, or the one given."""
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.glob("*.onnx") if one.is_file())
