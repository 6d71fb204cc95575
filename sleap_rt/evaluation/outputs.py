"""Checks before the work that files can be written; writes them complete or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sleap_rt.errors import DataError


def check_destination(path: Path) -> None:
    """Refuse a path that cannot be written, before anything is measured.

    Raises:
        DataError: `path` is a folder, or no file can be made there.
    """
    try:
        if path.is_dir():
            raise DataError(f"{path} cannot be written: it is a folder; name a file in it")
        folder = next(parent for parent in path.absolute().parents if parent.exists())
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error
    if not folder.is_dir():
        raise DataError(f"{path} cannot be written: {folder} is a file, not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"{path} cannot be written: there is no permission to write to {folder}")


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file, which appears complete or not at all; creates missing folders.

    Args:
        path: the file.
        write: puts the content into an open file.

    Raises:
        DataError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".saving-") as folder:
            complete = Path(folder) / path.name
            with complete.open("wb") as file:
                write(file)
            os.replace(complete, path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error
