"""Checks that an image is one that models take."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError


def checked_frame(frame: NDArray[Any], index: int, name: str) -> Image:
    """The frame as a contiguous array, if models can take it.

    Raises:
        DataError: it is not an 8-bit gray or RGB image.
    """
    if frame.dtype != np.uint8:
        raise DataError(
            f"{name}: frame {index} is {frame.dtype}, but models take 8-bit images "
            "(uint8, 0 to 255). Convert the images to 8 bit first."
        )
    if frame.ndim != 3 or frame.shape[2] not in (1, 3):
        raise DataError(
            f"{name}: frame {index} has shape {frame.shape}; (height, width, channels) "
            "with 1 channel (gray) or 3 (RGB) was expected. "
            "Images with transparency have 4: save them without. HDF5 data of another order "
            "of axes need --video_input_format."
        )
    return np.ascontiguousarray(frame)
