"""Follows the pages of a TIFF file, which a damaged file can make endless or huge."""

import struct
from pathlib import Path
from typing import BinaryIO

_MOST_ENTRIES = 4096  # of a page's directory
_MOST_PIXELS = 2**27
_WIDTH, _HEIGHT = 256, 257  # numbers of tags
_SHORT = 3


def check_tiff(path: Path) -> int:
    """Look at every page's directory; the number of pages.

    Raises:
        ValueError: it is no TIFF file, or one without pages; or these run in a circle, out of the
            file, or are huge.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        order, is_big, position = _start(file)
        seen: set[int] = set()
        while position:
            if position in seen or position >= size:
                raise ValueError("its pages run in a circle, or out of the file")
            seen.add(position)
            position = _check_page(file, position, order, is_big=is_big)
    if not seen:
        raise ValueError("it has no pages")
    return len(seen)


def _start(file: BinaryIO) -> tuple[str, bool, int]:
    """Order of bytes, whether offsets have 64 bits, and where the first page is."""
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise ValueError("it is no TIFF file")
    (version,) = struct.unpack_from(order + "H", head, 2)
    if version == 43:
        return order, True, struct.unpack_from(order + "Q", head, 8)[0]
    if version != 42:
        raise ValueError("it is no TIFF file")
    return order, False, struct.unpack_from(order + "I", head, 4)[0]


def _check_page(file: BinaryIO, position: int, order: str, *, is_big: bool) -> int:
    """Where the next page is; 0 behind the last."""
    counter, entry, offset = ("Q", 20, "Q") if is_big else ("H", 12, "I")
    file.seek(position)
    (n_entries,) = struct.unpack(order + counter, file.read(struct.calcsize(order + counter)))
    if not 0 < n_entries <= _MOST_ENTRIES:
        raise ValueError(f"a page has {n_entries} entries")
    entries = file.read(n_entries * entry)
    sides = {}
    for start in range(0, len(entries), entry):
        tag, kind = struct.unpack_from(order + "HH", entries, start)
        if tag in (_WIDTH, _HEIGHT):
            value = "H" if kind == _SHORT else "I"
            (sides[tag],) = struct.unpack_from(order + value, entries, start + entry * 2 // 3)
    if sides.get(_WIDTH, 0) * sides.get(_HEIGHT, 0) > _MOST_PIXELS:
        raise ValueError(f"a page of {sides[_WIDTH]}x{sides[_HEIGHT]} px is too large")
    (after,) = struct.unpack(order + offset, file.read(struct.calcsize(order + offset)))
    return int(after)
