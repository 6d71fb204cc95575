"""A frame to the network's input: channels, size matching, input scale, padding."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sleap_rt.contract import Preprocessing

Image = NDArray[np.uint8]  # (height, width, channels)
LUMA = (0.2989, 0.587, 0.114)


@dataclass(frozen=True)
class SizedFrame:
    """A frame after size matching.

    Attributes:
        image: (height, width, channels) uint8.
        eff_scale: sized px per frame px.
    """

    image: Image
    eff_scale: np.float32


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


def match_size(image: Image, max_height: int | None, max_width: int | None) -> SizedFrame:
    """Resize to fit (max_height, max_width) and pad bottom and right to exactly that."""
    height, width = image.shape[:2]
    target = (max_height or height, max_width or width)
    if target == (height, width):
        return SizedFrame(image, np.float32(1))
    eff_scale = min(target[0] / height, target[1] / width)
    sized = resize(image, round(height * eff_scale), round(width * eff_scale))
    return SizedFrame(_pad(sized, *target), np.float32(eff_scale))


def scale_and_pad(image: Image, input_scale: float, max_stride: int) -> Image:
    """Apply the input scale (size truncated), then pad to multiples of `max_stride`."""
    if input_scale != 1:
        height, width = image.shape[:2]
        image = resize(image, int(height * input_scale), int(width * input_scale))
    height, width = (-(-n // max_stride) * max_stride for n in image.shape[:2])
    return _pad(image, height, width)


def network_input(image: Image, in_channels: int) -> torch.Tensor:
    """(1, in_channels, height, width) float32 in [0, 1]; channels repaired as the network does."""
    x = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].float() / 255
    if x.shape[1] == 1 and in_channels == 3:
        return x.repeat(1, 3, 1, 1)
    if x.shape[1] == 3 and in_channels == 1:
        return LUMA[0] * x[:, 0:1] + LUMA[1] * x[:, 1:2] + LUMA[2] * x[:, 2:3]
    return x


def prepare_frame(image: Image, spec: Preprocessing) -> tuple[torch.Tensor, np.float32]:
    """The network's input for a whole frame, and the frame's size-matching scale."""
    sized = match_size(convert_channels(image, spec.channels), spec.max_height, spec.max_width)
    prepared = scale_and_pad(sized.image, spec.input_scale, spec.max_stride)
    return network_input(prepared, spec.in_channels), sized.eff_scale


def resize(image: Image, height: int, width: int) -> Image:
    """Bilinear, half-pixel centres, antialiased when shrinking, in fixed-point arithmetic.

    Columns first, then rows, rounded to uint8 after each: bit for bit what torch's uint8 resize
    does on CPUs with AVX2.
    """
    columns_done = _resize_rows(image.transpose(1, 0, 2), width).transpose(1, 0, 2)
    return _resize_rows(columns_done, height)


def _resize_rows(image: Image, n_out: int) -> Image:
    n_in = image.shape[0]
    if n_in == n_out:
        return image
    weights = _resize_weights(n_in, n_out)
    bits = max(p for p in range(23) if np.floor(0.5 + weights.max() * 2.0**p) < 2**15)
    fixed = np.floor(weights * 2.0**bits + 0.5).astype(np.int64)
    total = np.tensordot(fixed, image.astype(np.int64), axes=(1, 0)) + (1 << bits >> 1)
    rows: Image = np.clip(total >> bits, 0, 255).astype(np.uint8)
    return rows


def _resize_weights(n_in: int, n_out: int) -> NDArray[np.float64]:
    """(n_out, n_in): the share of each input row in each output row."""
    ratio = n_in / n_out
    support = max(ratio, 1.0)
    weights = np.zeros((n_out, n_in))
    for i in range(n_out):
        centre = ratio * (i + 0.5)
        low = max(int(centre - support + 0.5), 0)
        high = min(int(centre + support + 0.5), n_in)
        for j in range(low, high):
            weights[i, j] = max(0.0, 1 - abs((j - centre + 0.5) / support))
        weights[i] /= weights[i].sum()
    return weights


def _pad(image: Image, height: int, width: int) -> Image:
    bottom, right = height - image.shape[0], width - image.shape[1]
    return np.pad(image, ((0, bottom), (0, right), (0, 0)))
