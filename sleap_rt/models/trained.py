"""One description of a trained model, whatever it was stored as."""

from dataclasses import dataclass, fields
from typing import Any

from torch import nn

from sleap_rt.models.description import ModelDescription


@dataclass(frozen=True, kw_only=True)
class TrainedModel(ModelDescription):
    """A trained model: its description and its network.

    Attributes:
        network: (batch, in_channels, height, width) float32 in [0, 1] to name -> output, for the
            heads of its kind; in evaluation mode, on the CPU.
    """

    network: nn.Module

    @classmethod
    def of(cls, described: ModelDescription, network: nn.Module, **changes: Any) -> "TrainedModel":
        """A description with its network, and with other values for some of its fields."""
        values = {field.name: getattr(described, field.name) for field in fields(described)}
        return cls(**{**values, **changes}, network=network)
