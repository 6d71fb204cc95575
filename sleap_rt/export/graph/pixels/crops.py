"""Cuts crops around centres from the bytes of the frames, and converts only those to floats."""

import numpy as np

from sleap_rt.export.graph.part import FLOAT, INT32, Op, Value, constant, length

_FAR = 1e6  # px; centres further off are moved here: their crops are empty as well


def corners(op: Op, centers: Value, crop_size: tuple[int, int]) -> Value:
    """(n, 2) float32, (x, y): the upper left corner of each crop, in px of what it is cut from.

    Args:
        op: operators.
        centers: (n, 2) float32, (x, y).
        crop_size: (height, width) px.
    """
    half = np.array([crop_size[1] / 2, crop_size[0] / 2], np.float32)
    return _near(op, centers) - constant(op, half) + 0.5


def cut_whole(
    op: Op, pixels: Value, corner: Value, frame_index: Value, crop_size: tuple[int, int]
) -> Value:
    """Copy one crop per corner, from the whole px that its centre lies in.

    The pixels start at a whole px, while points are mapped back with the fractional corner, as in
    training.

    Args:
        op: operators.
        pixels: (batch, height, width, channels), bytes or floats.
        corner: (n, 2) float32, (x, y) px.
        frame_index: (n,) int64, which frame of the batch a crop lies in.
        crop_size: (height, width) px.

    Returns:
        (n, channels, *crop_size) float32, 0 outside the frame.
    """
    whole_half = np.array([crop_size[1] // 2, crop_size[0] // 2])
    middle = op.Cast(corner + constant(op, whole_half.astype(np.float32)), to=INT32)  # truncated
    start = middle - constant(op, whole_half.astype(np.int32))  # (n, 2)
    left, top = op.Split(start, axis=1, num_outputs=2, _outputs=2)
    return _copied(op, pixels, (top, left), frame_index, crop_size)


def cut_blended(
    op: Op, pixels: Value, corner: Value, frame_index: Value, crop_size: tuple[int, int]
) -> Value:
    """Sample one crop per corner, bilinear between px, everything outside the frame being 0.

    Px i of a crop lies at corner + i, so that all of its px lie equally far from whole ones.

    Args:
        op: operators.
        pixels: (batch, height, width, channels) floats.
        corner: (n, 2) float32, (x, y) px.
        frame_index: (n,) int64, which frame of the batch a crop lies in.
        crop_size: (height, width) px.

    Returns:
        (n, channels, *crop_size) float32.
    """
    height, width = crop_size
    whole = op.Floor(corner)
    right, down = op.Split(op.Unsqueeze(corner - whole, [2, 3]), axis=1, num_outputs=2, _outputs=2)
    left, top = op.Split(op.Cast(whole, to=INT32), axis=1, num_outputs=2, _outputs=2)
    wide = _copied(op, pixels, (top, left), frame_index, (height + 1, width + 1))
    first, second = (op.Slice(wide, [i], [i + width], [3]) for i in (0, 1))
    columns = first + (second - first) * right
    first, second = (op.Slice(columns, [i], [i + height], [2]) for i in (0, 1))
    return first + (second - first) * down


def cut_bilinear(
    op: Op, pixels: Value, centers: Value, frame_index: Value, crop_size: tuple[int, int]
) -> Value:
    """Sample one crop per centre, bilinear between px, and truncate to bytes.

    Px i of n lies at the centre + i - (n - 1) / 2. A px outside the frame, even by a fraction, is
    0: nothing is blended towards 0.

    Args:
        op: operators.
        pixels: (batch, height, width, channels), bytes or whole grey levels.
        centers: (n, 2) float32, (x, y) px.
        frame_index: (n,) int64, which frame of the batch a crop lies in.
        crop_size: (height, width) px.

    Returns:
        (n, channels, *crop_size) float32, whole grey levels.
    """
    x, y = op.Split(_near(op, centers), axis=1, num_outputs=2, _outputs=2)
    ys, xs = (  # (n, crop height or width)
        middle + constant(op, np.arange(n, dtype=np.float32) - np.float32((n - 1) / 2))
        for middle, n in zip((y, x), crop_size, strict=True)
    )
    left, right, across, has_column = _between(op, xs, length(op, pixels, 2))
    top, bottom, down, has_row = _between(op, ys, length(op, pixels, 1))
    across, down = op.Unsqueeze(across, [1, 2]), op.Unsqueeze(down, [1, 3])

    def blended(row: Value) -> Value:
        first = _gathered(op, pixels, frame_index, row, left)
        return first + (_gathered(op, pixels, frame_index, row, right) - first) * across

    upper = blended(top)
    level = op.Floor(upper + (blended(bottom) - upper) * down)
    return op.Where(_both(op, has_row, has_column), level, 0.0)


def _near(op: Op, centers: Value) -> Value:
    """Centres clipped to what int32 can hold; missing ones are put far outside the frame."""
    return op.Where(op.IsNaN(centers), -_FAR, op.Clip(centers, -_FAR, _FAR))


def _copied(
    op: Op,
    pixels: Value,
    corner: tuple[Value, Value],
    frame_index: Value,
    crop_size: tuple[int, int],
) -> Value:
    """(n, channels, *crop_size) float32 from (top, left) on, (n, 1) int32 each; 0 outside."""
    rows, columns = (  # (n, crop height or width)
        start + constant(op, np.arange(n, dtype=np.int32))
        for start, n in zip(corner, crop_size, strict=True)
    )
    column, has_column = _within(op, columns, length(op, pixels, 2))
    row, has_row = _within(op, rows, length(op, pixels, 1))
    crops = _gathered(op, pixels, frame_index, row, column)
    return op.Where(_both(op, has_row, has_column), crops, 0.0)


def _within(op: Op, positions: Value, size: Value) -> tuple[Value, Value]:
    """The nearest px inside the frame, int32, and which positions are inside."""
    last = op.Cast(size - 1, to=INT32)
    nearest = op.Min(op.Max(positions, 0), last)
    return nearest, op.Equal(nearest, positions)


def _between(op: Op, at: Value, size: Value) -> tuple[Value, Value, Value, Value]:
    """The two px that each position lies between, how far from the first, and if it is inside."""
    last = op.Cast(size - 1, to=FLOAT)
    low = op.Floor(at)
    first, second = (
        op.Cast(op.Min(op.Max(whole, 0.0), last), to=INT32) for whole in (low, op.Ceil(at))
    )
    inside = op.And(op.GreaterOrEqual(at, 0.0), op.LessOrEqual(at, last))
    return first, second, at - low, inside


def _both(op: Op, rows: Value, columns: Value) -> Value:
    """(n, 1, crop height, crop width) bool."""
    return op.And(op.Unsqueeze(rows, [1, 3]), op.Unsqueeze(columns, [1, 2]))


def _gathered(op: Op, pixels: Value, frame_index: Value, rows: Value, columns: Value) -> Value:
    """(n, channels, crop height, crop width) float32: the px at these rows and columns."""
    height, width = (
        op.Cast(op.Shape(pixels, start=axis, end=axis + 1), to=INT32) for axis in (1, 2)
    )
    frame = op.Unsqueeze(op.Cast(frame_index, to=INT32), [1])
    row_start = (frame * height + rows) * width  # (n, crop height)
    index = op.Unsqueeze(row_start, [2]) + op.Unsqueeze(columns, [1])
    flat = op.Reshape(pixels, op.Concat([-1], op.Shape(pixels, start=3, end=4), axis=0))
    found = op.Gather(flat, index, axis=0)  # (n, crop height, crop width, channels)
    return op.Cast(op.Transpose(found, perm=[0, 3, 1, 2]), to=FLOAT)
