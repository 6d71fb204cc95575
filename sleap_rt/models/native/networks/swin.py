"""The Swin transformer of sleap-nn, with a UNet-like decoder.

Liu et al., "Swin Transformer", 2021.
"""

import torch
import torch.nn.functional as F
from torch import nn

from sleap_rt.errors import ModelError
from sleap_rt.models.native.networks.decoder import ENCODER, StagedDecoder, stem_conv
from sleap_rt.models.native.networks.features import Features
from sleap_rt.models.native.networks.weights import Weights
from sleap_rt.models.native.networks.windows import Windows
from sleap_rt.models.native.topology import N_STAGES, SwinSpec

_EPS = 1e-5


class Swin(nn.Module):
    """Image (batch, channels, height, width) in [0, 1] to feature maps by stride.

    Args:
        spec: topology.
        weights: the checkpoint's tensors, of which it takes those under `backbone.`.
    """

    def __init__(self, spec: SwinSpec, weights: Weights) -> None:
        super().__init__()
        self.stem, kernel = stem_conv(spec, weights)
        self.stem_norm = weights.layer_norm(f"{ENCODER}.0.2", eps=_EPS)
        even_sizes = spec.has_even_sizes(kernel)
        self.stages = nn.ModuleList(
            _Stage(weights, f"{ENCODER}.{2 * stage + 1}", depth, spec.window_size)
            for stage, depth in enumerate(spec.depths)
        )
        self.merges = nn.ModuleList(
            _PatchMerging(weights, f"{ENCODER}.{2 * stage}", even_sizes=even_sizes)
            for stage in range(1, N_STAGES)
        )
        self.norm = weights.layer_norm("backbone.enc.norm", eps=_EPS)
        self.decoder = StagedDecoder(spec, weights, even_sizes=even_sizes)

    def forward(self, image: torch.Tensor) -> Features:
        x = self.stem_norm(_channels_last(self.stem(image)))
        skips = [_channels_first(x)]  # ahead of the stage's blocks
        x = self.stages[0](x)
        for merge, stage in zip(self.merges, self.stages[1:], strict=True):
            x = merge(x)
            skips.append(_channels_first(x))
            x = stage(x)
        features: Features = self.decoder(_channels_first(self.norm(x)), skips)
        return features


class _Stage(nn.Module):
    """Blocks on maps (batch, height, width, channels); every second one shifts its windows."""

    def __init__(self, weights: Weights, name: str, depth: int, window_size: int) -> None:
        super().__init__()
        self.window_size = window_size
        self.blocks = nn.ModuleList(
            _Block(weights, f"{name}.{i}", window_size) for i in range(depth)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[1:3]
        tokens = x.flatten(1, 2)
        layouts = [
            Windows.of_map(height, width, size=self.window_size, shift=shift, device=x.device)
            for shift in (0, self.window_size // 2)
        ]
        for i, block in enumerate(self.blocks):
            tokens = block(tokens, layouts[i % 2])
        return tokens.reshape(x.shape)


class _Block(nn.Module):
    """Attention inside windows, then a two-layer perceptron, each added to its input."""

    def __init__(self, weights: Weights, name: str, window_size: int) -> None:
        super().__init__()
        self.norm1 = weights.layer_norm(f"{name}.norm1", eps=_EPS)
        self.attention = WindowAttention(weights, f"{name}.attn", window_size)
        self.norm2 = weights.layer_norm(f"{name}.norm2", eps=_EPS)
        self.widen = weights.linear(f"{name}.mlp.0")
        self.narrow = weights.linear(f"{name}.mlp.3")

    def forward(self, tokens: torch.Tensor, layout: Windows) -> torch.Tensor:
        windows = layout.cut(self.norm1(tokens))
        tokens = tokens + layout.join(self.attention(windows, layout.mask))
        added: torch.Tensor = tokens + self.narrow(F.gelu(self.widen(self.norm2(tokens))))
        return added


class WindowAttention(nn.Module):
    """Multi-head attention among the tokens of each window, with a bias by relative position."""

    def __init__(self, weights: Weights, name: str, window_size: int) -> None:
        super().__init__()
        self.qkv = weights.linear(f"{name}.qkv")
        self.proj = weights.linear(f"{name}.proj")
        index = weights.take(f"{name}.relative_position_index")
        table = weights.take(f"{name}.relative_position_bias_table")  # ((2 size - 1)², n_heads)
        expected = _relative_position_index(window_size)
        if table.shape[0] != (2 * window_size - 1) ** 2 or not torch.equal(index, expected):
            raise ModelError(
                f"`{name}` was not made for the configuration's window_size {window_size}: its "
                f"table of relative positions has {table.shape[0]} rows where "
                f"{(2 * window_size - 1) ** 2} were expected, or its index is another one"
            )
        self.n_heads = table.shape[1]
        if self.qkv.in_features % self.n_heads:
            raise ModelError(
                f"`{name}` has {self.qkv.in_features} channels, which {self.n_heads} heads cannot "
                "share"
            )
        bias = table[index].reshape(window_size**2, window_size**2, self.n_heads).permute(2, 0, 1)
        self.bias = nn.Parameter(bias.contiguous(), requires_grad=False)

    def forward(self, windows: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """(batch, n_windows, size², channels) to the same shape.

        Args:
            windows: tokens of each window.
            mask: (n_windows, 1, size², size²) added to the scores, or None.
        """
        channels = windows.shape[-1]
        qkv = self.qkv(windows).unflatten(-1, (3, self.n_heads, channels // self.n_heads))
        # each (batch, n_windows, n_heads, size², channels of a head)
        q, k, v = qkv.permute(3, 0, 1, 4, 2, 5).unbind(0)
        scores = (q * (channels // self.n_heads) ** -0.5) @ k.transpose(-2, -1) + self.bias
        if mask is not None:
            scores = scores + mask.to(scores.dtype)
        attended = (torch.softmax(scores, dim=-1) @ v).transpose(-3, -2).flatten(-2)
        projected: torch.Tensor = self.proj(attended)
        return projected


def _relative_position_index(size: int) -> torch.Tensor:
    """Row of the bias table for each pair of window positions, flat."""
    row = torch.arange(size).repeat_interleave(size)
    col = torch.arange(size).repeat(size)
    down = row[:, None] - row[None, :] + size - 1
    right = col[:, None] - col[None, :] + size - 1
    return (down * (2 * size - 1) + right).flatten()


class _PatchMerging(nn.Module):
    """Merges each 2x2 tokens into one of twice the channels."""

    def __init__(self, weights: Weights, name: str, *, even_sizes: bool) -> None:
        super().__init__()
        self.norm = weights.layer_norm(f"{name}.norm", eps=_EPS)
        self.reduction = weights.linear(f"{name}.reduction", bias=False)
        self.even_sizes = even_sizes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, height, width, channels = x.shape
        n_rows, n_cols = height // 2, width // 2
        if not self.even_sizes:  # a row and a column of zeros, which even sizes drop again
            n_rows, n_cols = (height + 1) // 2, (width + 1) // 2
            x = F.pad(x, (0, 0, 0, 1, 0, 1))[:, : 2 * n_rows, : 2 * n_cols]
        x = x.reshape(batch, n_rows, 2, n_cols, 2, channels)
        # Channels of a 2x2 cell: down the left column, then down the right one.
        x = x.permute(0, 1, 3, 4, 2, 5).flatten(3)
        merged: torch.Tensor = self.reduction(self.norm(x))
        return merged


def _channels_last(maps: torch.Tensor) -> torch.Tensor:
    return maps.permute(0, 2, 3, 1)


def _channels_first(tokens: torch.Tensor) -> torch.Tensor:
    return tokens.permute(0, 3, 1, 2)
