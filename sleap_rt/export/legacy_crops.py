"""Crops at fractional centres, as the original SLEAP cuts them, inside a graph."""

from typing import Any

import torch

Size = Any  # int, or torch.SymInt while a graph is traced


def cut_crops(
    image: torch.Tensor, centers: torch.Tensor, frame_index: torch.Tensor, crop_size: int
) -> torch.Tensor:
    """Sample a square around each centre, bilinear between pixels, and truncate to bytes.

    Pixel i lies at centre - (crop_size - 1) / 2 + i. A pixel outside the image, even by a fraction,
    is 0 at once.

    Args:
        image: (batch, channels, height, width) float32, whole grey levels.
        centers: (n, 2) float32, (x, y) px of the image.
        frame_index: (n,) int64, which image of the batch a centre lies in.
        crop_size: px on a side.

    Returns:
        (n, channels, crop_size, crop_size) float32, whole grey levels.
    """
    channels, height, width = image.shape[1:]
    steps = torch.arange(crop_size, dtype=torch.float32) - (crop_size - 1) / 2
    xs, ys = centers[:, 0, None] + steps, centers[:, 1, None] + steps  # (n, crop_size)
    left, right, across = _between(xs, width)
    top, bottom, down = _between(ys, height)
    pixels = image.permute(0, 2, 3, 1).reshape(-1, channels)

    def at(rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        index = (frame_index[:, None] * height + rows)[:, :, None] * width + columns[:, None]
        found = pixels.index_select(0, index.flatten())
        return found.reshape(-1, crop_size, crop_size, channels)

    across, down = across[:, None, :, None], down[:, :, None, None]
    upper_left, lower_left = at(top, left), at(bottom, left)
    upper = upper_left + (at(top, right) - upper_left) * across
    lower = lower_left + (at(bottom, right) - lower_left) * across
    inside = _inside(ys, height)[:, :, None] & _inside(xs, width)[:, None]
    crops = torch.where(inside[..., None], torch.floor(upper + (lower - upper) * down), 0.0)
    return crops.permute(0, 3, 1, 2)


def _between(at: torch.Tensor, length: Size) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The two pixels that each position lies between, and how far from the first."""
    at = torch.where(torch.isnan(at), -1.0, at)  # a missing centre gives a black crop
    low = torch.floor(at)
    first, second = (_clipped(whole, length) for whole in (low, torch.ceil(at)))
    return first, second, at - low


def _clipped(positions: torch.Tensor, length: Size) -> torch.Tensor:
    last = torch.ones((), dtype=torch.int64) * (length - 1)
    return torch.minimum(positions.to(torch.int64).clamp(min=0), last)


def _inside(at: torch.Tensor, length: Size) -> torch.Tensor:
    inside: torch.Tensor = (at >= 0) & (at <= torch.ones(()) * (length - 1))
    return inside


def to_channels(crops: torch.Tensor, in_channels: int) -> torch.Tensor:
    """Gray crops repeated or RGB crops made gray, where the network wants the other.

    Args:
        crops: (n, 1 or 3, height, width) float32, whole grey levels.
        in_channels: 1 or 3.
    """
    if crops.shape[1] == in_channels:
        return crops
    if in_channels == 3:
        return crops.expand(-1, 3, -1, -1)
    red, green, blue = (crops * (1 / 255)).unbind(dim=1)
    luma = (red * 0.2989 + green * 0.587) + blue * 0.114
    return torch.floor(luma * 255.5)[:, None]
