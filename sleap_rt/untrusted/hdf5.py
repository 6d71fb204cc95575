"""HDF5 files that may not lead to other files, nor unpack to more than they can hold."""

import math
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.quoting import quoted

_MOST_TEXTS = 500  # Keras writes texts of one length, which are stored one by one
_HEAP = b"GCOL\x01\0\0\0"
_SMALLEST_TEXT = 8  # bytes in a heap, its header included
_TEXT_REFERENCE = 16  # bytes: length, place of the heap, number in it
_WINDOW = 1 << 23
_INSIDE = (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT)


def check_file(path: Path, *, most_searched: int | None = None) -> None:
    """Refuse a file as `check_structure` does; for files that a library will read by their path.

    Args:
        path: of the file.
        most_searched: bytes of a file that is searched for damaged heaps; None: any. A larger one
            takes minutes.

    Raises:
        ValueError: as there.
        OSError: it is no HDF5 file, or cannot be read.
    """
    with (
        h5py.File(path, "r") as file,
        path.open("rb") as raw,
        mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        is_small = most_searched is None or len(content) <= most_searched
        check_structure(file, content if is_small else b"")


def check_structure(file: h5py.File, content: bytes | mmap.mmap) -> None:
    """Refuse a file with a link to another one, or that HDF5 would read for ever.

    Nothing in the file is opened.

    Args:
        file: open.
        content: all its bytes.

    Raises:
        ValueError: it has such a link, or is damaged so that reading a text of it would not end.
        RuntimeError: it is damaged.
    """
    _refuse_damaged_heaps(content, file.id.get_create_plist().get_sizes()[1])

    def leads_outside(name: bytes, info: Any) -> bytes | None:
        return None if info.type in _INSIDE else name

    found = file.id.links.visit(leads_outside, info=True)
    if found is not None:
        raise ValueError(f"{quoted(found.decode(errors='replace'))} is a link to another file")


def _refuse_damaged_heaps(content: bytes | mmap.mmap, length: int) -> None:
    """Refuse heaps of texts that HDF5 (seen with 1.14) would never get past, or allocate as it is.

    That is, with free space of no size, or larger than the file.

    Args:
        content: of the file.
        length: bytes of a length in this file.
    """
    left = len(content) // _SMALLEST_TEXT  # texts that can be in it, where heaps do not overlap
    for start in _heaps(content):
        header = 8 + length  # of the heap, and of each text in it
        size = int.from_bytes(content[start + 8 : start + header], "little")
        if size > len(content) - start:
            raise ValueError("the heap of its texts is larger than the file")
        position = start + _aligned(header)
        while position + header <= start + size:
            index = int.from_bytes(content[position : position + 2], "little")
            taken = int.from_bytes(content[position + 8 : position + header], "little")
            left -= 1
            if left < 0 or (index == 0 and taken == 0):
                raise ValueError("the heap of its texts is damaged")
            position += taken if index == 0 else _aligned(header) + _aligned(taken)


def _heaps(content: bytes | mmap.mmap) -> Iterator[int]:
    """Where heaps of texts begin."""
    for first in range(0, len(content), _WINDOW):
        start = first - 1
        end = first + _WINDOW + len(_HEAP) - 1
        while (start := content.find(_HEAP, start + 1, end)) >= 0:
            yield start
        if isinstance(content, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            content.madvise(mmap.MADV_DONTNEED)  # or a large file would count as memory in use


def _aligned(size: int) -> int:
    return -(-size // 8) * 8


def check_dataset(dataset: h5py.Dataset, budget: Budget) -> None:
    """Refuse a dataset whose numbers lie in another file, or that is far larger than its file.

    Args:
        dataset: about to be read whole.
        budget: of the file; the dataset's bytes are taken from it.

    Raises:
        ValueError: as the summary says.
    """
    name = quoted(dataset.name)
    if dataset.is_virtual or dataset.external:
        raise ValueError(f"the values of {name} are in another file")
    chunk = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
    budget.spend(max(dataset.nbytes, chunk), name)


def check_texts(dataset: h5py.Dataset, file_size: int) -> None:
    """Refuse a dataset of texts that are longer than its file: HDF5 reserves memory for them.

    Args:
        dataset: any; only texts of free length are looked at, as programs write them: in chunks
            that are not compressed.
        file_size: bytes.

    Raises:
        ValueError: as the summary says.
    """
    told = h5py.check_string_dtype(dataset.dtype)
    if told is None or told.length is not None or not dataset.chunks or dataset.compression:
        return
    total = 0
    for number in range(dataset.id.get_num_chunks()):
        place = dataset.id.get_chunk_info(number).chunk_offset
        _, chunk = dataset.id.read_direct_chunk(place)
        usable = len(chunk) - len(chunk) % _TEXT_REFERENCE
        total += int(np.frombuffer(chunk[:usable], "<u4")[:: _TEXT_REFERENCE // 4].sum(dtype=int))
    if total > file_size:
        raise ValueError(f"the texts of {quoted(dataset.name)} claim {total:,} bytes")


def check_attribute(attributes: h5py.AttributeManager, name: str, budget: Budget) -> None:
    """Refuse texts that refer to one text many times over, which is read once for each.

    Raises:
        ValueError: as the summary says.
    """
    found = attributes.get_id(name)
    n_values = math.prod(found.shape or ())
    if found.dtype.hasobject and n_values > _MOST_TEXTS:
        raise ValueError(f"the attribute {quoted(name)} refers to {n_values:,} values")
    budget.spend(n_values * found.dtype.itemsize, f"the attribute {quoted(name)}")
