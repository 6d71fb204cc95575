"""Rules of sleap-nn in plain code: frames and crops to the network's input, maps to peaks."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sleap_rt.arrays import Doubles, Floats, Image
from sleap_rt.contract import Preprocessing
from sleap_rt.models.reference import identity, plain_peaks
from sleap_rt.models.reference.plain_peaks import Peak
from sleap_rt.models.reference.reference_rules import PreparedCrops, PreparedFrame, SizedFrame

LUMA = (0.2989, 0.587, 0.114)
Pixels = NDArray[Any]  # (height, width, channels): bytes, or floats, which nothing rounds


class NativeReference:
    """See `ReferenceRules`."""

    highest = staticmethod(plain_peaks.highest_cell)
    maxima = staticmethod(plain_peaks.maxima)

    def missing(self, peak: Peak) -> Peak:
        return peak._replace(x=np.nan, y=np.nan, value=0.0)

    def frame(self, image: Image, spec: Preprocessing) -> PreparedFrame:
        converted = _levels(convert_channels(image, spec.channels), spec)
        sized = match_size(converted, spec.max_height, spec.max_width)
        prepared = scale_and_pad(sized.image, spec.input_scale, spec.max_stride)
        return PreparedFrame(network_input(prepared, spec.in_channels), sized.eff_scale)

    def crops(self, image: Image, centers: Floats, spec: Preprocessing) -> PreparedCrops:
        """Channels are not converted before cutting: only whole frames are converted."""
        assert spec.crop_size is not None  # a crop model without one does not load
        sized = match_size(_levels(image, spec), spec.max_height, spec.max_width)
        centers = centers * sized.eff_scale
        if spec.crop_unit == "scaled":  # the order until sleap-nn 0.0.5
            source = scale_and_pad(sized.image, spec.input_scale, 1)
            centers, scale, cut_one = centers * np.float32(spec.input_scale), 1.0, sample_crop
        else:
            source, scale, cut_one = sized.image, spec.input_scale, cut_crop
        height, width = spec.crop_size
        corners = centers - np.array([width / 2, height / 2], np.float32) + np.float32(0.5)
        cut = [cut_one(source, corner, spec.crop_size) for corner in corners]
        inputs = [
            network_input(scale_and_pad(crop, scale, spec.max_stride), spec.in_channels)
            for crop in cut
        ]
        return PreparedCrops(torch.cat(inputs), corners, sized.eff_scale)

    def points(self, pixels: Floats, eff_scale: np.float32, spec: Preprocessing) -> Floats:
        return pixels / np.float32(spec.input_scale) / eff_scale

    def points_of_crops(self, pixels: Floats, crops: PreparedCrops, spec: Preprocessing) -> Floats:
        if spec.crop_unit == "scaled":
            scaled: Floats = pixels + crops.corners[:, None]
            return scaled / np.float32(spec.input_scale) / crops.eff_scale
        local = pixels / np.float32(spec.input_scale)
        points: Floats = (local + crops.corners[:, None]) / crops.eff_scale
        return points

    def named_crops(self, class_probs: Floats) -> list[tuple[int, int]]:
        """Every crop stays; crops beyond the number of classes get -1."""
        return list(enumerate(identity.assign(class_probs)))


def _levels(image: Image, spec: Preprocessing) -> Pixels:
    """Bytes, which resizing rounds to, or floats."""
    return image.astype(np.float32) if spec.resize == "antialiased_float" else image


def convert_channels(image: Image, channels: str) -> Image:
    """Apply `ensure_rgb` or `ensure_grayscale`; the luma is truncated, as in training."""
    if channels == "rgb" and image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    if channels == "grayscale" and image.shape[2] == 3:
        red, green, blue = (image[..., i : i + 1].astype(np.float32) for i in range(3))
        luma = (red * np.float32(LUMA[0]) + np.float32(LUMA[1]) * green) + np.float32(
            LUMA[2]
        ) * blue
        gray: Image = luma.astype(np.uint8)
        return gray
    return image


def match_size(image: Pixels, max_height: int | None, max_width: int | None) -> SizedFrame:
    """Resize to fit (max_height, max_width) and pad bottom and right to exactly that."""
    height, width = image.shape[:2]
    target = (max_height or height, max_width or width)
    if target == (height, width):
        return SizedFrame(image, np.float32(1))
    eff_scale = min(target[0] / height, target[1] / width)
    sized = resize(image, round(height * eff_scale), round(width * eff_scale))
    return SizedFrame(_pad(sized, *target), np.float32(eff_scale))


def scale_and_pad(image: Pixels, input_scale: float, max_stride: int) -> Pixels:
    """Apply the input scale (size truncated), then pad to multiples of `max_stride`."""
    if input_scale != 1:
        height, width = image.shape[:2]
        image = resize(image, int(height * input_scale), int(width * input_scale))
    height, width = (-(-n // max_stride) * max_stride for n in image.shape[:2])
    return _pad(image, height, width)


def network_input(image: Pixels, in_channels: int) -> torch.Tensor:
    """(1, in_channels, height, width) float32 in [0, 1]; channels repeated or merged as needed."""
    x = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].float() / 255
    if x.shape[1] == 1 and in_channels == 3:
        return x.repeat(1, 3, 1, 1)
    if x.shape[1] == 3 and in_channels == 1:
        return LUMA[0] * x[:, 0:1] + LUMA[1] * x[:, 1:2] + LUMA[2] * x[:, 2:3]
    return x


def resize(image: Pixels, height: int, width: int) -> Pixels:
    """Bilinear, half-pixel centers, antialiased when shrinking, in fixed-point arithmetic.

    Columns first, then rows, rounded to uint8 after each: bit for bit what torch's uint8 resize
    does on CPUs with AVX2. Images of floats are not rounded.
    """
    columns_done = _resize_rows(image.transpose(1, 0, 2), width).transpose(1, 0, 2)
    return _resize_rows(columns_done, height)


def _resize_rows(image: Pixels, n_out: int) -> Pixels:
    n_in = image.shape[0]
    if n_in == n_out:
        return image
    weights = _resize_weights(n_in, n_out)
    if image.dtype != np.uint8:
        return np.tensordot(weights.astype(np.float32), image, axes=(1, 0))
    bits = max(p for p in range(23) if np.floor(0.5 + weights.max() * 2.0**p) < 2**15)
    fixed = np.floor(weights * 2.0**bits + 0.5)
    # Whole numbers below 2^53: exact in double precision.
    total = np.tensordot(fixed, image.astype(np.float64), axes=(1, 0)) + (1 << bits >> 1)
    rows: Pixels = np.clip(np.floor(total / 2.0**bits), 0, 255).astype(np.uint8)
    return rows


def _resize_weights(n_in: int, n_out: int) -> Doubles:
    """(n_out, n_in): the share of each input row in each output row."""
    ratio = n_in / n_out
    support = max(ratio, 1.0)
    weights = np.zeros((n_out, n_in))
    for i in range(n_out):
        center = ratio * (i + 0.5)
        low = max(int(center - support + 0.5), 0)
        high = min(int(center + support + 0.5), n_in)
        for j in range(low, high):
            weights[i, j] = max(0.0, 1 - abs((j - center + 0.5) / support))
        weights[i] /= weights[i].sum()
    return weights


def _pad(image: Pixels, height: int, width: int) -> Pixels:
    bottom, right = height - image.shape[0], width - image.shape[1]
    return np.pad(image, ((0, bottom), (0, right), (0, 0)))


def cut_crop(image: Pixels, corner: Floats, crop_size: tuple[int, int]) -> Pixels:
    """Copy the crop at a corner, (x, y) px of `image`; zeros outside the image.

    The pixels start at a whole pixel, while the corner is fractional. Models were trained this way,
    so their predictions must be mapped back with it.

    Returns:
        (crop height, crop width, channels).
    """
    height, width = crop_size
    left = int(corner[0] + width // 2) - width // 2
    top = int(corner[1] + height // 2) - height // 2
    return _copied(image, top, left, crop_size)


def sample_crop(image: Pixels, corner: Floats, crop_size: tuple[int, int]) -> Pixels:
    """The crop at a corner, as `cut_crop`, but bilinear between pixels."""
    height, width = crop_size
    left, top = np.floor(corner).astype(int)
    right, down = corner - np.floor(corner)
    wide = _copied(image, top, left, (height + 1, width + 1))
    columns = wide[:, :-1] + (wide[:, 1:] - wide[:, :-1]) * right
    blended: Pixels = columns[:-1] + (columns[1:] - columns[:-1]) * down
    return blended


def _copied(image: Pixels, top: int, left: int, size: tuple[int, int]) -> Pixels:
    """(*size, channels) from a pixel on; zeros outside the image."""
    rows, columns = np.arange(top, top + size[0]), np.arange(left, left + size[1])
    has_row = (rows >= 0) & (rows < image.shape[0])
    has_column = (columns >= 0) & (columns < image.shape[1])
    crop = np.zeros((*size, image.shape[2]), image.dtype)
    crop[np.ix_(has_row, has_column)] = image[np.ix_(rows[has_row], columns[has_column])]
    return crop
