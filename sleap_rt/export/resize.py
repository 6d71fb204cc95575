"""Resizing between sizes that are known at export, with constants: the fast case.

The arithmetic is that of `sizing.py`: fixed-point, exact, bit for bit as in training.
"""

from dataclasses import dataclass

import torch

from sleap_rt.export.sizing import BLOCK

_MAX_BITS = 22  # fixed-point precision is the largest that fits 16 bits, and at most this


class FixedResize(torch.nn.Module):
    """Antialiased bilinear resize of whole grey levels.

    Args:
        size_in: (height, width) px.
        size_out: (height, width) px.
    """

    def __init__(self, size_in: tuple[int, int], size_out: tuple[int, int]) -> None:
        super().__init__()
        self.rows, self.columns = (
            _axis_blocks(n_in, n_out) for n_in, n_out in zip(size_in, size_out, strict=True)
        )
        self.size_out = size_out

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, channels, *size_in) to (batch, channels, *size_out)."""
        height, width = self.size_out
        columns = [_round(image[..., b.start : b.stop] @ b.weights, b, 3) for b in self.columns]
        image = torch.cat(columns, dim=3)[..., :width]
        rows = [_round(b.weights.T @ image[:, :, b.start : b.stop], b, 2) for b in self.rows]
        return torch.cat(rows, dim=2)[:, :, :height]


@dataclass(frozen=True)
class _Block:
    """The input window of a block of output px, and its weights.

    Attributes:
        start: first input px.
        stop: one past the last.
        weights: (stop - start, 2 * BLOCK) float32, high bytes of the weights, then low bytes.
        unit: the high byte of a weight of 1.
    """

    start: int
    stop: int
    weights: torch.Tensor
    unit: int


def _axis_blocks(n_in: int, n_out: int) -> list[_Block]:
    span = 2 * max(n_in, n_out)
    n_padded = -(-n_out // BLOCK) * BLOCK
    i, j = torch.arange(n_padded), torch.arange(n_in)[:, None]
    share = (span - ((2 * j + 1) * n_out - (2 * i + 1) * n_in).abs()).clamp(min=0)
    share[:, n_out:] = 0  # (n_in, n_padded)
    total = share.sum(dim=0).clamp(min=1)
    largest = float((share.double() / total).max())
    one = max(2**p for p in range(_MAX_BITS + 1) if int(largest * 2**p + 0.5) < 2**15)
    weight = (2 * share * one + total) // (2 * total)
    blocks = []
    for first in range(0, n_padded, BLOCK):
        block = weight[:, first : first + BLOCK]
        used = block.any(dim=1).nonzero().flatten()
        start, stop = int(used[0]), int(used[-1]) + 1
        bytes_ = torch.cat([block // 256, block % 256], dim=1)[start:stop]
        blocks.append(_Block(start, stop, bytes_.float(), one // 256))
    return blocks


def _round(sums: torch.Tensor, block: _Block, dim: int) -> torch.Tensor:
    """High-byte and low-byte sums (side by side on `dim`) to grey levels, rounded half up."""
    high, low = sums.narrow(dim, 0, BLOCK), sums.narrow(dim, BLOCK, BLOCK)
    level = torch.floor((high + block.unit / 2 + torch.floor(low / 256)) / block.unit)
    return level.clamp(0, 255)
