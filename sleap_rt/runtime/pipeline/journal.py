"""Stores results on disk as they are produced, so that an interrupted run can be resumed.

A journal is one line that describes the run, then one record per batch. It holds filtered
predictions without tracks; tracking starts again from the first frame, which takes little time. A
run resumes at a whole batch, so the engine sees the same batches as in an uninterrupted run.

The disk is waited for every `SYNC_SECONDS`: a power cut costs what was predicted since. What is not
whole at the journal's end, or behind a damaged record, is cut off, and the run is told.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Literal

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.disk import sync_file, sync_folder
from sleap_rt.runtime.pipeline.journal_file import (
    LONGEST_NAME,
    alike,
    differences,
    first_line,
    is_journal,
    line_of,
    run_of,
    seed_of,
    whole_records,
)
from sleap_rt.runtime.pipeline.locked_file import check_not_locked, is_at, open_locked
from sleap_rt.runtime.pipeline.records import packed, read_record, record_of, unpacked
from sleap_rt.runtime.pipeline.surviving import n_frames_surviving
from sleap_rt.words import counted, is_or_are, unreadable

SYNC_SECONDS = 5.0
_WHAT_TO_DO = "start anew with --no-resume"


class JournalError(DataError):
    """Results cannot be kept: the run cannot go on, but what the journal has stays."""


class Journal:
    """The journal of one output. A context manager that closes it.

    While it is open, no other process can open it.

    Args:
        path: of the file.
        warn: told what the user should know.

    Attributes:
        n_frames: frames whose results it holds.

    Raises:
        DataError: another run has it open, it cannot be written, or is a file of another kind,
            which stays as it is.
    """

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self.path = path
        self.n_frames = 0
        self._warn, self._seed = warn, 0
        self._start = self._end = 0
        self._synced_at, self._n_synced = time.monotonic(), 0
        self._is_gone = False
        self._turn = Lock()  # one position in the file for reading and writing
        self._file, is_locked = open_locked(path)
        try:
            _refuse_others(self._file, path)
        except DataError:
            self._file.close()
            raise
        if not is_locked:
            warn(f"{path.parent} knows no file locks: make sure that no other run writes there.")

    def begin(self, run: Mapping[str, Any], *, resume: bool | None) -> None:
        """Find out what it holds.

        Args:
            run: all that the results depend on, as JSON values; must be the same to resume.
            resume: continue what is there; False drops it, None refuses if there is something.

        Raises:
            DataError: it belongs to a run with other settings, or is none, or cannot be written.
        """
        size = os.fstat(self._file.fileno()).st_size
        if size and resume is None:
            raise DataError(_cut_off(self.path))
        if size and resume:
            self._check_line(run)
            self._measure(size)
        else:
            self._write_line(run)

    def described(self) -> dict[str, Any] | None:
        """What it says about the run that began it; None where nothing was begun.

        Raises:
            DataError: it is no journal, or damaged there.
        """
        line = first_line(self._file)
        return run_of(line, self.path, _WHAT_TO_DO) if line.strip() else None

    def batches(self) -> Iterator[list[FrameInstances]]:
        """The results that it holds now, batch by batch."""
        position, end = self._start, self._end
        while position < end:
            with self._turn:
                self._file.seek(position)
                record = read_record(self._file, end, self._seed)
            if record is None:
                raise DataError(f"{self.path} was changed while it was in use.")
            position += record.size
            yield unpacked(record.batch)

    def append(self, results: Sequence[FrameInstances]) -> None:
        """Add a batch, and hand it to the operating system.

        Raises:
            JournalError: it cannot be written; what it held ahead of the batch stays.
        """
        record = record_of(packed(results), self.n_frames, len(results), self._seed)
        with self._turn:
            self._write(record, self._end)
        self._end += len(record)
        self.n_frames += len(results)
        if time.monotonic() - self._synced_at >= SYNC_SECONDS:
            self._sync()

    def close(self) -> None:
        if self._file.closed:
            return
        if self.n_frames > self._n_synced:
            try:
                self._sync()
            except JournalError as error:
                self._warn(str(error))
        is_empty = 0 < self._start == self._end  # a first line, and no results behind it
        if is_empty or not os.fstat(self._file.fileno()).st_size:
            self.remove()
        self._file.close()

    def kept_as(self, path: Path) -> Path:
        """Close it and give it this name, as what it holds is all that there will be.

        Raises:
            JournalError: it cannot be written, or not renamed.
        """
        self._sync()
        self._file.close()
        try:
            os.replace(self.path, path)
        except OSError as error:
            raise JournalError(f"{path} cannot be written: {error.strerror}.") from error
        sync_folder(path.parent)
        return path

    def remove(self) -> None:
        """Delete it: its results are stored elsewhere, or there are none."""
        is_there = is_at(self._file, self.path)
        if is_there and os.name != "nt":
            self.path.unlink()  # ahead of the lock's end, so that nobody finds it half removed
        self._file.close()
        if is_there and os.name == "nt":
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write_line(self, run: Mapping[str, Any]) -> None:
        """Begin anew. What is there is overwritten only now that nobody else writes it."""
        line = line_of(run)
        self._seed = seed_of(line)
        self._file.truncate(0)
        self._write(line, 0)
        self._start = self._end = len(line)
        self._sync()
        sync_folder(self.path.parent)

    def _check_line(self, run: Mapping[str, Any]) -> None:
        line = first_line(self._file)
        self._seed, self._start = seed_of(line), len(line)
        found = run_of(line, self.path, _WHAT_TO_DO)
        refuse_another(self.path, found, json.loads(json.dumps(run)))

    def _measure(self, size: int) -> None:
        """Find the end of the whole records, and cut off what is behind it."""
        position = self._start
        for record in whole_records(self._file, position, size, self._seed):
            self.n_frames += record.n_frames
            position += record.size
        self._end, self._n_synced = position, self.n_frames
        if position < size:
            n_lost = n_frames_surviving(self._file, position, size, self._seed) - self.n_frames
            lost = f"{n_lost} behind them are" if n_lost > 0 else "an unfinished batch is"
            self._warn(
                f"{self.path} is damaged at byte {position}, as after a power cut: its first "
                f"{counted(self.n_frames, 'frame')} {is_or_are(self.n_frames)} kept, {lost} cut "
                "off and predicted again."
            )
            self._file.truncate(position)

    def _write(self, data: bytes, position: int) -> None:
        try:
            self._file.seek(position)
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._file.truncate(position)
            raise JournalError(f"{self.path} cannot be written: {error.strerror}.") from error

    def _sync(self) -> None:
        try:
            sync_file(self._file)
        except OSError as error:
            raise JournalError(f"{self.path} cannot be written: {error.strerror}.") from error
        self._synced_at, self._n_synced = time.monotonic(), self.n_frames
        if not self._is_gone and not is_at(self._file, self.path):
            self._is_gone = True
            self._warn(
                f"{self.path} was deleted or replaced while in use: this run goes on, but cannot "
                "be resumed if it is cut off."
            )


def refuse_another(path: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to go on with a run that differs from this one.

    Args:
        path: of the journal.
        then: what it says of its run.
        now: the same of this one.

    Raises:
        DataError: they differ; says in what.
    """
    other = sorted(differences(then, now))
    if other:
        is_input = not alike(then.get("input"), now.get("input"))
        raise DataError(
            f"{path} belongs to another run: {'; '.join(other)}. Repeat that run's command"
            f"{', with its input where and as it was,' if is_input else ''} to go on with it, or "
            "start anew with --no-resume."
        )


def begun_run(path: Path | None) -> dict[str, Any] | None:
    """As `Journal.described`, of a journal that is only read and may be missing."""
    if path is None:
        return None
    try:
        if not path.exists():
            return None
        with path.open("rb") as file:
            line = first_line(file)
    except OSError as error:
        raise DataError(unreadable(path, error)) from error
    return run_of(line, path, _WHAT_TO_DO) if line.strip() else None


def check_journal(path: Path, *, resume: bool | Literal["auto"] | None) -> None:
    """Refuse, ahead of a run, a journal that it must not write or cannot go on with.

    Args:
        path: of the journal; may be missing.
        resume: as of `Journal.begin`; `auto` goes on if there is something.

    Raises:
        DataError: it is a file of another kind, another run writes it, nobody said what to do with
            what it holds, or there is nothing to go on with.
    """
    if path.exists():
        try:
            with path.open("rb") as file:
                _refuse_others(file, path)
        except OSError as error:
            raise DataError(unreadable(path, error)) from error
        check_not_locked(path)
        if resume is None:
            raise DataError(_cut_off(path))
    elif resume is True:
        raise DataError(
            f"{path} does not exist: there is nothing to go on with (--resume). Leave it out, or "
            "pass `--resume auto`, which begins where there is nothing."
        )


def _refuse_others(file: BinaryIO, path: Path) -> None:
    """Refuse a file that is no journal, whatever its name says: nobody asked for its end."""
    file.seek(0)
    start = file.read(LONGEST_NAME)
    if start and not is_journal(start):
        raise DataError(
            f"{path} exists and is no journal of a run. It is never replaced: move it, or name "
            "another file (--journal, -o)."
        )


def _cut_off(path: Path) -> str:
    return (
        f"{path} holds results of a run that was cut off. Pass --resume to continue it, or "
        "--no-resume to begin anew."
    )
