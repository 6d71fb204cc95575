"""Finds the two files of a legacy model: in a folder, in a zip of it, or beside one of them."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from sleap_rt.errors import ModelError
from sleap_rt.untrusted import listed, quoted
from sleap_rt.untrusted.archives import FAULTS, BoundedArchive, leads_outside
from sleap_rt.untrusted.budget import Budget
from sleap_rt.words import unreadable

CONFIG_NAME = "training_config.json"
WEIGHTS_NAME = "best_model.h5"
_WEIGHTS_END = "_model.h5"  # best, latest, final; results and videos are `.h5` files, too
_NATIVE_NAMES = ("training_config.yaml", "best.ckpt")
_WANTED = f"Give the training folder with {WEIGHTS_NAME} and {CONFIG_NAME}."
_FOREIGN = {  # file that shows another format -> what it is
    "saved_model.pb": "a TensorFlow SavedModel, which is not supported",
    "frozen_graph.pb": "a graph that SLEAP exported (`sleap-export`), which is not supported",
}


class ModelFiles(NamedTuple):
    """The two files of a model."""

    config: bytes
    config_name: str
    weights: bytes
    weights_name: str


class _Place(Protocol):
    """Where files lie: a folder on disk, or one inside an archive."""

    def names(self) -> list[str]: ...
    def read(self, name: str) -> bytes: ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        return sorted(entry.name for entry in self._path.iterdir() if entry.is_file())

    def read(self, name: str) -> bytes:
        return (self._path / name).read_bytes()


class _ZippedFolder:
    """The files at the root of an archive, or in the one folder there that looks like a model."""

    def __init__(self, archive: BoundedArchive) -> None:
        self._archive = archive
        if outside := [name for name in archive.names if leads_outside(name)]:
            raise ModelError(
                f"The archive's member {quoted(outside[0])} leads out of its folder; "
                "SLEAP writes no such archive."
            )
        members = [PurePosixPath(name) for name in archive.names if not name.endswith("/")]
        telling = {CONFIG_NAME, WEIGHTS_NAME, *_NATIVE_NAMES}
        folders = sorted({member.parent for member in members if member.name in telling})
        if len(folders) > 1:
            raise ModelError(
                f"The archive holds several models ({listed(folders)}); unpack it and give one "
                "folder."
            )
        self._parent = folders[0] if folders else PurePosixPath()
        self._names = sorted(member.name for member in members if member.parent == self._parent)

    def names(self) -> list[str]:
        return self._names

    def read(self, name: str) -> bytes:
        return self._archive.read(str(self._parent / name))


@contextmanager
def _opened(path: Path) -> Iterator[BoundedArchive]:
    with zipfile.ZipFile(path) as archive:
        yield BoundedArchive(archive, Budget(path.stat().st_size))


def is_legacy_model(path: Path) -> bool:
    """Whether `path` looks like a legacy model, also one that `load_legacy_model` will refuse.

    A folder that also holds a sleap-nn model is native; naming its `.h5` file still means legacy.
    """
    if path.suffix in (".h5", ".keras"):
        return path.is_file()
    if path.suffix == ".zip" and path.is_file():
        try:
            with _opened(path) as archive:
                return _looks_legacy(_ZippedFolder(archive).names())
        except (*FAULTS, ModelError):
            return True
    folder = path.parent if path.suffix == ".json" else path
    return folder.is_dir() and path.exists() and _looks_legacy(_Folder(folder).names())


def _looks_legacy(names: list[str]) -> bool:
    if any(name in names for name in _NATIVE_NAMES):
        return False
    telling = {CONFIG_NAME, "initial_config.json", *_FOREIGN}
    return any(name in telling or name.endswith(_WEIGHTS_END) for name in names)


def read_model_files(path: Path) -> ModelFiles:
    """Read the configuration and the weights of the model at `path`.

    Args:
        path: the folder, either file in it, or a zip of it. Naming an `.h5` file chooses it.

    Raises:
        ModelError: a file is missing or cannot be read, or is another kind of model.
    """
    if not path.exists():
        raise ModelError(f"There is no such file or folder. {_WANTED}")
    try:
        if path.is_dir():
            return _pick(_Folder(path), WEIGHTS_NAME)
        if path.suffix == ".h5":
            return _pick(_Folder(path.parent), path.name)
        if path.suffix == ".json":
            return _pick(_Folder(path.parent), WEIGHTS_NAME)
        if path.suffix == ".zip":
            with _opened(path) as archive:
                return _pick(_ZippedFolder(archive), WEIGHTS_NAME)
    except PermissionError as error:
        raise ModelError(unreadable(error.filename, error)) from error
    except FAULTS as error:
        raise ModelError(f"Its files cannot be read ({error}). Copy it again.") from error
    if path.suffix == ".keras":
        raise ModelError(
            f"This is a Keras 3 file; SLEAP 1.4 and earlier never wrote one. {_WANTED}"
        )
    raise ModelError(f"This is no SLEAP model. {_WANTED}")


def _pick(place: _Place, weights_name: str) -> ModelFiles:
    names = place.names()
    for foreign, what in _FOREIGN.items():
        if foreign in names and weights_name not in names:
            raise ModelError(f"This is {what}. {_WANTED}")
    if CONFIG_NAME not in names:
        hint = ""
        if "initial_config.json" in names:
            hint = " initial_config.json is there, but lacks the skeleton and the crop size."
        raise ModelError(f"{CONFIG_NAME} is missing.{hint} {_WANTED}")
    if weights_name not in names:
        others = [name for name in names if name.endswith(".h5")]
        keras = [name for name in names if name.endswith(".keras")]
        hint = f" There is {listed(others)}: give its path to use that." if others else ""
        if keras:
            hint = f" {keras[0]} is a Keras 3 file, which SLEAP 1.4 and earlier never wrote."
        raise ModelError(f"{weights_name} is missing.{hint}")
    return ModelFiles(place.read(CONFIG_NAME), CONFIG_NAME, place.read(weights_name), weights_name)
