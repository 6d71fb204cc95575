"""A GPU as far as engines depend on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Gpu:
    """One GPU of this machine.

    Attributes:
        index: as CUDA counts.
        name: as the driver says.
        capability: e.g. "8.6".
    """

    index: int
    name: str
    capability: str

    @property
    def architecture(self) -> str:
        """As in `--target`: `sm86`."""
        return f"sm{self.capability.replace('.', '')}"

    def __str__(self) -> str:
        return f"{self.name} ({self.capability})"
