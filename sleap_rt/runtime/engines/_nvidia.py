"""Asks the NVIDIA driver whether this machine has a GPU; needs no package."""

import ctypes

_DRIVERS = ("libcuda.so.1", "nvcuda.dll")


def why_no_gpu() -> str | None:
    """The obstacle to running on an NVIDIA GPU, in words; None where there is none."""
    driver = _load_driver()
    if driver is None:
        return "there is no NVIDIA driver"
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return "the NVIDIA driver finds no GPU"
    return None


def _load_driver() -> ctypes.CDLL | None:
    for name in _DRIVERS:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None
