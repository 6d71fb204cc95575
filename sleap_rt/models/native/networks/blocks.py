"""Building blocks of all backbones of sleap-nn: convolutions with ReLU, pooling, decoder blocks."""

import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.models.native.networks.weights import Weights


class DecoderBlock(nn.Module):
    """Doubles the resolution, joins the skip, refines.

    Args:
        weights: the checkpoint's tensors.
        name: prefix of the block's layer names, before `_trans_conv` and `_refine_conv`.
        up_interpolate: bilinear upsampling; otherwise a transposed convolution.
        n_convs: convolutions after the skip has joined.
        may_differ_in_size: the skip need not be exactly twice as large as the input.
    """

    def __init__(
        self,
        weights: Weights,
        name: str,
        *,
        up_interpolate: bool,
        n_convs: int,
        may_differ_in_size: bool,
    ) -> None:
        super().__init__()
        self.up = None if up_interpolate else weights.transposed_conv(f"{name}_trans_conv")
        self.refine = convs(weights, f"{name}_refine_conv", n_convs)
        self.may_differ_in_size = may_differ_in_size

    def forward(self, x: torch.Tensor, skip: torch.Tensor | None) -> torch.Tensor:
        x = _upsample(x) if self.up is None else F.relu(self.up(x))
        if skip is not None:
            if self.may_differ_in_size:
                x = F.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
            x = torch.cat([skip, x], dim=1)
        refined: torch.Tensor = self.refine(x)
        return refined


def convs(weights: Weights, prefix: str, n: int) -> nn.Sequential:
    """The convolutions `prefix0`, `prefix1`, ..., each followed by a ReLU."""
    layers: list[nn.Module] = []
    for i in range(n):
        layers += [weights.conv(f"{prefix}{i}"), nn.ReLU()]
    return nn.Sequential(*layers)


def pool(x: torch.Tensor) -> torch.Tensor:
    """Halve height and width; an odd last row or column is dropped."""
    return F.max_pool2d(x, 2)


def _upsample(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
