"""Pooling over windows and over whole maps."""

from collections.abc import Callable
from fractions import Fraction

import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.models.legacy.layers.padding import Pair, SamePadding
from sleap_rt.models.legacy.layers.spec import Built, Function, LayerSpec


def max_pooling(layer: LayerSpec) -> Built:
    window, stride = _window(layer)
    if layer.padding() == "valid":
        module: nn.Module = nn.MaxPool2d(window, stride)
    elif window == stride == (2, 2):
        # An odd size has one pixel too few, at the end: a window that reaches over the border.
        module = nn.MaxPool2d(2, 2, ceil_mode=True)
    else:
        padding = SamePadding(window, stride, value=float("-inf"))
        module = nn.Sequential(padding, nn.MaxPool2d(window, stride))
    return Built(module, Fraction(stride[0]))


class SameAveragePool(nn.Module):
    """Average over the real pixels of each window: padding does not count."""

    def __init__(self, window: Pair, stride: Pair) -> None:
        super().__init__()
        self.pad = SamePadding(window, stride)
        self.window, self.stride = window, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._mean(x) / self._mean(torch.ones_like(x[:1, :1]))

    def _mean(self, x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(self.pad(x), self.window, self.stride)


def average_pooling(layer: LayerSpec) -> Built:
    window, stride = _window(layer)
    same = layer.padding() == "same"
    module = SameAveragePool(window, stride) if same else nn.AvgPool2d(window, stride)
    return Built(module, Fraction(stride[0]))


def global_max_pooling(layer: LayerSpec) -> Built:
    return _global(layer, lambda x: torch.amax(x, dim=(2, 3)))


def global_average_pooling(layer: LayerSpec) -> Built:
    return _global(layer, lambda x: torch.mean(x, dim=(2, 3)))


def _global(layer: LayerSpec, pool: Callable[[torch.Tensor], torch.Tensor]) -> Built:
    layer.needs_maps()
    layer.only("keepdims", False)
    return Built(Function(pool), None)


def _window(layer: LayerSpec) -> tuple[Pair, Pair]:
    layer.needs_maps()
    window = layer.pair("pool_size", 2)
    stride = window if layer.config.raw("strides") is None else layer.pair("strides")
    if stride[0] != stride[1]:
        raise layer.refuse(f"strides {stride} differ between rows and columns")
    return window, stride
