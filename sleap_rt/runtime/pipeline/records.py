"""Results as bytes, and records of these in a file that show whether they are whole.

A record is a header and a batch of results. Its checksum covers both and starts from a number that
the file chose, so that neither zeros nor records of another file pass for one.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.instances import FrameInstances, ImageState

MAGIC = b"\xf7RT\x03"
_HEADER = struct.Struct("<4sIQI")  # magic, length of the batch, frames ahead, frames
_CRC = struct.Struct("<I")
_SIZES = struct.Struct("<III")  # frames, instances, nodes
_FIELDS: tuple[tuple[str, str], ...] = (
    ("points", "<f4"),
    ("point_scores", "<f4"),
    ("scores", "<f4"),
    ("track_ids", "<i8"),
    ("tracking_scores", "<f4"),
)


@dataclass(frozen=True)
class Record:
    """One whole record.

    Attributes:
        n_before: frames in the records ahead of it.
        n_frames: in it.
        batch: what `packed` made.
        size: bytes that it takes in the file.
    """

    n_before: int
    n_frames: int
    batch: bytes
    size: int


def record_of(batch: bytes, n_before: int, n_frames: int, seed: int) -> bytes:
    """A record to be appended to a file.

    Args:
        batch: what `packed` made.
        n_before: frames in the records ahead of it.
        n_frames: in the batch.
        seed: of the file.
    """
    header = _HEADER.pack(MAGIC, len(batch), n_before, n_frames)
    return header + _CRC.pack(zlib.crc32(batch, zlib.crc32(header, seed))) + batch


def read_record(file: BinaryIO, end: int, seed: int) -> Record | None:
    """The record that starts here, the position behind it; None if there is no whole one.

    Args:
        file: at the start of a record.
        end: of the file.
        seed: of the file.
    """
    left = end - file.tell() - _HEADER.size - _CRC.size
    if left < 0:
        return None
    header, crc = file.read(_HEADER.size), file.read(_CRC.size)
    magic, length, n_before, n_frames = _HEADER.unpack(header)
    if magic != MAGIC or length > left:
        return None
    batch = file.read(length)
    if zlib.crc32(batch, zlib.crc32(header, seed)) != _CRC.unpack(crc)[0]:
        return None
    return Record(n_before, n_frames, batch, len(header) + len(crc) + length)


def packed(results: Sequence[FrameInstances]) -> bytes:
    """Results as bytes; all must have the same number of nodes."""
    n_nodes = results[0].points.shape[1]
    counts = np.array([len(result) for result in results], "<i8")
    refs = np.array([(result.video_index, result.frame_index) for result in results], "<i8")
    parts = [_SIZES.pack(len(results), int(counts.sum()), n_nodes), counts.tobytes()]
    notes = np.array([(result.image, result.n_nodeless) for result in results], "<i8")
    parts += [refs.tobytes(), notes.tobytes()]
    for name, dtype in _FIELDS:
        joined = np.concatenate([getattr(result, name) for result in results])
        parts.append(np.ascontiguousarray(joined, dtype).tobytes())
    return b"".join(parts)


def unpacked(batch: bytes) -> list[FrameInstances]:
    """The results that `packed` was given.

    Raises:
        DataError: it was not given any.
    """
    try:
        return _unpacked(batch)
    except (struct.error, ValueError) as error:
        raise DataError("A record is whole, but holds no results of this program") from error


def _unpacked(batch: bytes) -> list[FrameInstances]:
    n_frames, n_instances, n_nodes = _SIZES.unpack_from(batch)
    shapes = {"points": (n_nodes, 2), "point_scores": (n_nodes,)}
    position = _SIZES.size

    def array(dtype: str, *shape: int) -> np.ndarray[Any, np.dtype[Any]]:
        nonlocal position
        n_values = int(np.prod(shape, dtype=object))
        values = np.frombuffer(batch, dtype, n_values, position).reshape(shape)
        position += values.nbytes
        return values

    counts = array("<i8", n_frames)
    if (counts < 0).any() or int(counts.sum()) != n_instances:
        raise ValueError("instances of the frames do not add up")
    refs = array("<i8", n_frames, 2)
    notes = array("<i8", n_frames, 2)
    ends = np.cumsum(counts)[:-1]
    fields: dict[str, Any] = {
        name: np.split(array(dtype, n_instances, *shapes.get(name, ())), ends)
        for name, dtype in _FIELDS
    }
    return [
        FrameInstances(
            video_index=int(video_index),
            frame_index=int(frame_index),
            image=ImageState(int(notes[i, 0])),
            n_nodeless=int(notes[i, 1]),
            **{name: parts[i] for name, parts in fields.items()},
        )
        for i, (video_index, frame_index) in enumerate(refs)
    ]
