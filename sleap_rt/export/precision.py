"""Networks in a reduced number format, inside graphs that stay float32 around them."""

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from sleap_rt.export.legacy_stages import LegacyStage
from sleap_rt.models import TrainedModel

Stage = TrainedModel | LegacyStage


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


def in_half_precision(stage: Stage) -> Stage:
    """The same model with its network in float16."""
    halved: Any = HalfNetwork  # it stands in for networks of both families
    if isinstance(stage, LegacyStage):
        model = stage.model
        return replace(stage, model=replace(model, network=halved(model.network)))
    return replace(stage, network=halved(stage.network))
