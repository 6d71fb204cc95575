"""Cuts token maps into the shifted windows of Swin and joins them again.

Padding, cyclic shift and cutting are one gather each way. Tensor operations compute its indices
from the size of the map: nothing branches on a size, so exported graphs work for every size.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F

_MASKED = -100.0  # added to scores between positions that are neighbours only by the cyclic shift


class Windows(NamedTuple):
    """Where each token of a map lies in windows of one size and shift.

    Attributes:
        size: side of a window, tokens.
        sources: (n_windows * size²,) index of the token at each window position; the number of
            tokens stands for padding.
        targets: (n_tokens,) index of the window position that holds each token.
        mask: (n_windows, 1, size², size²), added to the scores; None where nothing is masked.
    """

    size: int
    sources: torch.Tensor
    targets: torch.Tensor
    mask: torch.Tensor | None

    @classmethod
    def of_map(
        cls, height: int, width: int, *, size: int, shift: int, device: torch.device
    ) -> "Windows":
        """Windows over a (height, width) map, padded at bottom and right to whole windows.

        Args:
            height: rows of tokens.
            width: columns of tokens.
            size: side of a window, tokens.
            shift: cyclic shift up and to the left ahead of cutting, tokens; none along an axis
                that one window covers.
            device: where the indices live.
        """
        rows = _Axis.of_length(height, size=size, shift=shift, device=device)
        cols = _Axis.of_length(width, size=size, shift=shift, device=device)
        source_rows, source_cols = rows.sources[:, None, :, None], cols.sources[None, :, None, :]
        sources = torch.where(
            (source_rows < height) & (source_cols < width),
            source_rows * width + source_cols,
            height * width,
        )  # (n_down, n_across, size, size)
        n_down, n_across = rows.n_windows, cols.n_windows
        positions = torch.arange(n_down * n_across * size * size, device=device)
        positions = positions.reshape(n_down, n_across, size, size).permute(0, 2, 1, 3)
        positions = positions.reshape(n_down * size, n_across * size)
        targets = positions.index_select(0, rows.targets).index_select(1, cols.targets)
        mask = None
        if shift:
            region = rows.regions[:, None, :, None] * 3 + cols.regions[None, :, None, :]
            region = region.reshape(-1, 1, size * size)
            apart = region[:, :, :, None] != region[:, :, None, :]
            mask = apart * _MASKED  # (n_windows, 1, size², size²)
        return cls(size, sources.flatten(), targets.flatten(), mask)

    def cut(self, tokens: torch.Tensor) -> torch.Tensor:
        """(batch, n_tokens, channels) to (batch, n_windows, size², channels), zeros as padding."""
        with_zero = F.pad(tokens, (0, 0, 0, 1))
        batch, _, channels = tokens.shape
        cells = self.size * self.size
        return with_zero.index_select(1, self.sources).reshape(batch, -1, cells, channels)

    def join(self, windows: torch.Tensor) -> torch.Tensor:
        """(batch, n_windows, size², channels) to (batch, n_tokens, channels), padding dropped."""
        return windows.flatten(1, 2).index_select(1, self.targets)


class _Axis(NamedTuple):
    """One axis of a map in windows; positions count along the padded and shifted axis."""

    n_windows: int
    sources: torch.Tensor  # (n_windows, size) row or column of the map; beyond its end: padding
    regions: torch.Tensor  # (n_windows, size) 0, 1, 2: positions of one region are true neighbours
    targets: torch.Tensor  # (length,) position of each row or column of the map

    @classmethod
    def of_length(cls, length: int, *, size: int, shift: int, device: torch.device) -> "_Axis":
        n_windows = (length + size - 1) // size
        padded = n_windows * size
        position = torch.arange(padded, device=device)
        # No shift along an axis that one window covers.
        shifted = torch.where(position[-1] >= size, shift, 0)
        sources = position + shifted
        sources = torch.where(sources < padded, sources, sources - padded)
        regions = (position >= padded - size).long() + (position >= padded - shifted).long()
        targets = torch.arange(length, device=device) - shifted
        targets = torch.where(targets < 0, targets + padded, targets)
        return cls(
            n_windows,
            sources.reshape(n_windows, size),
            regions.reshape(n_windows, size),
            targets,
        )
