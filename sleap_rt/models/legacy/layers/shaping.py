"""Layers that change size or shape: upsampling, zero padding, flattening, reshaping."""

from fractions import Fraction
from functools import partial

import torch.nn.functional as F
from torch import nn

from sleap_rt.models.legacy.layers.spec import Built, Function, LayerSpec
from sleap_rt.untrusted import quoted


def upsampling(layer: LayerSpec) -> Built:
    """Bilinear is half-pixel with clamped edges; nearest repeats each pixel."""
    layer.needs_maps()
    factors = layer.pair("size", 2)
    mode = layer.config.text("interpolation") or "nearest"
    if mode not in ("nearest", "bilinear"):
        raise layer.refuse(
            f"interpolation {quoted(mode)} is not supported; supported: nearest, bilinear"
        )
    if factors[0] != factors[1]:
        raise layer.refuse(f"size {factors} differs between rows and columns")
    scales = (float(factors[0]), float(factors[1]))
    corners = False if mode == "bilinear" else None
    enlarge = partial(F.interpolate, scale_factor=scales, mode=mode, align_corners=corners)
    return Built(Function(enlarge), Fraction(1, factors[0]))


def zero_padding(layer: LayerSpec) -> Built:
    layer.needs_maps()
    found = layer.config.raw("padding")
    try:
        (top, bottom), (left, right) = found
        sides = tuple(int(side) for side in (left, right, top, bottom))
    except (TypeError, ValueError) as error:
        raise layer.refuse(f"padding should be two pairs, found {quoted(found)}") from error
    return Built(nn.ZeroPad2d((sides[0], sides[1], sides[2], sides[3])))


def flatten(layer: LayerSpec) -> Built:
    """To (batch, height * width * channels), in Keras's order."""
    layer.needs_inputs(1)
    layer.only("data_format", "channels_last")
    if not layer.is_spatial:
        return Built(nn.Identity(), None)
    height, width = layer.inputs[0][2:]
    flat = Function(lambda x: x.permute(0, 2, 3, 1).flatten(1))
    return Built(flat, None, fixes_size=height * width != 1)


def reshape(layer: LayerSpec) -> Built:
    layer.needs_inputs(1, spatial=False)
    target = layer.config.raw("target_shape")
    if target not in ([1, 1, layer.n_channels], [1, 1, -1]):
        raise layer.refuse(
            f"target_shape {quoted(target)} is not supported; supported: [1, 1, {layer.n_channels}]"
        )
    return vector_to_cell()


def vector_to_cell() -> Built:
    """(batch, channels) to (batch, channels, 1, 1), to be spread over a map."""
    return Built(Function(lambda x: x[:, :, None, None]), None)
