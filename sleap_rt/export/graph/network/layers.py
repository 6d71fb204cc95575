"""Layers of networks as ONNX operators: those with weights, pooling, activations, resizing."""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.export.graph.network.calls import Call, Convolved, Padded, Traced, writes
from sleap_rt.export.graph.part import Value

Pads = tuple[int, int, int, int]  # top, left, bottom, right


@writes(nn.Conv2d)
def _conv(call: Call, x: Traced) -> Value:
    layer: nn.Conv2d = call.module
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        raise ModelError(f"A convolution pads with {layer.padding_mode}, {layer.padding!r}")
    inner, pads = _without_padding(call, x, _sides(layer.padding), fill=0.0)
    convolved = Convolved(inner, layer, pads)
    value = _convolved(call, convolved, _weights(call, layer))
    call.store.convolutions[value] = convolved
    return value


def _convolved(call: Call, x: Convolved, weights: Sequence[Value]) -> Value:
    return call.op.Conv(
        call.value(x.inner),
        *weights,
        kernel_shape=x.layer.kernel_size,
        strides=x.layer.stride,
        pads=x.pads,
        dilations=x.layer.dilation,
        group=x.layer.groups,
    )


@writes(nn.ConvTranspose2d)
def _transposed_conv(call: Call, x: Traced) -> Value:
    layer: nn.ConvTranspose2d = call.module
    assert not isinstance(layer.padding, str)  # torch allows none
    return call.op.ConvTranspose(
        call.value(x),
        *_weights(call, layer),
        kernel_shape=layer.kernel_size,
        strides=layer.stride,
        pads=_sides(layer.padding),
        output_padding=layer.output_padding,
        dilations=layer.dilation,
        group=layer.groups,
    )


@writes(nn.Linear)
def _linear(call: Call, x: Traced) -> Value:
    layer: nn.Linear = call.module
    if x.rank == 2:
        return call.op.Gemm(call.value(x), *_weights(call, layer), transB=1)
    product = call.op.MatMul(call.value(x), call.weight(layer.weight, transposed=True))
    return product if layer.bias is None else call.op.Add(product, call.weight(layer.bias))


def _weights(call: Call, layer: Any) -> list[Value]:
    return [call.weight(x) for x in (layer.weight, layer.bias) if x is not None]


@writes(nn.LayerNorm)
def _layer_norm(call: Call, x: Traced) -> Value:
    layer: nn.LayerNorm = call.module
    return call.op.LayerNormalization(
        call.value(x), *_weights(call, layer), axis=-len(layer.normalized_shape), epsilon=layer.eps
    )


@writes(F.batch_norm)
def _batch_norm(
    call: Call,
    x: Traced,
    mean: torch.Tensor,
    variance: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Value:
    if training:
        raise ModelError("A batch normalisation is in training mode")
    convolved = call.store.convolutions.get(x.value)
    if convolved is not None:
        scale = weight.double() / torch.sqrt(variance.double() + eps)
        return _convolved(call, convolved, _scaled(call, convolved.layer, scale, mean, bias))
    weights = [call.value(values) for values in (weight, bias, mean, variance)]
    return call.op.BatchNormalization(call.value(x), *weights, epsilon=eps)


def _scaled(
    call: Call, layer: nn.Conv2d, scale: torch.Tensor, mean: torch.Tensor, offset: torch.Tensor
) -> list[Value]:
    """Weights of (layer(x) - mean) * scale + offset, each but `layer`'s of shape (n_channels,)."""
    bias = 0.0 if layer.bias is None else layer.bias.double()
    weight = layer.weight.double() * scale[:, None, None, None]
    bias = (bias - mean.double()) * scale + offset.double()
    name = call.store.names[id(layer.weight)]
    return [
        call.weight(tensor.to(layer.weight.dtype), name=f"{name}_normed{suffix}")
        for tensor, suffix in ((weight, ""), (bias, "_bias"))
    ]


@writes(nn.MaxPool2d, nn.AvgPool2d)
def _pool_module(call: Call, x: Traced) -> Value:
    layer = call.module
    window = (layer.kernel_size, layer.stride, layer.padding)
    if isinstance(layer, nn.MaxPool2d):
        return _max_pool(call, x, *window, layer.dilation, layer.ceil_mode)
    return _average_pool(
        call, x, *window, layer.ceil_mode, layer.count_include_pad, layer.divisor_override
    )


@writes(F.max_pool2d)
def _max_pool(
    call: Call,
    x: Traced,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Value:
    inner, pads = _without_padding(call, x, _sides(padding), fill=-math.inf)
    return call.op.MaxPool(
        call.value(inner),
        kernel_shape=_pair(kernel_size),
        strides=_pair(stride or kernel_size),
        pads=pads,
        dilations=_pair(dilation),
        ceil_mode=int(ceil_mode),
    )


@writes(F.avg_pool2d)
def _average_pool(
    call: Call,
    x: Traced,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Value:
    if _pair(padding) != (0, 0) or ceil_mode or divisor_override is not None:
        raise ModelError("An average pooling reaches over the border")
    shape, strides = _pair(kernel_size), _pair(stride or kernel_size)
    return call.op.AveragePool(call.value(x), kernel_shape=shape, strides=strides)


def _reduction(name: str, target: Any) -> None:
    @writes(target)
    def rule(call: Call, x: Traced, dim: Sequence[int], keepdim: bool = False) -> Value:
        return getattr(call.op, name)(call.value(x), list(dim), keepdims=int(keepdim))


_reduction("ReduceMax", torch.amax)
_reduction("ReduceMean", torch.mean)


def _function(name: str, *targets: Any) -> None:
    @writes(*targets)
    def rule(call: Call, x: Traced, inplace: bool = False) -> Value:
        return getattr(call.op, name)(call.value(x))


_function("Relu", nn.ReLU, F.relu, torch.relu)
_function("Sigmoid", nn.Sigmoid, torch.sigmoid)


@writes(nn.SiLU)
def _silu(call: Call, x: Traced) -> Value:
    value = call.value(x)
    return call.op.Mul(value, call.op.Sigmoid(value))


@writes(F.gelu)
def _gelu(call: Call, x: Traced, approximate: str = "none") -> Value:
    if approximate != "none":
        raise ModelError(f"A GELU is approximated by {approximate!r}")
    op, value = call.op, call.value(x)
    scaled = op.Div(value, call.number(math.sqrt(2)))  # in this order engines recognise it
    erf = op.Add(op.Erf(scaled), call.number(1.0))
    return op.Mul(op.Mul(value, erf), call.number(0.5))


@writes(torch.softmax)
def _softmax(call: Call, x: Traced, dim: int) -> Value:
    return call.op.Softmax(call.value(x), axis=dim)


@writes(torch.clamp)
def _clamp(call: Call, x: Traced, least: float, most: float) -> Value:
    return call.op.Clip(call.value(x), call.number(least), call.number(most))


@writes(nn.Identity, nn.Dropout)
def _nothing(call: Call, x: Traced) -> Value:
    return call.value(x)


@writes(F.interpolate)
def _interpolate(
    call: Call,
    x: Traced,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Value:
    if mode not in ("nearest", "bilinear") or align_corners:
        raise ModelError(f"Maps are resized by {mode!r} with align_corners {align_corners}")
    scales = sizes = None
    if size is None:
        scales = [1.0, 1.0, *map(float, _pair(scale_factor))]
    else:
        sizes = call.vector([*call.sizes(x)[:2], *size])
    nearest = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    linear = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    attributes = nearest if mode == "nearest" else linear
    return call.op.Resize(call.value(x), None, scales, sizes, **attributes)


@writes(nn.ZeroPad2d)
def _zero_pad(call: Call, x: Traced) -> Value:
    return _pad(call, x, call.module.padding)


@writes(F.pad)
def _pad(
    call: Call, x: Traced, pad: Sequence[Any], mode: str = "constant", value: float | None = None
) -> Value:
    if mode != "constant":
        raise ModelError(f"Maps are padded by {mode!r}")
    fill = value or 0.0
    before, after = list(pad[::2][::-1]), list(pad[1::2][::-1])  # torch begins with the last axis
    rest = [0] * (x.rank - len(before))
    widths = [*rest, *before, *rest, *after]
    padded = call.op.Pad(call.value(x), call.vector(widths), call.number(fill))
    if x.rank == 4 and rest == [0, 0] and all(isinstance(n, int) and n >= 0 for n in pad):
        call.store.paddings[padded] = Padded(x, (*before, *after), fill)
    return padded


def _without_padding(call: Call, x: Traced, pads: Pads, *, fill: float) -> tuple[Traced, Pads]:
    """Take over the padding ahead of a layer that pads with the same value."""
    found = call.store.paddings.get(x.value)
    if found is None or found.fill != fill:
        return x, pads
    top, left, bottom, right = (a + b for a, b in zip(pads, found.pads, strict=True))
    return found.inner, (top, left, bottom, right)


def _pair(x: Any) -> tuple[Any, Any]:
    return tuple(x) if isinstance(x, Sequence) else (x, x)


def _sides(padding: Any) -> Pads:
    rows, cols = _pair(padding)
    return rows, cols, rows, cols
