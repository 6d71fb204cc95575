"""Antialiased bilinear resizing: of whole gray levels, exact to the gray level, or of floats.

torch resizes uint8 images in fixed-point arithmetic: whole-number weights, columns first, then
rows, rounding to a gray level after each. This module does the same with float32 matrix products,
in which every product and every sum has at most 24 bits and is therefore exact.

Output px are computed in blocks: a block needs only a window of the input, which turns one large
sparse product into small dense ones.

Here the sizes are known at export, and weights are constants; `any_size.py` computes them inside
the graph.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from sleap_rt.export.graph.part import Op, Value, constant

BLOCK = 32  # output px per block
_PERIODIC_BLOCK = 16  # the same where all blocks are alike: the quickest of 8, 16, 32
_MAX_BITS = 22  # fixed-point precision is the largest that fits 16 bits, and at most this
POWERS = tuple(2**bits for bits in range(_MAX_BITS + 1))  # what a weight of 1 may stand for
EXACT_ONE = 2**16  # with 8 bits of a gray level, 24 bits: what float32 holds

_Floats = NDArray[np.float32]
ROWS, COLUMNS = 2, 3  # axes of (batch, channels, height, width)


@dataclass(frozen=True)
class _Axis:
    """One axis of an image, and its fixed-point weights.

    Attributes:
        axis: of (batch, channels, height, width).
        weights: (n_in, n_out) whole numbers.
        one: what stands for a weight of 1, a power of two.
        exact_shares: (n_in, n_out) the weights as fractions, not rounded to fixed point.
    """

    axis: int
    weights: NDArray[np.int64]
    one: int
    exact_shares: _Floats

    @classmethod
    def of(cls, axis: int, n_in: int, n_out: int) -> "_Axis":
        """The share of input px j in output px i, over the sum of all shares in i.

        With sizes a -> b, a share is the whole number max(0, 2 max(a, b) - |(2j+1) b - (2i+1) a|).
        """
        span = 2 * max(n_in, n_out)
        i, j = np.arange(n_out), np.arange(n_in)[:, None]
        share = np.maximum(span - np.abs((2 * j + 1) * n_out - (2 * i + 1) * n_in), 0)
        total = share.sum(axis=0)
        largest = float((share / total).max())
        one = max(power for power in POWERS if int(largest * power + 0.5) < 2**15)
        weights = (2 * share * one + total) // (2 * total)
        return cls(axis, weights, one, (share / total).astype(np.float32))

    @property
    def is_exact(self) -> bool:
        """Whether float32 holds every sum of gray levels times weights."""
        return self.one <= EXACT_ONE

    @property
    def shares(self) -> _Floats:
        """(n_in, n_out) weights as fractions of one; exact, as `one` is a power of two."""
        return (self.weights / self.one).astype(np.float32)


def resize(
    op: Op,
    image: Value,
    size_in: tuple[int, int],
    size_out: tuple[int, int],
    *,
    rounded: bool = True,
) -> Value:
    """(batch, channels, *size_in) to (batch, channels, *size_out).

    Args:
        op: operators.
        image: float32; whole gray levels where the result is rounded.
        size_in: (height, width) px.
        size_out: (height, width) px.
        rounded: to whole gray levels, columns and then rows.
    """
    for axis in (COLUMNS, ROWS):
        n_in, n_out = size_in[axis - 2], size_out[axis - 2]
        if n_in == n_out:
            continue
        weights = _Axis.of(axis, n_in, n_out)
        periodic = _Periodic.of(weights) if rounded and weights.is_exact else None
        if periodic is not None:
            image = periodic.resized(op, image)
        else:
            image = _by_windows(op, image, weights, rounded=rounded)
    return image


def _by_windows(op: Op, image: Value, axis: _Axis, *, rounded: bool) -> Value:
    """Each block of output px from a slice of the input."""
    n_out = axis.weights.shape[1]
    blocks = []
    for first in range(0, n_out, BLOCK):
        block = axis.weights[:, first : first + BLOCK]
        used = np.flatnonzero(block.any(axis=1))
        start, stop = int(used[0]), int(used[-1]) + 1
        window = op.Slice(image, [start], [stop], [axis.axis])
        columns = slice(first, first + BLOCK)
        if rounded:
            blocks.append(_levels(op, window, block[start:stop], axis))
        else:
            exact = axis.exact_shares[start:stop, columns]
            blocks.append(_product(op, window, exact, axis.axis))
    return op.Concat(*blocks, axis=axis.axis) if len(blocks) > 1 else blocks[0]


def _levels(op: Op, window: Value, weights: NDArray[np.int64], axis: _Axis) -> Value:
    """Gray levels of a block of output px, rounded half up."""
    if axis.is_exact:
        shares = (weights / axis.one).astype(np.float32)
        return op.Floor(_product(op, window, shares, axis.axis) + 0.5)
    # Weights of more than 16 bits: high and low bytes are summed apart.
    high, low = (
        _product(op, window, part.astype(np.float32), axis.axis)
        for part in (weights // 256, weights % 256)
    )
    unit = axis.one / 256
    level = op.Floor((high + (unit / 2) + op.Floor(low / 256.0)) / unit)
    return op.Clip(level, 0.0, 255.0)


def _product(op: Op, image: Value, weights: _Floats, axis: int) -> Value:
    """Weighted sums along an axis; `weights` (n_in, n_out)."""
    if axis == COLUMNS:
        return op.MatMul(image, constant(op, weights))
    return op.MatMul(constant(op, np.ascontiguousarray(weights.T)), image)


@dataclass(frozen=True)
class _Periodic:
    """Blocks that all have the same weights, as scales like 1/2 or 1/4 give them.

    A block is computed from its own input px and a halo, some px of its neighbours. The first and
    the last block have no neighbour on one side. There, the outermost px of the halo is set so that
    the sum is right: only one output px reaches beyond the image.

    Attributes:
        axis: of the image.
        n_blocks: along the axis.
        main: (px of a block, output px of a block) weights.
        halo: (px before and behind, output px of a block) weights.
        first: (px of a block,) weights that make up the px furthest ahead of the first block.
        last: the same for the px furthest behind the last block.
    """

    axis: int
    n_blocks: int
    main: _Floats
    halo: _Floats
    first: _Floats
    last: _Floats

    @classmethod
    def of(cls, axis: _Axis) -> "_Periodic | None":
        """The blocks of an axis; None where they are not alike."""
        n_in, n_out = axis.weights.shape
        size = _block_size(n_in, n_out)
        if size is None:
            return None
        n, p = size
        n_blocks = n_in // n
        middle = n_blocks // 2
        shares = axis.shares
        reach = np.flatnonzero(shares[:, middle * p : (middle + 1) * p].any(axis=1))
        before, behind = middle * n - int(reach[0]), int(reach[-1]) + 1 - (middle + 1) * n
        if before != behind or not 0 < before < n:
            return None
        block = shares[middle * n - before : (middle + 1) * n + before, middle * p :][:, :p]
        main, halo = block[before:-before], np.concatenate([block[:before], block[-before:]])
        first = (shares[:n, 0] - main[:, 0]) / halo[0, 0]
        last = (shares[-n:, -1] - main[:, -1]) / halo[-1, -1]
        found = cls(axis.axis, n_blocks, main, halo, first, last)
        return found if found._gives(shares) else None

    @property
    def _n_halo(self) -> int:
        return len(self.halo) // 2

    def _gives(self, shares: _Floats) -> bool:
        """Whether these blocks amount to the weights (n_in, n_out), to the bit."""
        (n, p), b = self.main.shape, self._n_halo
        made = np.zeros_like(shares)
        for k in range(self.n_blocks):
            rows, columns = slice(k * n, (k + 1) * n), slice(k * p, (k + 1) * p)
            made[rows, columns] += self.main
            if k:
                made[k * n - b : k * n, columns] += self.halo[:b]
            if k < self.n_blocks - 1:
                made[(k + 1) * n : (k + 1) * n + b, columns] += self.halo[b:]
        made[:n, :p] += np.outer(self.first, self.halo[0])
        made[-n:, -p:] += np.outer(self.last, self.halo[-1])
        units = np.concatenate([self.first, self.last]) * EXACT_ONE  # whole: products are exact
        return np.array_equal(made, shares) and np.array_equal(units, np.round(units))

    def resized(self, op: Op, image: Value) -> Value:
        n, p = self.main.shape
        length = n * self.n_blocks
        axis, is_columns = self.axis, self.axis == COLUMNS
        lead = op.Shape(image, start=0, end=axis)
        rest = [] if is_columns else [op.Shape(image, start=COLUMNS, end=COLUMNS + 1)]

        def cut(values: Value, *sizes: int) -> Value:
            return op.Reshape(values, op.Concat(lead, list(sizes), *rest, axis=0))

        ahead = _product(op, op.Slice(image, [0], [n], [axis]), self._made_up(self.first, 0), axis)
        piece, pieces = self._neighbours()
        in_pieces = cut(image, length // piece, piece)
        found = op.Gather(in_pieces, constant(op, pieces), axis=axis)
        inner = cut(found, len(pieces) * piece)
        end = op.Slice(image, [length - n], [length], [axis])
        behind = _product(op, end, self._made_up(self.last, -1), axis)
        halo = op.Concat(ahead, inner, behind, axis=axis)
        own, others = (
            _product(op, cut(values, self.n_blocks, len(weights)), weights, axis)
            for values, weights in ((image, self.main), (halo, self.halo))
        )
        return cut(op.Floor(own + others + 0.5), self.n_blocks * p)

    def _made_up(self, weights: _Floats, place: int) -> _Floats:
        """(px of a block, px of half a halo): only one of these is not zero."""
        columns = np.zeros((len(weights), self._n_halo), np.float32)
        columns[:, place] = weights
        return columns

    def _neighbours(self) -> tuple[int, NDArray[np.int64]]:
        """All halos but the outermost two halves, in order: px of a piece, and which pieces.

        Few large pieces are gathered faster than many px.
        """
        n, b = len(self.main), self._n_halo
        piece = b if n % b == 0 else 1
        borders = np.arange(1, self.n_blocks)[:, None] * n
        around = borders + np.concatenate([np.arange(0, b, piece), np.arange(-b, 0, piece)])
        pieces: NDArray[np.int64] = around.ravel() // piece
        return piece, pieces


def _block_size(n_in: int, n_out: int) -> tuple[int, int] | None:
    """(input px, output px) of blocks that all begin at the same phase; None if there are none."""
    periods = gcd(n_in, n_out)
    n, p = n_in // periods, n_out // periods
    if n <= p or p > _PERIODIC_BLOCK:
        return None
    repeats = [r for r in range(1, _PERIODIC_BLOCK // p + 1) if periods % r == 0]
    if periods // repeats[-1] < 3:
        return None
    return n * repeats[-1], p * repeats[-1]
