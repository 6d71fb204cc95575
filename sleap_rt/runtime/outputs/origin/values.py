"""One hash of all values in an HDF5 file."""

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import h5py

_BLOCK_ROWS = 1 << 16
_MOST_PACKED = 1100  # times: more than deflate can


def hash_of_values(file: "h5py.File", *, leaving_out: str) -> str:
    """The same text for the same names, attributes and values.

    Args:
        file: to read.
        leaving_out: an attribute of the file itself.

    Raises:
        ValueError: there is far more to read than the file can hold.
    """
    import h5py

    found = hashlib.sha256()
    most_bytes = file.id.get_filesize() * _MOST_PACKED

    def add(name: str, item: Any) -> None:
        found.update(name.encode())
        for key, value in sorted(item.attrs.items()):
            if item.name != "/" or key != leaving_out:
                found.update(key.encode())
                if not isinstance(value, h5py.Empty):
                    _add(found, value)
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            if item.nbytes > most_bytes:
                raise ValueError(f"{name} would take {item.nbytes} bytes")
            _add_dataset(found, item)

    add("/", file["/"])
    file.visititems(add)
    return found.hexdigest()


def _add_dataset(found: Any, dataset: "h5py.Dataset") -> None:
    found.update(f"{dataset.dtype} {dataset.shape}".encode())
    if not dataset.shape:
        _add(found, dataset[()])
        return
    for start in range(0, dataset.shape[0], _BLOCK_ROWS):
        _add(found, dataset[start : start + _BLOCK_ROWS])


def _add(found: Any, told: Any) -> None:
    import numpy as np  # most commands do without

    values = np.asarray(told)
    if values.dtype.names is not None:  # by field: what lies between them is no value
        for name in values.dtype.names:
            _add(found, values[name])
    elif values.dtype.hasobject:  # texts; a reference is told by its kind alone
        found.update(repr(values.tolist()).encode())
    else:
        found.update(np.ascontiguousarray(values).tobytes())
