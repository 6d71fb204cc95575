"""The file of a journal: one line that describes a run, then one record per batch."""

import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.pipeline.records import Record, read_record, unpacked
from sleap_rt.words import unreadable

LAYOUT = 5
_NAME = b"sleap-rt journal "
_OLD_NAME = re.compile(rb'\{"layout": \d')
LONGEST_NAME = len(_NAME)  # bytes that tell a journal
_LONGEST_LINE = 16 << 20
CALLED = "called"  # names for a person of values that only tell whether something is the same
_HASH = re.compile(r"[0-9a-f]{32,}(\.[0-9a-f]{32,})*")
_FRAMES = re.compile(r"(\d+ frames?(?: from \d+ to \d+)?): ")  # as in `Selection.fingerprint`


def line_of(run: Mapping[str, Any]) -> bytes:
    """The first line of a new journal; no other has the same.

    Args:
        run: describes it, as JSON values.
    """
    text = json.dumps({"id": os.urandom(8).hex(), "run": run}).encode()
    return _NAME + b"%d %08x " % (LAYOUT, zlib.crc32(text)) + text + b"\n"


def seed_of(line: bytes) -> int:
    """What the checksums of the records behind this first line start from."""
    return zlib.crc32(line)


def first_line(file: BinaryIO) -> bytes:
    """The first line of a file, with its end."""
    file.seek(0)
    return file.read(_LONGEST_LINE).partition(b"\n")[0] + b"\n"


def is_journal(start: bytes) -> bool:
    """Whether a file that begins so is a journal, whole or damaged, of this version or another."""
    return start.startswith(_NAME) or _OLD_NAME.match(start) is not None


def run_of(line: bytes, path: Path, what_to_do: str) -> dict[str, Any]:
    """The run that a first line describes.

    Args:
        line: of the file.
        path: of the file.
        what_to_do: with a damaged one, for the message.

    Raises:
        DataError: it is of another version, no such line, or damaged.
    """
    if not is_journal(line):
        raise DataError(f"{path} is neither the journal of a run nor a part of one.")
    is_old = not line.startswith(_NAME)
    if is_old or not line.startswith(_NAME + b"%d " % LAYOUT):
        raise DataError(
            f"{path} was written by {'an older' if is_old else 'another'} version of "
            f"sleap-rt. Go on with that version, or {what_to_do}."
        )
    crc, _, text = line.removeprefix(_NAME + b"%d " % LAYOUT).rstrip(b"\n").partition(b" ")
    try:
        if int(crc, 16) != zlib.crc32(text):
            raise ValueError("its checksum is another one")
        run = json.loads(text)["run"]
        if not isinstance(run, dict):
            raise TypeError("no run")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(
            f"{path} is damaged in its first line: nothing in it can be used. "
            f"{what_to_do[:1].upper()}{what_to_do[1:]}."
        ) from error
    return run


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """How two descriptions of runs differ, in words: the option, what it was, and what it is.

    Args:
        then: of an earlier run, as a journal or a result tells it.
        now: of this one.
    """
    called = [run.get(CALLED) for run in (then, now)]
    names = [one if isinstance(one, Mapping) else {} for one in called]
    for key in sorted({*then, *now} - {CALLED}):
        was, is_now = then.get(key), now.get(key)
        if alike(was, is_now):
            continue
        if isinstance(was, Mapping) and isinstance(is_now, Mapping):
            yield from differences(was, is_now)
            continue
        words = [
            _in_words(one.get(key, run.get(key)))
            for one, run in zip(names, (then, now), strict=True)
        ]
        yield _changed(key, *words)


def alike(one: Any, other: Any) -> bool:
    """Whether two values of descriptions are the same; of hashes, as far as both of them tell.

    A hash may have several parts, `.` between them, of which earlier versions wrote the first.
    """
    if one == other or not (isinstance(one, str) and isinstance(other, str)):
        return bool(one == other)
    short, long = sorted((one, other), key=len)
    return bool(_HASH.fullmatch(long)) and long.startswith(f"{short}.")


def _changed(key: str, was: str | None, is_now: str | None) -> str:
    if was is None or is_now is None:
        return f"{key} changed"
    if was == is_now:
        return f"{key} changed: {was} is not what it was"
    return f"{key} was {was}, and is {is_now} now"


def _in_words(value: Any) -> str | None:
    """A value as it is given; None of what only tells whether something is the same."""
    if value is None:
        return "not given"
    if isinstance(value, Mapping):
        return "given"
    if isinstance(value, str):
        frames = _FRAMES.match(value)
        readable = frames[1] if frames else value
        return None if _HASH.fullmatch(readable) else readable
    return str(value) if isinstance(value, int | float) else None


def whole_records(file: BinaryIO, start: int, end: int, seed: int) -> Iterator[Record]:
    """The records from here on, as far as they are whole and follow each other.

    Args:
        file: a journal.
        start: position of the first record.
        end: of the file.
        seed: of the records.
    """
    n_frames, position = 0, start
    while True:
        file.seek(position)
        record = read_record(file, end, seed)
        if record is None or record.n_before != n_frames:
            return
        n_frames += record.n_frames
        position += record.size
        yield record


@dataclass(frozen=True)
class FinishedJournal:
    """A journal that is only read.

    Attributes:
        path: of the file.
        run: that it describes.
        n_frames: in its whole records.
        is_whole: nothing is behind these.
    """

    path: Path
    run: Mapping[str, Any]
    n_frames: int
    is_whole: bool

    @classmethod
    def read(cls, path: Path, what_to_do: str) -> "FinishedJournal":
        """Read it once, to the end.

        Args:
            path: of the file.
            what_to_do: with a damaged one, for the message.

        Raises:
            DataError: it cannot be read, or is no journal.
        """
        try:
            with path.open("rb") as file:
                line = first_line(file)
                run = run_of(line, path, what_to_do)
                size = os.fstat(file.fileno()).st_size
                records = list(map(_sizes, whole_records(file, len(line), size, seed_of(line))))
        except OSError as error:
            raise DataError(unreadable(path, error)) from error
        n_bytes = len(line) + sum(n for _, n in records)
        return cls(path, run, sum(n for n, _ in records), n_bytes == size)

    def batches(self) -> Iterator[list[FrameInstances]]:
        """The results, batch by batch.

        Raises:
            DataError: it cannot be read any more, or was changed.
        """
        try:
            with self.path.open("rb") as file:
                line, n_frames = first_line(file), 0
                size = os.fstat(file.fileno()).st_size
                for record in whole_records(file, len(line), size, seed_of(line)):
                    n_frames += record.n_frames
                    yield unpacked(record.batch)
        except OSError as error:
            raise DataError(unreadable(self.path, error)) from error
        if n_frames != self.n_frames:
            raise DataError(f"{self.path} was changed while it was in use.")


def _sizes(record: Record) -> tuple[int, int]:
    return record.n_frames, record.size
