"""The ConvNeXt of sleap-nn, with a UNet-like decoder.

Liu et al., "A ConvNet for the 2020s", 2022.
"""

import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.models.native.networks.decoder import ENCODER, StagedDecoder, stem_conv
from sleap_rt.models.native.networks.features import Features
from sleap_rt.models.native.networks.weights import Weights
from sleap_rt.models.native.topology import N_STAGES, ConvNeXtSpec

_EPS = 1e-6


class ConvNeXt(nn.Module):
    """Image (batch, channels, height, width) in [0, 1] to feature maps by stride.

    Args:
        spec: topology.
        weights: the checkpoint's tensors, of which it takes those under `backbone.`.
    """

    def __init__(self, spec: ConvNeXtSpec, weights: Weights) -> None:
        super().__init__()
        stem, kernel = stem_conv(spec, weights)
        downsample: list[nn.Module] = [nn.Sequential(stem, _MapNorm(weights, f"{ENCODER}.0.1"))]
        for stage in range(1, N_STAGES):
            name = f"{ENCODER}.{2 * stage}"
            conv = weights.conv(f"{name}.1", stride=2, padding=0)
            downsample.append(nn.Sequential(_MapNorm(weights, f"{name}.0"), conv))
        self.downsample = nn.ModuleList(downsample)
        self.stages = nn.ModuleList(
            nn.Sequential(
                *(_Block(weights, f"{ENCODER}.{2 * stage + 1}.{i}") for i in range(depth))
            )
            for stage, depth in enumerate(spec.depths)
        )
        self.decoder = StagedDecoder(spec, weights, even_sizes=spec.has_even_sizes(kernel))

    def forward(self, image: torch.Tensor) -> Features:
        x = image
        skips: list[torch.Tensor] = []
        for downsample, stage in zip(self.downsample, self.stages, strict=True):
            x = downsample(x)
            skips.append(x)  # ahead of the stage's blocks
            x = stage(x)
        features: Features = self.decoder(x, skips)
        return features


class _Block(nn.Module):
    """Depthwise convolution, then a two-layer perceptron in each cell, added to the input."""

    def __init__(self, weights: Weights, name: str) -> None:
        super().__init__()
        self.depthwise = weights.depthwise_conv(f"{name}.block.0")
        self.norm = weights.layer_norm(f"{name}.block.2", eps=_EPS)
        self.widen = weights.linear(f"{name}.block.3")
        self.narrow = weights.linear(f"{name}.block.5")
        scale = weights.take(f"{name}.layer_scale")  # (channels, 1, 1)
        self.scale = nn.Parameter(scale, requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.depthwise(x).permute(0, 2, 3, 1)  # (batch, height, width, channels)
        y = self.narrow(F.gelu(self.widen(self.norm(y))))
        added: torch.Tensor = x + self.scale * y.permute(0, 3, 1, 2)
        return added


class _MapNorm(nn.Module):
    """Layer normalisation over the channels of (batch, channels, height, width)."""

    def __init__(self, weights: Weights, name: str) -> None:
        super().__init__()
        self.norm = weights.layer_norm(name, eps=_EPS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed: torch.Tensor = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return normed
