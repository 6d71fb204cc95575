"""HDF5 files that may not lead to other files, nor unpack to more than they can hold."""

import math
from typing import Any

import h5py

from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.quoting import quoted

_MOST_TEXTS = 500  # Keras writes texts of one length, which are stored one by one
_INSIDE = (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT)


def refuse_links_outside(file: h5py.File) -> None:
    """Refuse a file with a link to another one, before anything in it is opened.

    Raises:
        ValueError: it has such a link.
    """

    def leads_outside(name: bytes, info: Any) -> bytes | None:
        return None if info.type in _INSIDE else name

    found = file.id.links.visit(leads_outside, info=True)
    if found is not None:
        raise ValueError(f"{quoted(found.decode(errors='replace'))} is a link to another file")


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
