"""HDF5 files that may not lead to other files, nor unpack to more than they can hold."""

import math
import mmap
from pathlib import Path
from typing import Any

import h5py

from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.quoting import quoted

_MOST_TEXTS = 500  # Keras writes texts of one length, which are stored one by one
_INSIDE = (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT)


def check_file(path: Path) -> None:
    """Refuse a file as `check_structure` does; for files that a library will read by their path.

    Raises:
        ValueError: as there.
        OSError: it is no HDF5 file, or cannot be read.
    """
    with (
        h5py.File(path, "r") as file,
        path.open("rb") as raw,
        mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        check_structure(file, content)


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
    _refuse_endless_heaps(content, file.id.get_create_plist().get_sizes()[1])

    def leads_outside(name: bytes, info: Any) -> bytes | None:
        return None if info.type in _INSIDE else name

    found = file.id.links.visit(leads_outside, info=True)
    if found is not None:
        raise ValueError(f"{quoted(found.decode(errors='replace'))} is a link to another file")


def _refuse_endless_heaps(content: bytes | mmap.mmap, length: int) -> None:
    """Refuse a heap of texts with free space of no size: HDF5 (seen with 1.14) never gets past it.

    Args:
        content: of the file.
        length: bytes of a length in this file.
    """
    start = -1
    while (start := content.find(b"GCOL\x01\0\0\0", start + 1)) >= 0:
        header = 8 + length  # of the heap, and of each text in it
        size = int.from_bytes(content[start + 8 : start + header], "little")
        position, end = start + _aligned(header), min(start + size, len(content))
        while position + header <= end:
            index = int.from_bytes(content[position : position + 2], "little")
            taken = int.from_bytes(content[position + 8 : position + header], "little")
            if index == 0 and taken == 0:
                raise ValueError("the heap of its texts is damaged")
            position += taken if index == 0 else _aligned(header) + _aligned(taken)


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
