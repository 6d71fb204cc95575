"""Convolutions, plain, depthwise and transposed, and the fully connected layer.

Keras keeps kernels as (rows, columns, in, out), the transposed one as (rows, columns, out, in);
torch wants (out, in, rows, columns) and (in, out, rows, columns): one permutation serves both.
"""

from fractions import Fraction

import torch
from torch import nn

from sleap_rt.models.legacy.layers.activations import activated
from sleap_rt.models.legacy.layers.padding import Pair, SamePadding, symmetric_padding
from sleap_rt.models.legacy.layers.spec import Built, LayerSpec


def conv2d(layer: LayerSpec) -> Built:
    layer.needs_inputs(1, spatial=True)
    kernel, filters = layer.pair("kernel_size"), layer.count("filters")
    groups = layer.config.integer("groups", 1)
    if groups < 1 or layer.n_channels % groups or filters % groups:
        raise layer.refuse(
            f"{layer.n_channels} channels to {filters} do not divide into {groups} groups"
        )
    weight = layer.weights.take("kernel", (*kernel, layer.n_channels // groups, filters))
    return _convolution(layer, weight.permute(3, 2, 0, 1), groups)


def depthwise_conv2d(layer: LayerSpec) -> Built:
    layer.needs_inputs(1, spatial=True)
    kernel, n_in = layer.pair("kernel_size"), layer.n_channels
    multiplier = layer.config.integer("depth_multiplier", 1)
    weight = layer.weights.take("depthwise_kernel", (*kernel, n_in, multiplier))
    weight = weight.permute(2, 3, 0, 1).reshape(n_in * multiplier, 1, *kernel)
    return _convolution(layer, weight, n_in)


def _convolution(layer: LayerSpec, weight: torch.Tensor, groups: int) -> Built:
    """`weight`: (out, in / groups, rows, columns)."""
    layer.only("data_format", "channels_last")
    kernel = (int(weight.shape[2]), int(weight.shape[3]))
    stride, dilation = layer.pair("strides", 1), layer.pair("dilation_rate", 1)
    same = layer.padding() == "same"
    symmetric = symmetric_padding(kernel, stride, dilation) if same else (0, 0)
    n_out, n_in = int(weight.shape[0]), int(weight.shape[1]) * groups
    conv = nn.Conv2d(n_in, n_out, kernel, stride, symmetric or 0, dilation, groups)
    _fill(conv, layer, weight)
    padded = conv if symmetric else nn.Sequential(SamePadding(kernel, stride, dilation), conv)
    return Built(activated(padded, layer), _uniform(layer, stride))


class CroppedTransposedConv(nn.Module):
    """Transposed convolution that keeps what Keras keeps.

    "same" is the gradient of the "same" convolution: of the full result it keeps i * stride rows,
    after the first (kernel - stride) // 2. For a 3x3 kernel and stride 2 that drops the LAST row
    and column; torch's `padding=1, output_padding=1` would drop the first, a shift by one pixel.
    """

    def __init__(self, conv: nn.ConvTranspose2d, surplus: Pair) -> None:
        super().__init__()
        self.conv = conv
        (self.top, self.left), (rows, columns) = (n // 2 for n in surplus), surplus
        self.bottom, self.right = rows - self.top, columns - self.left

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        full: torch.Tensor = self.conv(x)
        return full[:, :, self.top : -self.bottom or None, self.left : -self.right or None]


def conv2d_transpose(layer: LayerSpec) -> Built:
    layer.needs_inputs(1, spatial=True)
    layer.only("data_format", "channels_last")
    layer.only("output_padding")
    layer.only("dilation_rate", 1, [1, 1])
    layer.only("groups", 1)
    kernel, filters = layer.pair("kernel_size"), layer.count("filters")
    stride = layer.pair("strides", 1)
    weight = layer.weights.take("kernel", (*kernel, filters, layer.n_channels))
    missing = _positive_differences(stride, kernel)
    conv = nn.ConvTranspose2d(layer.n_channels, filters, kernel, stride, output_padding=missing)
    _fill(conv, layer, weight.permute(3, 2, 0, 1))
    surplus = _positive_differences(kernel, stride) if layer.padding() == "same" else (0, 0)
    module = conv if surplus == (0, 0) else CroppedTransposedConv(conv, surplus)
    return Built(activated(module, layer), 1 / _uniform(layer, stride))


def dense(layer: LayerSpec) -> Built:
    layer.needs_inputs(1, spatial=False)
    units = layer.count("units")
    weight = layer.weights.take("kernel", (layer.n_channels, units))
    linear = nn.Linear(layer.n_channels, units)
    _fill(linear, layer, weight.T)
    return Built(activated(linear, layer), None)


def _fill(
    module: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, layer: LayerSpec, weight: torch.Tensor
) -> None:
    module.weight = nn.Parameter(weight.contiguous(), requires_grad=False)
    n_out = module.out_features if isinstance(module, nn.Linear) else module.out_channels
    bias = (
        layer.weights.take("bias", (n_out,))
        if layer.config.flag("use_bias", True)
        else torch.zeros(n_out)
    )
    module.bias = nn.Parameter(bias, requires_grad=False)


def _positive_differences(a: Pair, b: Pair) -> Pair:
    return max(a[0] - b[0], 0), max(a[1] - b[1], 0)


def _uniform(layer: LayerSpec, stride: Pair) -> Fraction:
    if stride[0] != stride[1]:
        raise layer.refuse(f"strides {stride} differ between rows and columns")
    return Fraction(stride[0])
