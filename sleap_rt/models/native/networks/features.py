"""The feature maps that a backbone gives its heads."""

from dataclasses import dataclass, field

import torch


@dataclass
class Features:
    """Feature maps of one forward pass.

    Attributes:
        bottleneck: (batch, channels, height, width), the coarsest maps.
        by_stride: input px per cell -> maps of the decoder block with that output stride; empty
            when the backbone has no decoder.
    """

    bottleneck: torch.Tensor
    by_stride: dict[int, torch.Tensor] = field(default_factory=dict)

    def at(self, stride: int) -> torch.Tensor:
        """The maps a spatial head of that output stride reads."""
        return self.by_stride[stride] if self.by_stride else self.bottleneck
