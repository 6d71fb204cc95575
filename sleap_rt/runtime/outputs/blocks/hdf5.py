"""HDF5 files on disks that may become full.

HDF5 writes again when a file is closed whose writing failed, and may end the process by a signal.
Here it writes into a file object that remembers the first failure and takes all that follows
without a word; the failure is raised once HDF5 is done.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import h5py


@contextmanager
def open_to_write(path: Path) -> "Iterator[tuple[h5py.File, Callable[[], None]]]":
    """An HDF5 file, made if it is not there, else opened to be changed.

    Yields:
        The file, and a function to call now and then, which raises as soon as writing has failed.

    Raises:
        OSError: the disk is full, or failed.
    """
    import h5py

    mode = "r+" if path.exists() else "w"
    with path.open("r+b" if mode == "r+" else "w+b", buffering=0) as raw:
        file = RememberingFile(raw)
        try:
            with h5py.File(file, mode, rdcc_nbytes=0) as hdf5:  # blocks are written whole
                yield hdf5, file.check
        finally:
            file.check()


def reserve(folder: Path, n_bytes: int) -> None:
    """Make sure that a small file can be written which HDF5 is to write by itself.

    Raises:
        OSError: the disk is full, or failed.
    """
    probe = folder / "reserve"
    try:
        with probe.open("wb") as file:
            file.write(bytes(n_bytes))
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


class RememberingFile:
    """A file for h5py that never fails in writing, and says later that it did.

    Args:
        raw: unbuffered.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.error: BaseException | None = None

    def check(self) -> None:
        """Raise what stopped the writing, if anything did."""
        if self.error is not None:
            raise self.error

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        n_bytes = len(left)
        try:
            while left and self.error is None:
                left = left[self._raw.write(left) :]
        except BaseException as error:  # an interrupt, too, must not pass through HDF5
            self.error = error
        return n_bytes

    def truncate(self, size: int | None = None) -> int:
        try:
            if self.error is None:
                return self._raw.truncate(size)
        except BaseException as error:
            self.error = error
        return size or 0

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        return self._raw.seek(position, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def readinto(self, buffer: Any) -> int:
        return self._raw.readinto(buffer)  # type: ignore[attr-defined, no-any-return]

    def read(self, size: int = -1) -> bytes:
        return self._raw.read(size)

    def flush(self) -> None:
        pass
