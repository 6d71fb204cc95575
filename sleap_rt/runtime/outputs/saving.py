"""New files that appear complete or not at all."""

import os
import tempfile
from collections.abc import Callable
from glob import escape
from pathlib import Path
from shutil import rmtree

from sleap_rt.runtime.disk import sync_file, sync_folder

_RANDOM = 8  # characters that `tempfile` puts behind a prefix


def save(path: Path, write: Callable[[Path], object]) -> tuple[Path, ...]:
    """Write files, and put them in place once they are complete and on the disk.

    Args:
        path: of the file.
        write: writes the file it is given, or several ones beside it.

    Returns:
        The files, in the folder of `path`.

    Raises:
        OSError: the disk is full, or failed.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=unfinished_prefix(path)) as folder:
        write(Path(folder) / path.name)
        written = sorted(Path(folder).iterdir())
        for file in written:
            with file.open("rb+") as opened:
                sync_file(opened)
        targets = tuple(path.with_name(file.name) for file in written)
        for file, target in zip(written, targets, strict=True):
            os.replace(file, target)
    sync_folder(path.parent)
    return targets


def remove_unfinished(path: Path) -> None:
    """Delete what a run left that was killed while it saved. Nobody else may be saving there.

    Args:
        path: of the file.
    """
    for folder in path.parent.glob(escape(unfinished_prefix(path)) + "?" * _RANDOM):
        rmtree(folder, ignore_errors=True)


def unfinished_prefix(path: Path) -> str:
    """Of names of folders in which a file is written until it is complete."""
    return f".saving-{path.name}-"
