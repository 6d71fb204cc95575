"""Hands out the layers of a checkpoint, and records which tensors were taken.

A network asks for its layers by name; each layer gets shape and values from the tensors of that
name. So widths come from the checkpoint, topology from the configuration, and a tensor that no
layer uses is an error.
"""

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.untrusted import listed
from sleap_rt.words import counted

_ADVICE = "Bring `best.ckpt` and the configuration of the same training run together"
Layer = TypeVar("Layer", nn.Conv2d, nn.ConvTranspose2d, nn.LayerNorm, nn.Linear)


class Weights:
    """The tensors of one checkpoint, taken layer by layer.

    Args:
        tensors: key -> tensor, keys without the `model.` prefix.
    """

    def __init__(self, tensors: Mapping[str, torch.Tensor]) -> None:
        self._tensors = dict(tensors)
        self._taken: set[str] = set()

    def take(self, key: str) -> torch.Tensor:
        """The tensor named `key`.

        Raises:
            ModelError: there is none; the configuration describes another network.
        """
        if key not in self._tensors:
            raise ModelError(
                f"The checkpoint is of another network than the configuration describes: it has no "
                f"tensor `{key}`. {_ADVICE}"
            )
        self._taken.add(key)
        return self._tensors[key]

    def conv(self, key: str, *, stride: int = 1, padding: int | None = None) -> nn.Module:
        """The convolution named `key`; `padding=None` keeps the size ("same", zeros)."""
        n_out, n_in, kernel, _ = self._shape(key, 4)
        same = (kernel - 1) // 2
        conv = nn.Conv2d(n_in, n_out, kernel, stride, same if padding is None else padding)
        self._fill(conv, key)
        if padding is None and kernel % 2 == 0:  # the odd row and column go to the right and bottom
            return nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), conv)
        return conv

    def transposed_conv(self, key: str) -> nn.ConvTranspose2d:
        """The transposed convolution named `key`, which doubles height and width."""
        n_in, n_out, kernel, _ = self._shape(key, 4)
        conv = nn.ConvTranspose2d(n_in, n_out, kernel, stride=2, padding=1, output_padding=1)
        return self._fill(conv, key)

    def depthwise_conv(self, key: str) -> nn.Conv2d:
        """The convolution named `key` that treats each channel by itself and keeps the size."""
        n, _, kernel, _ = self._shape(key, 4)
        return self._fill(nn.Conv2d(n, n, kernel, padding=kernel // 2, groups=n), key)

    def layer_norm(self, key: str, *, eps: float) -> nn.LayerNorm:
        """The layer normalisation over the last axis named `key`."""
        return self._fill(nn.LayerNorm(self._shape(key, 1), eps=eps), key)

    def linear(self, key: str, *, bias: bool = True) -> nn.Linear:
        """The fully connected layer named `key`."""
        n_out, n_in = self._shape(key, 2)
        return self._fill(nn.Linear(n_in, n_out, bias=bias), key)

    def check_all_taken(self) -> None:
        """Raises:
        ModelError: the checkpoint holds tensors that no layer used.
        """
        if left := self._left:
            raise ModelError(
                "The checkpoint is of another network than the configuration describes: it holds "
                f"{counted(len(left), 'tensor')} more, the first `{listed(left[:1])}`. {_ADVICE}"
            )

    @property
    def _left(self) -> list[str]:
        """Tensors that were not taken."""
        return [name for name in self._tensors if name not in self._taken]

    def _shape(self, key: str, n_axes: int) -> tuple[int, ...]:
        weight = self.take(f"{key}.weight")
        if weight.ndim != n_axes:
            raise ModelError(
                f"Tensor `{key}.weight` has shape {tuple(weight.shape)}; {n_axes} axes were "
                "expected"
            )
        return tuple(weight.shape)

    def _fill(self, layer: Layer, key: str) -> Layer:
        layer.weight = nn.Parameter(self.take(f"{key}.weight"), requires_grad=False)
        if layer.bias is not None:
            layer.bias = nn.Parameter(self.take(f"{key}.bias"), requires_grad=False)
        return layer
