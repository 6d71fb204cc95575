"""New files that appear complete or not at all.

They are written into a folder beside their place, in which a locked file tells that it is in use:
the lock ends with its process, however that ends, and the next one removes what was left.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from shutil import rmtree

from sleap_rt.runtime.disk import sync_file, sync_folder
from sleap_rt.runtime.lock import lock

_LOCK = "lock"
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
    for left in filter(_is_left, _unfinished(path)):
        rmtree(left, ignore_errors=True)
    prefix = unfinished_prefix(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=prefix) as name, _in_use(Path(name)):
        folder = Path(name) / "new"
        folder.mkdir()
        write(folder / path.name)
        written = sorted(folder.iterdir())
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
    for folder in _unfinished(path):
        rmtree(folder, ignore_errors=True)


def unfinished_prefix(path: Path) -> str:
    """Of names of folders in which a file is written until it is complete."""
    return f".saving-{path.name}-"


def _unfinished(path: Path) -> list[Path]:
    return list(path.parent.glob(escape(unfinished_prefix(path)) + "?" * _RANDOM))


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    """While this lasts, nobody takes the folder for one that was left."""
    with (folder / _LOCK).open("wb", buffering=0) as file:
        with suppress(OSError):  # some network disks know no locks: what is left there stays
            lock(file)
            file.write(b"locked")  # an empty file is not yet locked
        yield


def _is_left(folder: Path) -> bool:
    """Whether the process that wrote here has ended."""
    try:
        with (folder / _LOCK).open("r+b", buffering=0) as file:
            if not os.fstat(file.fileno()).st_size:
                return False
            lock(file)
    except OSError:
        return False
    return True
