"""Datasets and attributes that may not be larger than their file can hold."""

import math
import zlib

import h5py
from h5py import h5z

from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.quoting import quoted

_MOST_TEXTS = 500  # Keras writes texts of one length, which are stored one by one
_FILTERS = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}
_BELIEVED = {h5z.FILTER_SCALEOFFSET, h5z.FILTER_NBIT}  # HDF5 reserves what their options claim
_CHECKSUM = 4  # bytes, of Fletcher's
_SMALL_PART = 1 << 19  # bytes; gzip makes at most half a GB of them


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
    if set(_filters(dataset)) - _FILTERS:
        raise ValueError(f"{name} is packed by a filter that SLEAP does not use")
    check_filters(dataset)
    if dataset.compression == "gzip":
        _check_parts(dataset, chunk, name)


def check_filters(dataset: h5py.Dataset) -> None:
    """Refuse a dataset packed by filters with which a kilobyte may stand for gigabytes.

    Raises:
        ValueError: as the summary says.
    """
    filters = _filters(dataset)
    if filters.count(h5z.FILTER_DEFLATE) > 1 or _BELIEVED & set(filters):
        raise ValueError(f"{quoted(dataset.name)} is packed twice, or by a filter that is not read")


def _filters(dataset: h5py.Dataset) -> list[int]:
    creation = dataset.id.get_create_plist()
    return [creation.get_filter(number)[0] for number in range(creation.get_nfilters())]


def _check_parts(dataset: h5py.Dataset, n_bytes: int, name: str) -> None:
    """Refuse parts that unpack to more than their size: HDF5 unpacks them to the end."""
    parts: list[h5py.h5d.StoreInfo] = []
    dataset.id.chunk_iter(parts.append)
    for part in parts:
        if part.size > _SMALL_PART:
            _, packed = dataset.id.read_direct_chunk(part.chunk_offset)
            most = n_bytes + _CHECKSUM
            if len(zlib.decompressobj().decompress(packed, most + 1)) > most:
                raise ValueError(
                    f"a part of {name} would unpack to more than its {n_bytes:,} bytes"
                )


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
