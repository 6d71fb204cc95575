"""Sized frames to the network's input, inside a graph."""

import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.contract import Preprocessing
from sleap_rt.export.resize import FixedResize

_LUMA = (0.2989, 0.587, 0.114)  # of red, green and blue; they sum to 0.9999, as in training


def network_entry(image: torch.Tensor, in_channels: int) -> torch.Tensor:
    """Grey levels to [0, 1], with as many channels as the network's first layer takes.

    Args:
        image: (batch, 1 or 3, height, width) float32; the number of channels is free in the graph.
        in_channels: 1 or 3.
    """
    image = image / 255
    return _three_channels(image) if in_channels == 3 else _luma(image)


def _three_channels(image: torch.Tensor) -> torch.Tensor:
    last = torch.ones(3, dtype=torch.int64) * (image.shape[1] - 1)
    return image.index_select(1, torch.minimum(torch.arange(3), last))


def _luma(image: torch.Tensor) -> torch.Tensor:
    """One channel from one or three: a single channel keeps its value."""
    red, green, blue = image[:, 0:1], image[:, 1:2], image[:, 2:3]
    # With one channel, green and blue are empty and sum to zero.
    green, blue = green.sum(dim=1, keepdim=True), blue.sum(dim=1, keepdim=True)
    n_channels = torch.ones(()) * image.shape[1]
    red_weight = torch.where(n_channels > 1, _LUMA[0], 1.0)
    return (red * red_weight + _LUMA[1] * green) + _LUMA[2] * blue


class ScaleAndPad(nn.Module):
    """Apply the input scale, then pad bottom and right to multiples of the stride.

    Args:
        spec: input scale and stride.
        size: (height, width) of what comes in.
    """

    def __init__(self, spec: Preprocessing, size: tuple[int, int]) -> None:
        super().__init__()
        scaled = (int(size[0] * spec.input_scale), int(size[1] * spec.input_scale))
        self.resize = FixedResize(size, scaled) if spec.input_scale != 1 else nn.Identity()
        self.bottom, self.right = (-n % spec.max_stride for n in scaled)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        image = self.resize(image)
        if self.bottom or self.right:
            image = F.pad(image, (0, self.right, 0, self.bottom))
        return image


def known_size(spec: Preprocessing) -> tuple[int, int] | None:
    """The size of a frame after size matching, if the training size fixes it."""
    if spec.max_height is None or spec.max_width is None:
        return None
    return spec.max_height, spec.max_width
