"""Antialiased bilinear resizing to sizes that are known at run time only; see `antialiased.py`."""

import numpy as np

from sleap_rt.export.graph.part import FLOAT, Op, Value, choose, constant
from sleap_rt.export.graph.pixels.antialiased import BLOCK, COLUMNS, EXACT_ONE, POWERS, ROWS


def resize(
    op: Op,
    image: Value,
    size: tuple[Value, Value],
    padded: tuple[Value, Value] | None = None,
    *,
    rounded: bool = True,
) -> Value:
    """Resize to a size that is known at run time, and zero-pad bottom and right.

    Args:
        op: operators.
        image: (batch, channels, height, width) float32; whole gray levels where the result is
            rounded.
        size: (height, width) () int64, px.
        padded: (height, width) () int64, px; as `size` if None.
        rounded: to whole gray levels, columns and then rows.
    """
    padded = padded or size
    # Rows lie in memory as a whole: they are gathered much faster than columns.
    flipped = op.Transpose(image, perm=[0, 1, 3, 2])
    wide = _resize_rows(op, flipped, size[1], padded[1], rounded=rounded)
    upright = op.Transpose(wide, perm=[0, 1, 3, 2])
    return _resize_rows(op, upright, size[0], padded[0], rounded=rounded)


def _resize_rows(op: Op, image: Value, n_out: Value, n_padded: Value, *, rounded: bool) -> Value:
    """Resize axis 2 to `n_out` px, zero-pad it to `n_padded`; `antialiased.py` has the weights."""
    n_in = op.Squeeze(op.Shape(image, start=ROWS, end=ROWS + 1))
    span = op.Max(n_in, n_out) * 2
    n_blocks = (n_padded + (BLOCK - 1)) / BLOCK
    window = (n_in * (BLOCK - 1) + span) / n_out + 2  # input px that any block needs
    first = op.Range(0, n_blocks, 1) * BLOCK
    start = op.Max((first * 2 + 1) * n_in - span + n_out, 0) / (n_out * 2)
    windows = op.Unsqueeze(start, [1]) + op.Range(0, window, 1)  # (n_blocks, window)
    share, total = _shares(op, (n_in, n_out, span), windows, first)
    pieces = op.Gather(image, op.Min(windows, n_in - 1), axis=ROWS)
    if rounded:
        blocks = _run_time_levels(op, pieces, share, total)
    else:
        blocks = op.MatMul(op.Cast(share, to=FLOAT) / op.Cast(total, to=FLOAT), pieces)
    lead, width = op.Shape(image, start=0, end=ROWS), op.Shape(image, start=COLUMNS)
    rows = op.Reshape(blocks, op.Concat(lead, [-1], width, axis=0))
    return op.Slice(rows, [0], op.Unsqueeze(n_padded, [0]), [ROWS])


def _shares(
    op: Op, sizes: tuple[Value, Value, Value], windows: Value, first: Value
) -> tuple[Value, Value]:
    """(n_blocks, BLOCK, window) int64 shares, and their (n_blocks, BLOCK, 1) sums."""
    n_in, n_out, span = sizes
    j = op.Unsqueeze(windows, [1])  # (n_blocks, 1, window)
    i = op.Unsqueeze(first, [1, 2]) + constant(op, np.arange(BLOCK)[None, :, None])
    share = op.Max(span - op.Abs((j * 2 + 1) * n_out - (i * 2 + 1) * n_in), 0)
    share = op.Where(op.And(op.Less(i, n_out), op.Less(j, n_in)), share, 0)
    return share, op.Max(op.ReduceSum(share, [2]), 1)


def _run_time_levels(op: Op, pieces: Value, share: Value, total: Value) -> Value:
    """Gray levels of all blocks.

    Args:
        op: operators.
        pieces: (batch, channels, n_blocks, window, width) what each block needs.
        share: as of `_shares`.
        total: the same.
    """
    # The largest power of two that keeps every weight within 16 bits stands for 1.
    largest = op.ReduceMax(op.Cast(share, to=FLOAT) / op.Cast(total, to=FLOAT), keepdims=0)
    powers = constant(op, np.array(POWERS))
    fits = op.Less(op.Floor(op.Cast(powers, to=FLOAT) * largest + 0.5), 32768.0)
    one = op.ReduceMax(op.Where(fits, powers, 1), keepdims=0)
    weights = (share * one * 2 + total) / (total * 2)
    return choose(
        op,
        op.LessOrEqual(one, EXACT_ONE),
        lambda op: (_exact_sums(op, pieces, weights, one),),
        lambda op: (_sums_of_bytes(op, pieces, weights, one),),
    )[0]


def _exact_sums(op: Op, pieces: Value, weights: Value, one: Value) -> Value:
    shares = op.Cast(weights, to=FLOAT) / op.Cast(one, to=FLOAT)
    return op.Floor(op.MatMul(shares, pieces) + 0.5)


def _sums_of_bytes(op: Op, pieces: Value, weights: Value, one: Value) -> Value:
    """Where float32 does not hold the sums: those of high and of low bytes apart."""
    high = weights / 256
    unit = op.Cast(one, to=FLOAT) / 256.0
    # Sums of high bytes in gray levels, those of low bytes in high bytes: powers of two are exact.
    high_sum = op.MatMul(op.Cast(high, to=FLOAT) / unit, pieces)
    low_sum = op.MatMul(op.Cast(weights - high * 256, to=FLOAT) / 256.0, pieces)
    return op.Min(op.Floor(high_sum + op.Floor(low_sum) / unit + 0.5), 255.0)
