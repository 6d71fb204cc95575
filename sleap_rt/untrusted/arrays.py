"""NumPy's `.npy` format: numbers only, and no more of them than there are bytes."""

import io
import math
import struct
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sleap_rt.untrusted.pickles import FAULTS as PICKLE_FAULTS

_FAULTS = (*PICKLE_FAULTS, SyntaxError, TokenError, struct.error)


def read_npy(data: bytes) -> NDArray[Any]:
    """The array of an `.npy` file.

    Raises:
        ValueError: it is damaged, holds objects, or claims more numbers than it has.
    """
    try:
        shape, dtype, _ = read_header(data)
        if dtype.hasobject:
            raise ValueError("it holds pickled objects")
        if math.prod(shape) * dtype.itemsize > len(data):
            raise ValueError(f"it claims an array of shape {shape}, but has {len(data):,} bytes")
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except _FAULTS as error:
        raise ValueError(f"not a readable array: {error}") from error


def read_header(data: bytes) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape and type of the array of an `.npy` file, and where its content begins.

    Raises:
        ValueError: it is damaged.
    """
    try:
        stream = io.BytesIO(data)
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(stream)
        return shape, dtype, stream.tell()
    except _FAULTS as error:
        raise ValueError(f"not a readable array: {error}") from error
