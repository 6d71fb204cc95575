"""One form of a trained model, whatever it was stored as."""

from dataclasses import dataclass, fields
from typing import Any

from torch import nn

from sleap_rt.contract import GraphContract, GraphPart


@dataclass(frozen=True, kw_only=True)
class TrainedModel(GraphContract):
    """A trained model: what its graph in float32 will be, and its network.

    Attributes:
        network: (batch, in_channels, height, width) float32 in [0, 1] to name -> output, for the
            heads of its kind; in evaluation mode, on the CPU.
    """

    network: nn.Module

    @classmethod
    def of(cls, described: GraphContract, network: nn.Module, **changes: Any) -> "TrainedModel":
        """A description with its network, and with other values for some of its fields."""
        return cls(**{**_values(described), **changes}, network=network)

    def contract(self, parts: tuple[GraphPart, ...] = ()) -> GraphContract:
        """Contract of the model's graph in float32, without its certificate.

        Args:
            parts: of the graph; none while it is yet to be made.
        """
        return GraphContract(**{**_values(self), "parts": parts})


def _values(contract: GraphContract) -> dict[str, Any]:
    return {field.name: getattr(contract, field.name) for field in fields(GraphContract)}
