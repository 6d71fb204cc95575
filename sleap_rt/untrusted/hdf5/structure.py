"""What an HDF5 file leads to, and what opening it and its attributes would cost."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from sleap_rt.untrusted.hdf5.content import Content
from sleap_rt.untrusted.hdf5.heaps import Heaps
from sleap_rt.untrusted.hdf5.texts import check_attributes
from sleap_rt.untrusted.quoting import quoted

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HEAD = 14  # bytes up to the size of an address, at the latest
_FIRST_PLACE = 512  # where the signature is looked for behind the very beginning, doubled each time
_INSIDE = (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT)


@contextmanager
def open_checked(
    path: Path, *, most_searched: int | None = None
) -> Iterator[tuple[h5py.File, Content]]:
    """Open a file for reading, and refuse one as `check_start` and `check_structure` do.

    Args:
        path: of the file.
        most_searched: bytes of a file all of which is searched for damaged heaps; None: any. A
            larger one takes minutes; of it, only those of its attributes are looked at.

    Raises:
        ValueError: as there.
        OSError: it is no HDF5 file, or cannot be read.
    """
    if not path.stat().st_size:
        raise OSError("it is empty")
    with (
        path.open("rb") as raw,
        mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        check_start(data)
        with h5py.File(path, "r") as file:
            is_small = most_searched is None or len(data) <= most_searched
            yield file, check_structure(file, data, searches=is_small)


def check_start(data: bytes | mmap.mmap) -> None:
    """Refuse what opening a file would reserve memory for; to be called ahead of opening it.

    Args:
        data: the whole file.

    Raises:
        ValueError: its start refers to a driver, as only files do that are split over others; HDF5
            believes what the driver's block says of its size.
    """
    start, place = 0, _FIRST_PLACE
    while data[start : start + 8] != _SIGNATURE and place < len(data):
        start, place = place, 2 * place
    head = data[start : start + _HEAD]
    if len(head) < _HEAD or head[8] > 1:  # later versions have nothing like it
        return
    version, size = head[8], head[13]
    driver = start + (28 if version else 24) + 3 * size
    if data[driver : driver + size] != b"\xff" * size:
        raise ValueError("it is part of a file that is split over others, or its start is damaged")


def check_structure(file: h5py.File, data: bytes | mmap.mmap, *, searches: bool = True) -> Content:
    """Refuse a file with a link to another one, or whose texts HDF5 would reserve or read for ever.

    Nothing in the file is read.

    Args:
        file: open.
        data: all its bytes.
        searches: for damaged heaps of texts; else only those of attributes are looked at.

    Returns:
        The bytes, with how the file writes places.

    Raises:
        ValueError: it has such a link, or is damaged so that a text of it would take more than the
            file has, or for ever.
        RuntimeError: it is damaged.
    """
    content = Content.of(file, data)
    heaps = Heaps(content)
    if searches:
        heaps.search()

    def leads_outside(name: bytes, info: Any) -> bytes | None:
        return None if info.type in _INSIDE else name

    found = file.id.links.visit(leads_outside, info=True)
    if found is not None:
        raise ValueError(f"{quoted(found.decode(errors='replace'))} is a link to another file")
    check_attributes(file, content, heaps)
    return content
