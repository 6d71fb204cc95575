"""A raw frame to the network's input, as the original did it. Plain NumPy, float32."""

from typing import NamedTuple

import numpy as np

from sleap_rt.arrays import Floats, Image, Ints
from sleap_rt.errors import DataError

_LUMA = np.array([0.2989, 0.5870, 0.1140], np.float32)  # of R, G, B
_PER_LEVEL = np.float32(1 / 255)


class SizedFrame(NamedTuple):
    """A frame at the common size.

    Attributes:
        image: (height, width, channels) uint8.
        ratio: sized px per frame px.
    """

    image: Image
    ratio: float


class Fit(NamedTuple):
    """How a frame fits a target; (height, width) or (top, left) px.

    Attributes:
        ratio: sized px per frame px, as points are converted.
        resized: what the frame is resized to.
        origin: where it lies in the target.
    """

    ratio: float
    resized: tuple[int, int]
    origin: tuple[int, int]


def fit_to(height: int, width: int, target_height: int, target_width: int) -> Fit:
    """How the original fits a frame to another size. Everything is float32.

    It computes the size that fits, truncated, and hands that to TensorFlow's `resize_with_pad`. As
    a truncated size has not quite the frame's proportions, TensorFlow resizes to a little less
    and centres the result in it. Points are converted with the ratio of the first step only.
    """
    h, w = np.float32(height), np.float32(width)
    by_height, by_width = np.float32(target_height) / h, np.float32(target_width) / w
    if by_height > by_width:
        ratio, fitting = by_width, (np.trunc(h * by_width), np.float32(target_width))
    else:
        ratio, fitting = by_height, (np.float32(target_height), np.trunc(w * by_height))
    shrink = max(w / fitting[1], h / fitting[0])
    sides = (h / shrink, w / shrink)
    margins = [(outer - inner) / 2 for outer, inner in zip(fitting, sides, strict=True)]
    top, left = (max(0, int(np.floor(margin))) for margin in margins)
    return Fit(float(ratio), (int(sides[0]), int(sides[1])), (top, left))


def match_size(frame: Image, target_height: int, target_width: int) -> SizedFrame:
    """Resize to fit the target, also when that enlarges, and pad with zeros to exactly the target.

    Args:
        frame: (height, width, channels).
        target_height: rows of the result.
        target_width: columns of the result.
    """
    height, width = frame.shape[:2]
    if (height, width) == (target_height, target_width):
        return SizedFrame(frame, 1.0)
    fit = fit_to(height, width, target_height, target_width)
    (top, left), (rows, columns) = fit.origin, fit.resized
    sized = np.zeros((target_height, target_width, frame.shape[2]), np.uint8)
    resized = resize(frame.astype(np.float32), fit.resized).astype(np.uint8)
    sized[top : top + rows, left : left + columns] = resized
    return SizedFrame(sized, fit.ratio)


def to_channels(image: Image, n_channels: int) -> Image:
    """RGB to gray or gray to RGB, where the network wants the other.

    Args:
        image: (..., 1 or 3).
        n_channels: 1 or 3.

    Raises:
        DataError: the image has neither 1 nor 3 channels.
    """
    found = image.shape[-1]
    if found not in (1, 3):
        raise DataError(f"frames have {found} channels; legacy models take frames with 1 or 3")
    if found == n_channels:
        return image
    if n_channels == 3:
        return np.repeat(image, 3, axis=-1)
    gray = (image.astype(np.float32) * _PER_LEVEL) @ _LUMA
    # From [0, 1] back to bytes: 255.5, then truncated, as TensorFlow's image conversion does.
    return (gray * np.float32(255.5)).astype(np.uint8)[..., None]


def scaled_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """(height, width) after input scaling: truncated, computed in float32."""
    factor = np.float32(scale)
    return int(np.float32(height) * factor), int(np.float32(width) * factor)


def network_input(image: Image, *, input_scale: float, pad_stride: int) -> Floats:
    """Bytes to [0, 1], scaled and padded.

    Args:
        image: (height, width, channels), with the channels that the network takes.
        input_scale: network-input px per sized px.
        pad_stride: the result's height and width are multiples of this.

    Returns:
        (1, channels, height, width).
    """
    x = image.astype(np.float32) * _PER_LEVEL
    if input_scale != 1:
        x = resize(x, scaled_size(image.shape[0], image.shape[1], input_scale))
    bottom, right = (-x.shape[0] % pad_stride, -x.shape[1] % pad_stride)
    x = np.pad(x, ((0, bottom), (0, right), (0, 0)))
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])


def resize(image: Floats, size: tuple[int, int]) -> Floats:
    """Bilinear, half-pixel centres, edges clamped, NO antialiasing, as `tf.image.resize`.

    Args:
        image: (height, width, channels).
        size: (height, width) of the result.
    """
    top, bottom, down = _neighbours(image.shape[0], size[0])
    left, right, across = _neighbours(image.shape[1], size[1])
    across, down = across[None, :, None], down[:, None, None]
    rows = image[:, left] + (image[:, right] - image[:, left]) * across
    return rows[top] + (rows[bottom] - rows[top]) * down


def _neighbours(n_in: int, n_out: int) -> tuple[Ints, Ints, Floats]:
    """For each output pixel the two input pixels it lies between, and how far from the first."""
    step = np.float32(n_in) / np.float32(n_out)
    at = (np.arange(n_out, dtype=np.float32) + np.float32(0.5)) * step - np.float32(0.5)
    low = np.floor(at)
    first = np.clip(low.astype(np.int64), 0, n_in - 1)
    second = np.clip(low.astype(np.int64) + 1, 0, n_in - 1)
    return first, second, (at - low).astype(np.float32)
