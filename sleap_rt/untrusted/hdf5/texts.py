"""Texts, and other lists of free length, for which HDF5 reserves what they claim.

What stands in their place is a reference: how long the text is, and where. HDF5 (seen with 2.0)
takes up to 4 GB at its word.
"""

import math
import zlib
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from sleap_rt.untrusted.hdf5.content import Content
from sleap_rt.untrusted.hdf5.heaps import Heaps
from sleap_rt.untrusted.hdf5.stored_attributes import StoredAttributes
from sleap_rt.untrusted.quoting import quoted

_References = np.ndarray[Any, np.dtype[Any]]
_OBJECT_BYTES = 8  # of a reference to an object


def check_attributes(file: h5py.File, content: Content, heaps: Heaps) -> None:
    """Refuse attributes that claim more than their file has, or that lie in damaged heaps.

    Args:
        file: open.
        content: of the file.
        heaps: of the file.

    Raises:
        ValueError: as the summary says, or what they claim cannot be seen.
        RuntimeError: the file is damaged.
    """
    stored = StoredAttributes(content)

    def check(_: str, item: Any) -> None:
        free = dict(_free_attributes(item))
        if not free:
            return
        places = [
            (name, place)
            for name, place in stored.in_header(h5py.h5o.get_info(item.id).addr)
            if name in free
        ]
        for name in set(free) - {name for name, _ in places}:
            elsewhere = [(name, place) for place in stored.anywhere(name)]
            if not elsewhere:
                raise ValueError(f"the attribute {quoted(name.decode())} is not found in it")
            places += elsewhere
        for name, place in places:
            n_values, size = free[name]
            end = place + n_values * _kind_of_reference(content).itemsize
            references = _references(content.data[place:end], content)
            _check_claim(references, size, content, f"attribute {quoted(name.decode())}")
            for address in set(references["address"].tolist()):
                heaps.check(content.base + address)

    check("", file)
    file.visititems(check)


def check_texts(dataset: h5py.Dataset, content: Content) -> None:
    """Refuse a dataset of lists of free length that are longer than its file.

    Args:
        dataset: any; numbers and texts of a fixed length pass.
        content: of its file.

    Raises:
        ValueError: as the summary says, or it is stored in a way that programs do not use.
    """
    name = f"dataset {quoted(dataset.name)}"
    size = _size_of_one(dataset.dtype, name)
    if size is not None:
        found = [_references(part, content) for part in _parts(dataset, content, name)]
        if found:
            _check_claim(np.concatenate(found), size, content, name)


def _free_attributes(item: Any) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Name, number of lists, and bytes of one of their elements, of attributes of free length."""
    for name in item.attrs:
        found = item.attrs.get_id(name)
        try:
            size = _size_of_one(found.dtype, f"attribute {quoted(name)}")
        except TypeError:  # h5py cannot read it at all
            continue
        if size is not None and found.shape is not None:
            yield name.encode(), (math.prod(found.shape), size)


def _size_of_one(dtype: np.dtype[Any], name: str) -> int | None:
    """Bytes of an element of a list of free length; None for values that are no such lists.

    Raises:
        ValueError: there are lists in lists, or in records.
    """
    base = dtype.subdtype[0] if dtype.subdtype else dtype
    if not base.hasobject or h5py.check_ref_dtype(base) is not None:
        return None
    if h5py.check_string_dtype(base) is not None:
        return 1
    of = h5py.check_vlen_dtype(base)
    if of is not None and h5py.check_ref_dtype(of) is not None:
        return _OBJECT_BYTES
    if of is not None and not of.hasobject:
        return int(of.itemsize)
    if base.names and all(_size_of_one(base[field], name) is None for field in base.names):
        return None
    raise ValueError(f"the {name} has texts within records or lists, which are not read")


def _kind_of_reference(content: Content) -> np.dtype[Any]:
    layout = [("length", "<u4"), ("address", f"<u{content.address}"), ("number", "<u4")]
    return np.dtype(layout)


def _references(stored: bytes, content: Content) -> _References:
    kind = _kind_of_reference(content)
    return np.frombuffer(stored[: len(stored) // kind.itemsize * kind.itemsize], kind)


def _check_claim(references: _References, size: int, content: Content, name: str) -> None:
    total = int(references["length"].sum(dtype=np.int64)) * size
    if total > len(content):
        raise ValueError(f"the texts of the {name} claim {total:,} bytes")


def _parts(dataset: h5py.Dataset, content: Content, name: str) -> Iterator[bytes]:
    """The references of a dataset as they are stored, part by part."""
    size = _kind_of_reference(content).itemsize
    if dataset.chunks is None:
        start = dataset.id.get_offset()
        if start is not None:
            yield content.data[start : start + dataset.size * size]
        elif dataset.id.get_storage_size():
            raise ValueError(f"the {name} has texts in its header, which are not read")
        return
    if dataset.compression not in (None, "gzip") or dataset.shuffle or dataset.fletcher32:
        raise ValueError(f"the {name} has texts behind a filter, which are not read")
    found: list[Any] = []
    dataset.id.chunk_iter(found.append)
    for chunk in found:
        if chunk.size > len(content):
            raise ValueError(f"the {name} has a part larger than the file")
        mask, part = dataset.id.read_direct_chunk(chunk.chunk_offset)
        is_packed = dataset.compression is not None and not mask
        most = math.prod(dataset.chunks) * size
        yield zlib.decompressobj().decompress(part, most) if is_packed else part
