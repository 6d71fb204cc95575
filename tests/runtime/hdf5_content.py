"""Everything in an HDF5 file, to compare files by."""

import h5py
import numpy as np


def content(path):
    """Every dataset and attribute, by name; types and raw bytes included."""
    found: dict[object, object] = {}

    def note(name, item):
        found.update({(name, key): repr(value) for key, value in item.attrs.items()})
        if isinstance(item, h5py.Dataset):
            values = item[()]
            raw = values.tobytes() if isinstance(values, np.ndarray) else values
            found[name] = (item.dtype, item.shape, repr(values) if item.dtype.hasobject else raw)

    with h5py.File(path) as file:
        note("/", file)
        file.visititems(note)
    return found
