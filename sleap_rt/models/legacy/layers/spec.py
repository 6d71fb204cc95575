"""Input and output of the layer builders: `LayerSpec` and `Built`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.models.config_values import Config
from sleap_rt.models.legacy.keras_weights import LayerWeights
from sleap_rt.untrusted import quoted

Shape = tuple[int, ...]  # (batch, channels, height, width) or (batch, channels)


@dataclass(frozen=True)
class LayerSpec:
    """One layer as `model_config` describes it.

    Attributes:
        class_name: Keras class.
        name: unique in its model.
        config: the layer's own settings.
        inputs: shapes of its input tensors, for one example.
        weights: of the layer.
    """

    class_name: str
    name: str
    config: Config
    inputs: Sequence[Shape]
    weights: LayerWeights

    @property
    def n_channels(self) -> int:
        return self.inputs[0][1]

    @property
    def is_spatial(self) -> bool:
        return len(self.inputs[0]) == 4

    def refuse(self, why: str) -> ModelError:
        return ModelError(f"Layer {quoted(self.name)} ({self.class_name}): {why}")

    def pair(self, key: str, default: int | None = None) -> tuple[int, int]:
        """Two whole numbers (rows, columns); one number stands for both."""
        found = self.config.raw(key)
        found = default if found is None else found
        values: Any = [found, found] if isinstance(found, int) else found
        if not _whole_numbers(values) or len(values) != 2 or min(values) < 1:
            raise self.refuse(f"{key} should be two whole numbers from 1 up, found {quoted(found)}")
        return values[0], values[1]

    def padding(self) -> str:
        found = self.config.text("padding") or "valid"
        if found not in ("same", "valid"):
            raise self.refuse(f"padding {quoted(found)} is not supported; supported: same, valid")
        return found

    def only(self, key: str, *allowed: Any) -> None:
        """Refuse a setting that is present and none of `allowed`."""
        found = self.config.raw(key)
        if found is not None and found not in allowed:
            expected = " or ".join(map(repr, allowed)) or "no value"
            raise self.refuse(f"{key} is {quoted(found)}; only {expected} is supported")

    def count(self, key: str) -> int:
        """A whole number from 1 up that has to be there."""
        found = self.config.integer(key, 0)
        if found < 1:
            raise self.refuse(f"{key} should be a whole number from 1 up, found {found}")
        return found

    def needs_maps(self) -> None:
        """Refuse all but one input of maps, channels last in Keras."""
        self.needs_inputs(1, spatial=True)
        self.only("data_format", "channels_last")

    def needs_inputs(self, n: int, *, spatial: bool | None = None) -> None:
        """Refuse another number of inputs, or another rank of the first."""
        if len(self.inputs) != n:
            raise self.refuse(f"expected {n} input(s), found {len(self.inputs)}")
        if spatial is not None and self.is_spatial != spatial:
            rank = 4 if spatial else 2
            raise self.refuse(f"expected an input of rank {rank}, found {len(self.inputs[0])}")


def _whole_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int for value in values)


@dataclass(frozen=True)
class Built:
    """A layer ready to run.

    Attributes:
        module: called with the layer's inputs, channels first.
        stride: input px per output px, a factor on the input's own stride; None if the output has
            no place in the image any more (global pooling, flattening).
        fixes_size: the module works only at the image size in the architecture.
    """

    module: nn.Module
    stride: Fraction | None = Fraction(1)
    fixes_size: bool = False


class Function(nn.Module):
    """A function as a layer: of the layer's inputs, and then of `constants` in their order.

    Args:
        function: of tensors, channels first.
        constants: tensors that belong to the layer.
    """

    def __init__(self, function: Callable[..., torch.Tensor], **constants: torch.Tensor) -> None:
        super().__init__()
        self._function = function
        for name, values in constants.items():
            self.register_buffer(name, values)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self._function(*inputs, *self.buffers())


Builder = Callable[[LayerSpec], Built]
