"""Datasets and attributes that may not be larger than their file can hold."""

import math

import h5py

from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.quoting import quoted

_MOST_TEXTS = 500  # Keras writes texts of one length, which are stored one by one


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
