"""Cutting crops around centres, inside a graph."""

from typing import NamedTuple

import torch


class Crops(NamedTuple):
    """Attributes:
    image: (n, channels, crop height, crop width) float32; zero outside the frame.
    corner: (n, 2) float32, (x, y) of the crop's corner in px of the sized frame. It is
        fractional, while the pixels start at a whole one: so were the models trained.
    """

    image: torch.Tensor
    corner: torch.Tensor


def cut_crops(
    image: torch.Tensor,
    centers: torch.Tensor,
    frame_index: torch.Tensor,
    crop_size: tuple[int, int],
) -> Crops:
    """Copy one crop per centre, without interpolation.

    Args:
        image: (batch, channels, height, width) float32, sized frames.
        centers: (n, 2) float32, (x, y) px of the sized frame.
        frame_index: (n,) int64, which frame of the batch a centre lies in.
        crop_size: (height, width) px.
    """
    channels, height, width = image.shape[1:]
    crop_height, crop_width = crop_size
    half = torch.tensor([crop_width / 2, crop_height / 2])
    whole_half = torch.tensor([crop_width // 2, crop_height // 2])
    corner = centers - half + 0.5
    start = torch.trunc(corner + whole_half).to(torch.int64) - whole_half
    cols = start[:, 0, None, None] + torch.arange(crop_width)  # (n, 1, crop width)
    rows = start[:, 1, None, None] + torch.arange(crop_height)[:, None]  # (n, crop height, 1)
    inside = (cols >= 0) & (cols < width) & (rows >= 0) & (rows < height)
    index = (frame_index[:, None, None] * height + rows) * width + cols
    index = torch.where(inside, index, 0)  # (n, crop height, crop width)
    pixels = image.permute(0, 2, 3, 1).reshape(-1, channels)
    crops = pixels.index_select(0, index.flatten()).reshape(*index.shape, channels)
    crops = crops * inside[..., None].to(torch.float32)
    return Crops(crops.permute(0, 3, 1, 2), corner)
