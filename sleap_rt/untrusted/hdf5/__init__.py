"""HDF5 files of strangers: what HDF5 would follow, reserve or never finish is seen beforehand."""

from sleap_rt.untrusted.hdf5.datasets import check_attribute, check_dataset, check_filters
from sleap_rt.untrusted.hdf5.structure import check_start, check_structure, open_checked
from sleap_rt.untrusted.hdf5.texts import check_texts

__all__ = [
    "check_attribute",
    "check_dataset",
    "check_filters",
    "check_start",
    "check_structure",
    "check_texts",
    "open_checked",
]
