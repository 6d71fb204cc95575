"""Keeps the results of a run on disk until its file is written, so that memory does not grow."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.pipeline.journal import JournalError
from sleap_rt.runtime.pipeline.records import packed, read_record, record_of, unpacked

_FRAMES_PER_RECORD = 32


class Spool:
    """Results, tracks and all, in a file without a name that ends with the process.

    A context manager that closes it.

    Args:
        folder: on a disk with room for them, as that of the output.

    Raises:
        DataError: no file can be made there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._file = tempfile.TemporaryFile(  # noqa: SIM115 - closed by __exit__
                dir=folder, prefix=".results-", buffering=0
            )
        except OSError as error:
            raise DataError(f"Cannot write into {folder}: {error.strerror}.") from error
        self._end = 0
        self._last: list[FrameInstances] = []  # not in the file yet

    def append(self, result: FrameInstances) -> None:
        """Raises:
        JournalError: the disk is full, or failed.
        """
        self._last.append(result)
        if len(self._last) == _FRAMES_PER_RECORD:
            record = record_of(packed(self._last), 0, len(self._last), 0)
            try:
                self._write(record)
            except OSError as error:
                raise JournalError(
                    f"Cannot write into {self._folder}: {error.strerror}."
                ) from error
            self._last = []

    def __iter__(self) -> Iterator[FrameInstances]:
        """All results, in order."""
        position = 0
        while position < self._end:
            self._file.seek(position)
            record = read_record(self._file, self._end, 0)
            if record is None:
                raise DataError(f"The disk of {self._folder} gave back other bytes than it got.")
            position += record.size
            yield from unpacked(record.batch)
        yield from self._last

    def _write(self, record: bytes) -> None:
        self._file.seek(self._end)
        left = memoryview(record)
        while left:
            left = left[self._file.write(left) :]
        self._end += len(record)

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
