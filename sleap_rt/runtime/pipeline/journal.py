"""Stores results on disk as they are produced, so that an interrupted run can be resumed.

A journal is one line of JSON that describes the run, then one record per batch. It holds filtered
predictions without tracks; tracking starts again from the first frame, which takes little time. A
run resumes at a whole batch, so the engine sees the same batches as in an uninterrupted run.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances

_HEADER = struct.Struct("<II")  # length and CRC-32 of what follows
_SIZES = struct.Struct("<III")  # frames, instances, nodes
_FIELDS: tuple[tuple[str, str], ...] = (
    ("points", "<f4"),
    ("point_scores", "<f4"),
    ("scores", "<f4"),
    ("track_ids", "<i8"),
    ("tracking_scores", "<f4"),
)


class Journal:
    """A journal open for writing.

    Args:
        path: of the file.
        run: all that the results depend on, as JSON values; must be the same to resume.
        resume: continue an existing file; False starts a new one.

    Attributes:
        n_frames: frames whose results it holds.

    Raises:
        DataError: it cannot be written, or belongs to a run with other settings.
    """

    def __init__(self, path: Path, run: Mapping[str, Any], *, resume: bool) -> None:
        self.path = path
        self.n_frames = 0
        self._start = self._end = 0
        self._before_last: tuple[int, int] | None = None
        try:
            if resume and path.exists():
                self._check_and_measure(run)
                self._file: BinaryIO = path.open("r+b")
                self._file.truncate(self._end)
                self._file.seek(self._end)
            else:
                self._file = path.open("wb")
                self._file.write(json.dumps(run).encode() + b"\n")
                self._file.flush()
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error.strerror}.") from error

    def batches(self) -> Iterator[list[FrameInstances]]:
        """The results it held when it was opened, batch by batch."""
        if not self._end:
            return
        with self.path.open("rb") as file:
            file.seek(self._start)
            while file.tell() < self._end:
                record = _read_record(file)
                assert record is not None  # measured when the journal was opened
                yield _unpacked(record)

    def append(self, results: Sequence[FrameInstances]) -> None:
        """Add a batch, and flush it to the operating system."""
        record = _packed(results)
        self._before_last = (self._file.tell(), self.n_frames)
        self._file.write(_HEADER.pack(len(record), zlib.crc32(record)) + record)
        self._file.flush()
        self.n_frames += len(results)

    def drop_last(self) -> None:
        """Remove the batch added last: it is incomplete; a resumed run predicts it as a whole."""
        if self._before_last is not None:
            position, self.n_frames = self._before_last
            self._file.truncate(position)
            self._file.seek(position)

    def close(self) -> None:
        self._file.close()

    def remove(self) -> None:
        self.close()
        self.path.unlink()

    def _check_and_measure(self, run: Mapping[str, Any]) -> None:
        with self.path.open("rb") as file:
            try:
                found = json.loads(file.readline())
            except ValueError as error:
                raise DataError(f"{self.path} is no journal; delete it.") from error
            wanted = json.loads(json.dumps(run))
            other = [key for key in {*found, *wanted} if found.get(key) != wanted.get(key)]
            if other:
                raise DataError(
                    f"{self.path} belongs to a run with other {', '.join(sorted(other))}. Repeat "
                    "that run's options to go on with it, or start anew with --no-resume."
                )
            self._start = self._end = file.tell()
            while (record := _read_record(file)) is not None:
                self._end = file.tell()
                self.n_frames += _SIZES.unpack_from(record)[0]


def _read_record(file: BinaryIO) -> bytes | None:
    """The next record; None at the end, or if the rest was not written completely."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    length, crc = _HEADER.unpack(header)
    record = file.read(length)
    return record if len(record) == length and zlib.crc32(record) == crc else None


def _packed(results: Sequence[FrameInstances]) -> bytes:
    n_nodes = results[0].points.shape[1]
    counts = np.array([len(result) for result in results], "<i8")
    refs = np.array([(result.video_index, result.frame_index) for result in results], "<i8")
    parts = [_SIZES.pack(len(results), int(counts.sum()), n_nodes), counts.tobytes()]
    parts.append(refs.tobytes())
    for name, dtype in _FIELDS:
        joined = np.concatenate([getattr(result, name) for result in results])
        parts.append(np.ascontiguousarray(joined, dtype).tobytes())
    return b"".join(parts)


def _unpacked(record: bytes) -> list[FrameInstances]:
    n_frames, n_instances, n_nodes = _SIZES.unpack_from(record)
    shapes = {"points": (n_nodes, 2), "point_scores": (n_nodes,)}
    position = _SIZES.size

    def array(dtype: str, *shape: int) -> np.ndarray[Any, np.dtype[Any]]:
        nonlocal position
        n_values = int(np.prod(shape))
        values = np.frombuffer(record, dtype, n_values, position).reshape(shape)
        position += values.nbytes
        return values

    counts = array("<i8", n_frames)
    refs = array("<i8", n_frames, 2)
    ends = np.cumsum(counts)[:-1]
    fields: dict[str, Any] = {
        name: np.split(array(dtype, n_instances, *shapes.get(name, ())), ends)
        for name, dtype in _FIELDS
    }
    return [
        FrameInstances(
            video_index=int(video_index),
            frame_index=int(frame_index),
            **{name: parts[i] for name, parts in fields.items()},
        )
        for i, (video_index, frame_index) in enumerate(refs)
    ]
