"""TensorFlow's "same" padding, exact for every size, also one that is known only at run time."""

import torch
import torch.nn.functional as F
from torch import nn

Pair = tuple[int, int]


class SamePadding(nn.Module):
    """Pads (batch, channels, height, width) as TensorFlow's "same" does; the odd pixel goes last.

    Along an axis of length i, with kernel k, stride s and dilation d: the output has
    o = ceil(i / s) cells, which need (o - 1) s + (k - 1) d + 1 pixels.

    Args:
        kernel: (rows, columns) of the layer that follows.
        stride: the same layer's.
        dilation: the same layer's.
        value: of the pixels added.
    """

    def __init__(
        self, kernel: Pair, stride: Pair, dilation: Pair = (1, 1), value: float = 0.0
    ) -> None:
        super().__init__()
        self.spans = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
        self.stride, self.value = stride, value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        top, bottom = _before_after(x.shape[2], self.spans[0], self.stride[0])
        left, right = _before_after(x.shape[3], self.spans[1], self.stride[1])
        return F.pad(x, (left, right, top, bottom), value=self.value)


def _before_after(length: int, span: int, stride: int) -> Pair:
    if stride == 1:  # independent of the length: constants in the graph
        return (span - 1) // 2, span // 2
    # `length` may be symbolic: plain integer arithmetic, no branch on its value.
    n_cells = (length + stride - 1) // stride
    total: int = torch.sym_max(  # type: ignore[no-untyped-call]
        (n_cells - 1) * stride + span - length, 0
    )
    return total // 2, total - total // 2


def symmetric_padding(kernel: Pair, stride: Pair, dilation: Pair) -> Pair | None:
    """(rows, columns) on each side if "same" padding is symmetric at every size, else None."""
    totals = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    if stride != (1, 1) or any(total % 2 for total in totals):
        return None
    return totals[0] // 2, totals[1] // 2
