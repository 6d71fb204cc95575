"""Bilinear resizing as the original SLEAP did it: half-pixel centers, no antialiasing, float32.

A sample is `a + (b - a) * t` here too, columns first, then rows: as sized frames and scaled crops
are truncated to bytes, another way of writing the same would lose a gray level now and then (a
constant area of 100 would become 99).
"""

from sleap_rt.export.graph.part import FLOAT, INT64, Op, Value, length


def resize(op: Op, image: Value, height: Value, width: Value) -> Value:
    """(batch, channels, height, width) float32 to another size.

    Args:
        op: operators.
        image: to resize.
        height: () int64, px.
        width: () int64, px.
    """
    # Rows lie in memory as a whole: they are gathered much faster than columns.
    flipped = _resize_rows(op, op.Transpose(image, perm=[0, 1, 3, 2]), width)
    return _resize_rows(op, op.Transpose(flipped, perm=[0, 1, 3, 2]), height)


def _resize_rows(op: Op, image: Value, n_out: Value) -> Value:
    above, below, down = _between(op, length(op, image, 2), n_out)
    at_above = op.Gather(image, above, axis=2)
    return at_above + (op.Gather(image, below, axis=2) - at_above) * op.Unsqueeze(down, [1])


def _between(op: Op, n_in: Value, n_out: Value) -> tuple[Value, Value, Value]:
    """For each output px the two input px it lies between, and how far from the first."""
    step = op.Cast(n_in, to=FLOAT) / op.Cast(n_out, to=FLOAT)
    at = (op.Cast(op.Range(0, n_out, 1), to=FLOAT) + 0.5) * step - 0.5
    below = op.Floor(at)
    low = op.Cast(below, to=INT64)
    first = op.Min(op.Max(low, 0), n_in - 1)
    second = op.Min(op.Max(low + 1, 0), n_in - 1)
    return first, second, at - below
