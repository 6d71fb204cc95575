"""Networks in float16, inside graphs that stay float32 around them."""

import copy
from dataclasses import replace

import torch
from torch import nn

from sleap_rt.models.trained import TrainedModel


class HalfNetwork(nn.Module):
    """A network that computes in float16; what it takes and gives is float32.

    Args:
        network: float32; a copy is converted.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).half()

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: maps.float() for name, maps in self.network(image.half()).items()}


def in_half_precision(model: TrainedModel) -> TrainedModel:
    """The same model with its network in float16."""
    return replace(model, network=HalfNetwork(model.network))
