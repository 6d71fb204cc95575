"""Frames as arrays: those given in memory, and the check of those that were read."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError


def is_arrays(data: Any) -> bool:
    """Whether this is an array, or a list with one, which is to hold nothing else."""
    many = data if isinstance(data, list | tuple) else (data,)
    return any(isinstance(one, np.ndarray) for one in many)


def frames_of(data: Any) -> Image | list[Image]:
    """Arrays as frames with an axis of channels.

    Args:
        data: (n, height, width, channels) uint8, one such frame, or a list of frames, which may
            differ in size; a frame may lack the axis of channels.

    Raises:
        DataError: something else.
    """
    if isinstance(data, np.ndarray) and data.ndim != 4:
        _refuse_gray_stack(data)
        data = [data]
    if not isinstance(data, np.ndarray):
        _refuse_others(data)
    if len(data) == 0:
        raise DataError("The array holds no frame: its first axis is 0 long")
    for frame in data[:1] if isinstance(data, np.ndarray) else data:  # of an array, all are alike
        with_channels(frame)
    return data if isinstance(data, np.ndarray) else [with_channels(frame) for frame in data]


def _refuse_gray_stack(data: Image) -> None:
    if data.ndim == 3 and 0 not in data.shape and not _is_image(data.shape):
        raise DataError(
            f"An array of shape {data.shape} is no frame (height, width[, channels]), and a stack "
            "of frames has shape (n, height, width, channels); of gray frames, give "
            "`frames[..., None]`"
        )


def _refuse_others(data: Sequence[Any]) -> None:
    for index, one in enumerate(data):
        if not isinstance(one, np.ndarray):
            raise DataError(
                f"A list of frames holds arrays and nothing else, but number {index} (from 0) is "
                f"{type(one).__name__}; a list of paths to images holds nothing but paths"
            )


def with_channels(frame: Any) -> Image:
    """One frame with an axis of channels.

    Args:
        frame: (height, width) or (height, width, channels) uint8.

    Raises:
        DataError: it is no such array.
    """
    is_array = isinstance(frame, np.ndarray)
    if not is_array or not _is_image(frame.shape) or frame.dtype != np.uint8:
        found = f"shape {frame.shape}, {frame.dtype}" if is_array else type(frame).__name__
        raise DataError(
            "A frame is an array of shape (height, width) or (height, width, channels), 8 bit "
            f"(uint8, 0 to 255), with 1 channel (gray) or 3 (RGB); got {found}"
        )
    image: Image = frame[..., None] if frame.ndim == 2 else frame
    return image


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


def _is_image(shape: tuple[int, ...]) -> bool:
    return 0 not in shape and (len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3)))


class ArrayReader:
    """Hands out frames as they were given.

    Args:
        frames: one (height, width, channels) uint8 array each.
    """

    def __init__(self, frames: Image | list[Image]) -> None:
        self._frames = frames

    def read(self, index: int) -> Image:
        frame: Image = self._frames[index]
        return frame

    def close(self) -> None:
        pass
