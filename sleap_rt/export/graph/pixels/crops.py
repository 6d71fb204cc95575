"""Cuts crops around centers from the bytes of the frames, and converts only those to floats."""

import numpy as np

from sleap_rt.export.graph.part import FLOAT, INT32, Op, Value, constant, length

_FAR = 1e6  # px; centers further off are moved here: their crops are empty as well
_TILE = 64  # px of a row that are copied together
_SHIFT = _TILE * 2**15  # px, more than `_FAR`


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
    """Copy one crop per corner, from the whole px that its center lies in.

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
    """Sample one crop per center, bilinear between px, and truncate to bytes.

    Px i of n lies at the center + i - (n - 1) / 2. A px outside the frame, even by a fraction, is
    0: nothing is blended towards 0.

    Args:
        op: operators.
        pixels: (batch, height, width, channels), bytes or whole gray levels.
        centers: (n, 2) float32, (x, y) px.
        frame_index: (n,) int64, which frame of the batch a crop lies in.
        crop_size: (height, width) px.

    Returns:
        (n, channels, *crop_size) float32, whole gray levels.
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
    """Centers clipped to what int32 can hold; missing ones are put far outside the frame."""
    return op.Where(op.IsNaN(centers), -_FAR, op.Clip(centers, -_FAR, _FAR))


def _copied(
    op: Op,
    pixels: Value,
    corner: tuple[Value, Value],
    frame_index: Value,
    crop_size: tuple[int, int],
) -> Value:
    """(n, channels, *crop_size) float32 from (top, left) on, (n, 1) int32 each; 0 outside.

    Px are copied many at a time, which takes a tenth of the time of one at a time: the strip of the
    frame that a crop lies in, in tiles; then the strip's columns, which are rows once it is turned.
    """
    rows, columns = (  # (n, crop height or width)
        start + constant(op, np.arange(n, dtype=np.int32))
        for start, n in zip(corner, crop_size, strict=True)
    )
    row, has_row = _within(op, rows, length(op, pixels, 1))
    _, has_column = _within(op, columns, length(op, pixels, 2))
    strips, ahead = _strips(op, pixels, frame_index, row, corner[1], crop_size[1])
    column = ahead + constant(op, np.arange(crop_size[1], dtype=np.int32))
    crops = _columns(op, strips, column, op.Shape(pixels, start=3, end=4))
    inside = op.Cast(op.Unsqueeze(has_row, [1, 3]), to=FLOAT)
    return crops * inside * op.Cast(op.Unsqueeze(has_column, [1, 2]), to=FLOAT)


def _strips(
    op: Op, pixels: Value, frame_index: Value, row: Value, left: Value, width: int
) -> tuple[Value, Value]:
    """The rows of each crop in whole tiles, and how many px lie ahead of the crop in its first.

    Args:
        op: operators.
        pixels: (batch, height, width, channels).
        frame_index: (n,) int64.
        row: (n, crop height) int32, within the frame.
        left: (n, 1) int32, first px of the crop.
        width: of the crop, px.

    Returns:
        (n, crop height, px * channels); (n, 1) int32. What lies beside the frame is anything.
    """
    n_px = op.Shape(pixels, start=2, end=3)
    missing = (n_px + (_TILE - 1)) / _TILE * _TILE - n_px
    padded = op.Pad(pixels, op.Concat([0, 0, 0, 0, 0, 0], missing, [0], axis=0))
    n_values = op.Shape(pixels, start=3, end=4) * _TILE
    tiles = op.Reshape(padded, op.Concat([-1], n_values, axis=0))

    shifted = left + _SHIFT  # positive, where `/` rounds down
    first = shifted / _TILE
    n_tiles = (width + _TILE - 2) // _TILE + 1
    tile = first - _SHIFT // _TILE + constant(op, np.arange(n_tiles, dtype=np.int32))
    height, per_row = (
        op.Cast(size, to=INT32)
        for size in (op.Shape(pixels, start=1, end=2), (n_px + missing) / _TILE)
    )
    tile = op.Min(op.Max(tile, 0), per_row - 1)
    frame = op.Unsqueeze(op.Cast(frame_index, to=INT32), [1])
    row_start = (frame * height + row) * per_row
    found = op.Gather(tiles, op.Unsqueeze(row_start, [2]) + op.Unsqueeze(tile, [1]), axis=0)
    size = op.Concat(op.Shape(row), n_values * n_tiles, axis=0)
    return op.Reshape(found, size), shifted - first * _TILE


def _columns(op: Op, strips: Value, column: Value, n_channels: Value) -> Value:
    """(n, channels, crop height, crop width) float32.

    Args:
        op: operators.
        strips: (n, crop height, px * channels).
        column: (n, crop width) int32, px of the strip.
        n_channels: (1,) int64.
    """
    turned = op.Transpose(strips, perm=[0, 2, 1])
    n, n_values = (op.Shape(turned, start=axis, end=axis + 1) for axis in (0, 1))
    flat = op.Reshape(turned, op.Concat(n * n_values, op.Shape(strips, start=1, end=2), axis=0))
    strip = op.Unsqueeze(op.Range(0, op.Squeeze(n), 1), [1, 2]) * n_values
    channel = op.Unsqueeze(op.Range(0, op.Squeeze(n_channels), 1), [0, 2])
    px = op.Unsqueeze(column * op.Cast(n_channels, to=INT32), [1])
    index = op.Cast(strip + channel, to=INT32) + px
    found = op.Gather(flat, index, axis=0)  # (n, channels, crop width, crop height)
    return op.Cast(op.Transpose(found, perm=[0, 1, 3, 2]), to=FLOAT)


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
