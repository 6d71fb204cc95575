"""Exports of trained models, kept from one run to the next.

The name of an entry is a hash of what it was made from: the files of the models, the overrides, and
the version that exported them. If any of these changes, a new entry is made. An entry that is not
as it was made, by the checksums in its graphs, is made again; where none can be kept, the graphs
are made in a temporary folder, for this process alone.
"""

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import platformdirs

from sleap_rt.contract import CONTRACT_VERSION
from sleap_rt.errors import ModelError, NotWritableError
from sleap_rt.export.folders import check_room, room_in
from sleap_rt.export.source_hashes import file_sha256, fingerprint
from sleap_rt.export.steps import OnStep, export_alone, loaded_exporter
from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.runtime.graph_file import read_graph_file
from sleap_rt.version import __version__


def cached_graphs(
    models: Sequence[Path],
    overrides: ModelOverrides = NO_OVERRIDES,
    on_step: OnStep | None = None,
) -> list[Path]:
    """The exported graphs of one model or a pair; exports them if they are not in the cache.

    Args:
        models: trained models, in any order.
        overrides: settings that replace those of the training configurations.
        on_step: called as each step of an export begins and ends.

    Raises:
        OptionError: an override has no effect with these models, or cannot be honoured.
        ModelError: a model cannot be loaded or exported, or the export extra is not installed.
    """
    key = _key(models, overrides)
    found = _find(key, len(models))
    if found is not None:
        return found
    with export_alone(on_step):  # the export that was waited for may be this one
        return _find(key, len(models)) or _exported(key, models, overrides, on_step)


def _exported(
    key: str, models: Sequence[Path], overrides: ModelOverrides, on_step: OnStep | None
) -> list[Path]:
    try:
        return _export_into(cache_folder(), key, models, overrides, on_step)
    except NotWritableError as error:
        _note(
            f"exports cannot be kept: {error}; this one goes to a temporary folder, and is made "
            "again next time. XDG_CACHE_HOME names another place for them."
        )
        return _export_into(_temporary_folder(), key, models, overrides, on_step)


def find_cached(models: Sequence[Path], overrides: ModelOverrides) -> list[Path] | None:
    """The exported graphs of one model or a pair; None if they are yet to be made.

    Raises:
        ModelError: a model is missing or cannot be read.
    """
    return _find(_key(models, overrides), len(models))


def cache_folder() -> Path:
    return Path(platformdirs.user_cache_dir("sleap-rt")) / "exports"


def kept_in_words() -> str:
    """Where the export of a run goes and stays; empty where none can be kept."""
    try:
        check_room(_absolute(cache_folder()))
    except NotWritableError:
        return ""
    return f" once, into {cache_folder()}; later runs use that"


def _absolute(folder: Path) -> Path:
    if not folder.is_absolute():
        raise NotWritableError("There is no home folder")
    return folder


def _key(models: Sequence[Path], overrides: ModelOverrides) -> str:
    digest = hashlib.sha256(f"{__version__} {CONTRACT_VERSION}".encode())
    for print_ in sorted(fingerprint(model, overrides.backbone_ckpt_path) for model in models):
        digest.update(print_.encode())
    for name in overrides.given:
        value = getattr(overrides, name)
        content = file_sha256(value).hex() if isinstance(value, Path) else repr(value)
        digest.update(f" {name}={content}".encode())
    return digest.hexdigest()[:32]


def _find(key: str, n_graphs: int) -> list[Path] | None:
    """The graphs of a whole entry; one that is not whole is removed."""
    for folder in (cache_folder(), *_temporary_folders):
        entry = folder / key
        if not os.path.lexists(entry):
            continue
        try:
            return _whole(entry, n_graphs)
        except (OSError, ModelError) as error:
            _note(f"a cached export cannot be used and is made again: {error}")
            _remove(entry)
    return None


def _whole(entry: Path, n_graphs: int) -> list[Path]:
    """Raises:
    OSError: the entry is no folder.
    ModelError: a graph of it is missing, or is not as it was exported.
    """
    found = [
        read_graph_file(path).path for path in sorted(entry.iterdir()) if path.suffix == ".onnx"
    ]
    if len(found) != n_graphs:
        raise ModelError(f"{entry} holds {len(found)} graphs; expected {n_graphs}")
    return found


def _export_into(
    folder: Path,
    key: str,
    models: Sequence[Path],
    overrides: ModelOverrides,
    on_step: OnStep | None,
) -> list[Path]:
    with room_in(_absolute(folder)) as temporary:
        graphs = temporary / "graphs"
        loaded_exporter(on_step).export_models(models, graphs, overrides, on_step=on_step)
        entry = folder / key
        try:
            graphs.rename(entry)
        except OSError:  # another process was faster; its entry has the same content
            if not entry.is_dir():
                raise
        return _whole(entry, len(models))


_temporary_folders: list[Path] = []  # at most one, made when it is needed


def _temporary_folder() -> Path:
    """A folder for the exports of this process, which goes when it ends."""
    if not _temporary_folders:
        try:
            folder = Path(tempfile.mkdtemp(prefix="sleap-rt-"))
        except OSError as error:
            raise ModelError(
                f"There is no temporary folder to export into: {error.strerror or error}"
            ) from error
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _temporary_folders.append(folder)
    return _temporary_folders[0]


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with suppress(OSError):
            entry.unlink()


def _note(text: str) -> None:
    print(text, file=sys.stderr)
