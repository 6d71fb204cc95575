"""Layers that change size or shape: upsampling, zero padding, flattening, reshaping."""

from fractions import Fraction

import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.models.legacy.layers.spec import Built, LayerSpec
from sleap_rt.untrusted import quoted


class Upsample(nn.Module):
    """Enlarges by whole factors (rows, columns).

    Bilinear is half-pixel with clamped edges; nearest repeats each pixel.
    """

    def __init__(self, factors: tuple[int, int], mode: str) -> None:
        super().__init__()
        self.factors = (float(factors[0]), float(factors[1]))
        self.mode = mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        corners = False if self.mode == "bilinear" else None
        return F.interpolate(x, scale_factor=self.factors, mode=self.mode, align_corners=corners)


def upsampling(layer: LayerSpec) -> Built:
    layer.needs_inputs(1, spatial=True)
    layer.only("data_format", "channels_last")
    factors = layer.pair("size", 2)
    mode = layer.config.text("interpolation") or "nearest"
    if mode not in ("nearest", "bilinear"):
        raise layer.refuse(
            f"interpolation {quoted(mode)} is not supported; supported: nearest, bilinear"
        )
    if factors[0] != factors[1]:
        raise layer.refuse(f"size {factors} differs between rows and columns")
    return Built(Upsample(factors, mode), Fraction(1, factors[0]))


def zero_padding(layer: LayerSpec) -> Built:
    layer.needs_inputs(1, spatial=True)
    layer.only("data_format", "channels_last")
    found = layer.config.raw("padding")
    try:
        (top, bottom), (left, right) = found
        sides = tuple(int(side) for side in (left, right, top, bottom))
    except (TypeError, ValueError) as error:
        raise layer.refuse(f"padding should be two pairs, found {quoted(found)}") from error
    return Built(nn.ZeroPad2d((sides[0], sides[1], sides[2], sides[3])))


class FlattenMaps(nn.Module):
    """(batch, channels, height, width) to (batch, height * width * channels), in Keras's order."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


def flatten(layer: LayerSpec) -> Built:
    layer.needs_inputs(1)
    layer.only("data_format", "channels_last")
    if not layer.is_spatial:
        return Built(nn.Identity(), None)
    height, width = layer.inputs[0][2:]
    return Built(FlattenMaps(), None, fixes_size=height * width != 1)


class VectorToCell(nn.Module):
    """(batch, channels) to (batch, channels, 1, 1), to be spread over a map."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :, None, None]


def reshape(layer: LayerSpec) -> Built:
    layer.needs_inputs(1, spatial=False)
    target = layer.config.raw("target_shape")
    if target not in ([1, 1, layer.n_channels], [1, 1, -1]):
        raise layer.refuse(
            f"target_shape {quoted(target)} is not supported; supported: [1, 1, {layer.n_channels}]"
        )
    return Built(VectorToCell(), None)
