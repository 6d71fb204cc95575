"""A file that one process at a time writes; the lock ends with the process, however it ends."""

import os
from pathlib import Path
from typing import BinaryIO

from sleap_rt.errors import DataError
from sleap_rt.runtime.lock import lock


def open_locked(path: Path) -> tuple[BinaryIO, bool]:
    """Open a file for reading and writing that nobody else has locked; make it if it is not there.

    Args:
        path: of the file; its content stays as it is.

    Returns:
        The file, unbuffered, and whether it is locked: some network disks know no locks.

    Raises:
        DataError: another process writes it, or it cannot be written.
    """
    while True:
        try:
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o666), "r+b", 0)
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error.strerror}.") from error
        is_locked = _is_locked_now(file, path)
        if is_at(file, path):  # else its last writer removed it while this one opened it
            return file, is_locked
        file.close()


def check_not_locked(path: Path) -> None:
    """Raises:
    DataError: another process writes the file.
    """
    try:
        file = path.open("r+b", 0)
    except OSError:
        return
    with file:
        _is_locked_now(file, path)


def is_at(file: BinaryIO, path: Path) -> bool:
    """Whether an open file is the one that has this name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


_BINARY = getattr(os, "O_BINARY", 0)


def _is_locked_now(file: BinaryIO, path: Path) -> bool:
    try:
        lock(file)
    except BlockingIOError as error:
        file.close()
        raise DataError(
            f"Another run is writing {path.with_suffix('')}: its journal {path} is in use. "
            "Wait until it has ended, or choose another -o."
        ) from error
    except OSError:
        return False
    return True
