"""Hands out the weights of a layer, and records which were taken."""

from collections.abc import Mapping

import torch

from sleap_rt.arrays import Floats
from sleap_rt.errors import ModelError
from sleap_rt.untrusted import quoted


class LayerWeights:
    """The weights of one layer, by their short names (`kernel`, `bias`, `gamma`, ...).

    Args:
        layer: the layer's name.
        arrays: path -> values; the short name is what follows the last `/`, without `:0`.
    """

    def __init__(self, layer: str, arrays: Mapping[str, Floats]) -> None:
        self._layer = layer
        self._arrays = {
            path.rpartition("/")[2].removesuffix(":0"): values for path, values in arrays.items()
        }
        self._taken: set[str] = set()
        if len(self._arrays) != len(arrays):
            raise ModelError(
                f"Layer {quoted(layer)} has two weights of one name: {', '.join(arrays)}"
            )

    def take(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        """The weight `name`, in the layout Keras stores.

        Raises:
            ModelError: it is missing, or its shape is not `shape`.
        """
        if name not in self._arrays:
            raise ModelError(
                f"Layer {quoted(self._layer)} needs a weight {quoted(name)} of shape {shape}; the "
                f"file has {', '.join(self._arrays) or 'none'} for it"
            )
        array = self._arrays[name]
        if array.shape != shape:
            raise ModelError(
                f"Layer {quoted(self._layer)}: weight {quoted(name)} has shape {array.shape}, but "
                f"the architecture asks for {shape}"
            )
        self._taken.add(name)
        return torch.from_numpy(array.copy())

    @property
    def left(self) -> list[str]:
        """Weights that were not taken."""
        return [f"{self._layer}/{name}" for name in self._arrays if name not in self._taken]


def by_layer(arrays: Mapping[str, Floats]) -> dict[str, dict[str, Floats]]:
    """Group the weights of a nested model, which the file lists together, by its layers.

    The layer is everything before a path's LAST `/`: layer names may contain one.
    """
    found: dict[str, dict[str, Floats]] = {}
    for path, values in arrays.items():
        found.setdefault(path.rpartition("/")[0], {})[path] = values
    return found
