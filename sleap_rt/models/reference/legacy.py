"""Rules of SLEAP 1.4 and older in plain code: frames and crops to input, maps to peaks.

Two constants of the original are part of its result: where the input is scaled, 0.5 px is added;
and every coordinate found in a crop is 0.5 / scale px too small.
"""

from typing import NamedTuple

import numpy as np
import torch

from sleap_rt.arrays import Floats, Image, Ints
from sleap_rt.contract import Preprocessing
from sleap_rt.errors import DataError
from sleap_rt.models.reference import identity, plain_peaks
from sleap_rt.models.reference.plain_peaks import Peak
from sleap_rt.models.reference.reference_rules import PreparedCrops, PreparedFrame, SizedFrame

_LUMA = np.array([0.2989, 0.5870, 0.1140], np.float32)  # of R, G, B
_PER_LEVEL = np.float32(1 / 255)


class LegacyReference:
    """See `ReferenceRules`."""

    highest = staticmethod(plain_peaks.highest_row_and_column)
    maxima = staticmethod(plain_peaks.strict_maxima)

    def missing(self, peak: Peak) -> Peak:
        """Its position is NaN, but its value is kept."""
        return peak._replace(x=np.nan, y=np.nan)

    def frame(self, image: Image, spec: Preprocessing) -> PreparedFrame:
        sized = _sized(image, spec)
        channels = to_channels(sized.image, 3 if spec.channels == "rgb" else 1)
        prepared = network_input(channels, input_scale=spec.input_scale, pad_stride=spec.max_stride)
        return PreparedFrame(torch.from_numpy(prepared), sized.eff_scale)

    def crops(self, image: Image, centers: Floats, spec: Preprocessing) -> PreparedCrops:
        assert spec.crop_size is not None  # a crop model without one does not load
        sized = _sized(image, spec)
        ratio, scale, side = sized.eff_scale, spec.input_scale, spec.crop_size[0]
        source = scaled_frame(to_channels(sized.image, 3 if spec.channels == "rgb" else 1), scale)
        centers = centers * ratio
        crops = to_channels(cut_crops(source, centers * np.float32(scale), side), spec.in_channels)
        inputs = [network_input(crop, input_scale=1, pad_stride=1) for crop in crops]
        # Crop pixel 0 truly lies at (side - 1) / 2 from the center; the original subtracts this.
        corners = centers - np.float32(side / 2) / np.float32(scale)
        return PreparedCrops(torch.from_numpy(np.concatenate(inputs)), corners, ratio)

    def points(self, pixels: Floats, eff_scale: np.float32, spec: Preprocessing) -> Floats:
        return unscaled(pixels, spec.input_scale) / eff_scale

    def points_of_crops(self, pixels: Floats, crops: PreparedCrops, spec: Preprocessing) -> Floats:
        local = unscaled(pixels, spec.input_scale)
        points: Floats = (local + crops.corners[:, None]) / crops.eff_scale
        return points

    def named_crops(self, class_probs: Floats) -> list[tuple[int, int]]:
        """In order of class; a crop that does not get its most probable class is left out.

        The original gives class k the value of the k-th centroid, whichever crop that has; here
        each instance keeps its own crop's value.
        """
        named = [(i, c) for i, c in enumerate(identity.first_choices(class_probs)) if c >= 0]
        return sorted(named, key=lambda pair: pair[1])


def unscaled(pixels: Floats, input_scale: float) -> Floats:
    """Network-input px to px of the sized frame, with the constant that the original adds."""
    if input_scale == 1:
        return pixels
    return pixels / np.float32(input_scale) + np.float32(0.5)


class Fit(NamedTuple):
    """How a frame fits a target; (height, width) or (top, left) px.

    Attributes:
        ratio: sized px per frame px; converts points.
        resized: size that the frame is resized to.
        origin: its top-left corner in the target.
    """

    ratio: float
    resized: tuple[int, int]
    origin: tuple[int, int]


def _sized(image: Image, spec: Preprocessing) -> SizedFrame:
    if spec.max_height is None or spec.max_width is None:
        return SizedFrame(image, np.float32(1))
    return match_size(image, spec.max_height, spec.max_width)


def fit_to(height: int, width: int, target_height: int, target_width: int) -> Fit:
    """Fit a frame to another size as the original does. Everything is float32.

    The original truncates the size that fits and gives it to TensorFlow's `resize_with_pad`. Since
    a truncated size does not quite have the frame's proportions, TensorFlow resizes to a little
    less and centers the result in it. The ratio of the first step alone converts points.
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
        return SizedFrame(frame, np.float32(1))
    fit = fit_to(height, width, target_height, target_width)
    (top, left), (rows, columns) = fit.origin, fit.resized
    sized = np.zeros((target_height, target_width, frame.shape[2]), np.uint8)
    resized = resize(frame.astype(np.float32), fit.resized).astype(np.uint8)
    sized[top : top + rows, left : left + columns] = resized
    return SizedFrame(sized, np.float32(fit.ratio))


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
        raise DataError(f"Frames have {found} channels; legacy models take frames with 1 or 3")
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
    """Bilinear, half-pixel centers, edges clamped, NO antialiasing, as `tf.image.resize`.

    Args:
        image: (height, width, channels).
        size: (height, width) of the result.
    """
    ys, xs = (_places(n_in, n_out) for n_in, n_out in zip(image.shape[:2], size, strict=True))
    return _blended(image, ys, xs)


def _places(n_in: int, n_out: int) -> Floats:
    """Where in the input each output pixel lies, px."""
    step = np.float32(n_in) / np.float32(n_out)
    return (np.arange(n_out, dtype=np.float32) + np.float32(0.5)) * step - np.float32(0.5)


def _blended(image: Floats, ys: Floats, xs: Floats) -> Floats:
    """The image at the grid of `ys` by `xs`, its edges clamped: (len(ys), len(xs), channels)."""
    top, bottom, down = _between(ys, image.shape[0])
    left, right, across = _between(xs, image.shape[1])
    across, down = across[None, :, None], down[:, None, None]
    rows = image[:, left] + (image[:, right] - image[:, left]) * across
    return rows[top] + (rows[bottom] - rows[top]) * down


def scaled_frame(image: Image, input_scale: float) -> Image:
    """The frame that crops are cut from: scaled as the network's input, truncated to bytes.

    Args:
        image: (height, width, channels).
        input_scale: of the model that sees the crops.
    """
    if input_scale == 1:
        return image
    size = scaled_size(image.shape[0], image.shape[1], input_scale)
    return resize(image.astype(np.float32), size).astype(np.uint8)


def cut_crops(image: Image, centers: Floats, crop_size: int) -> Image:
    """Sample a square around each center, bilinear between pixels.

    Pixel i of a crop lies at center - (crop_size - 1) / 2 + i. A pixel that lies outside the image,
    even by a fraction, is 0 at once: nothing is blended towards 0.

    Args:
        image: (height, width, channels).
        centers: (n, 2) as (x, y) px of `image`; finite.
        crop_size: side of the crops, px.

    Returns:
        (n, crop_size, crop_size, channels), truncated to bytes.
    """
    (height, width), pixels = image.shape[:2], image.astype(np.float32)
    crops = np.zeros((len(centers), crop_size, crop_size, image.shape[2]), np.uint8)
    offsets = np.arange(crop_size, dtype=np.float32) - np.float32((crop_size - 1) / 2)
    for crop, (x, y) in zip(crops, centers, strict=True):
        ys, xs = y + offsets, x + offsets
        inside = ((ys >= 0) & (ys <= height - 1))[:, None] & ((xs >= 0) & (xs <= width - 1))[None]
        crop[inside] = _blended(pixels, ys, xs)[inside].astype(np.uint8)
    return crops


def _between(at: Floats, length: int) -> tuple[Ints, Ints, Floats]:
    """The two pixels that each place lies between, and how far it is from the first."""
    low = np.floor(at)
    first, second = (np.clip(pixel, 0, length - 1).astype(np.int64) for pixel in (low, low + 1))
    return first, second, at - low
