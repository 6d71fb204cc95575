"""Counts the frames behind a damaged place of a journal, to tell what is lost."""

from typing import BinaryIO

from sleap_rt.runtime.pipeline.records import MAGIC, read_record

_BLOCK = 1 << 20
_MOST_FALSE = 100  # starts of records that turn out to be none: a file made to take time


def n_frames_surviving(file: BinaryIO, start: int, end: int, seed: int) -> int:
    """Frames up to the end of the last whole record behind `start`; 0 if there is none.

    Args:
        file: a journal.
        start: position of the damage.
        end: of the file.
        seed: of its records.
    """
    n_frames = n_false = 0
    position = start + 1
    while n_false < _MOST_FALSE and (found := _next_magic(file, position, end)) is not None:
        file.seek(found)
        record = read_record(file, end, seed)
        if record is None:
            n_false += 1
            position = found + 1
        else:
            n_frames = record.n_before + record.n_frames
            position = found + record.size
    return n_frames


def _next_magic(file: BinaryIO, position: int, end: int) -> int | None:
    while position < end:
        file.seek(position)
        block = file.read(_BLOCK + len(MAGIC) - 1)
        found = block.find(MAGIC)
        if found >= 0:
            return position + found
        position += _BLOCK
    return None
