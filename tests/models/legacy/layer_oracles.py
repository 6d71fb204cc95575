"""Keras layers written out as plain loops over (batch, height, width, channels).

From the definitions in TensorFlow's documentation ("same" padding: the notes on `tf.nn`), with no
use of torch and nothing vectorised that could share a mistake with it.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def same_before(length: int, kernel: int, stride: int, dilation: int = 1) -> int:
    """Padding ahead of the first pixel."""
    n_out = math.ceil(length / stride)
    total = max((n_out - 1) * stride + (kernel - 1) * dilation + 1 - length, 0)
    return total // 2


def taps(
    shape: tuple[int, ...], kernel: tuple[int, int], stride: int, padding: str, dilation: int = 1
) -> Iterator[tuple[int, int, list[tuple[int, int, int, int]]]]:
    """For each output cell: row, column, and (kernel row, kernel column, row, column) inside."""
    _, height, width, _ = shape
    (kh, kw) = kernel
    if padding == "same":
        top, left = (
            same_before(height, kh, stride, dilation),
            same_before(width, kw, stride, dilation),
        )
        rows, columns = math.ceil(height / stride), math.ceil(width / stride)
    else:
        top = left = 0
        rows = (height - (kh - 1) * dilation - 1) // stride + 1
        columns = (width - (kw - 1) * dilation - 1) // stride + 1
    for i in range(rows):
        for j in range(columns):
            places = [
                (a, b, i * stride - top + a * dilation, j * stride - left + b * dilation)
                for a in range(kh)
                for b in range(kw)
            ]
            yield i, j, [p for p in places if 0 <= p[2] < height and 0 <= p[3] < width]


def grid(cells: dict[tuple[int, int], Array]) -> Array:
    """(row, column) -> (batch, channels) to (batch, rows, columns, channels)."""
    rows, columns = max(i for i, _ in cells) + 1, max(j for _, j in cells) + 1
    return np.array([[cells[i, j] for j in range(columns)] for i in range(rows)]).transpose(
        2, 0, 1, 3
    )


def conv(
    x: Array,
    kernel: Array,
    bias: Array | float = 0.0,
    *,
    stride: int = 1,
    padding: str = "same",
    dilation: int = 1,
    groups: int = 1,
) -> Array:
    """`kernel`: (rows, columns, in / groups, out)."""
    n_in, n_out = kernel.shape[2], kernel.shape[3] // groups
    cells = {}
    for i, j, places in taps(x.shape, kernel.shape[:2], stride, padding, dilation):
        total = np.zeros((len(x), kernel.shape[3]))
        for a, b, row, column in places:
            for g in range(groups):
                out = slice(g * n_out, (g + 1) * n_out)
                inputs = x[:, row, column, g * n_in : (g + 1) * n_in]
                total[:, out] += inputs @ kernel[a, b, :, out]
        cells[i, j] = total + bias
    return grid(cells)


def depthwise(x: Array, kernel: Array, bias: Array, *, stride: int, padding: str) -> Array:
    """`kernel`: (rows, columns, in, multiplier); output channel c * multiplier + m."""
    multiplier = kernel.shape[3]
    cells = {}
    for i, j, places in taps(x.shape, kernel.shape[:2], stride, padding):
        total = np.zeros((len(x), kernel.shape[2] * multiplier))
        for a, b, row, column in places:
            for c in range(kernel.shape[2]):
                for m in range(multiplier):
                    total[:, c * multiplier + m] += x[:, row, column, c] * kernel[a, b, c, m]
        cells[i, j] = total + bias
    return grid(cells)


def conv_transpose(x: Array, kernel: Array, bias: Array, *, stride: int, padding: str) -> Array:
    """`kernel`: (rows, columns, OUT, IN). Each input spreads over the cells it would come from.

    "same" is the gradient of the "same" convolution from length i * stride to i; "valid" that of
    the "valid" convolution from length i * stride + max(kernel - stride, 0) to i.
    """
    n, height, width, _ = x.shape
    kh, kw = kernel.shape[:2]
    if padding == "same":
        rows, columns = height * stride, width * stride
        top, left = same_before(rows, kh, stride), same_before(columns, kw, stride)
    else:
        top = left = 0
        rows = height * stride + max(kh - stride, 0)
        columns = width * stride + max(kw - stride, 0)
    y = np.zeros((n, rows, columns, kernel.shape[2]))
    for i in range(height):
        for j in range(width):
            for a in range(kh):
                for b in range(kw):
                    row, column = i * stride + a - top, j * stride + b - left
                    if 0 <= row < rows and 0 <= column < columns:
                        y[:, row, column] += x[:, i, j] @ kernel[a, b].T
    return y + bias


def pool(
    x: Array,
    size: int,
    stride: int,
    padding: str,
    reduce: Callable[[Array], Array],
) -> Array:
    """`reduce` turns the real pixels of a window, (n, batch, channels), into (batch, channels)."""
    return grid(
        {
            (i, j): reduce(np.array([x[:, row, column] for _, _, row, column in places]))
            for i, j, places in taps(x.shape, (size, size), stride, padding)
        }
    )


def upsample_bilinear(x: Array, factor: int) -> Array:
    """Output pixel i looks at (i + 0.5) / factor - 0.5, between clamped neighbours."""
    _, height, width, _ = x.shape

    def between(i: int, length: int) -> tuple[int, int, float]:
        at = (i + 0.5) / factor - 0.5
        low = math.floor(at)
        return min(max(low, 0), length - 1), min(max(low + 1, 0), length - 1), at - low

    cells = {}
    for i in range(height * factor):
        top, bottom, v = between(i, height)
        for j in range(width * factor):
            left, right, u = between(j, width)
            upper = x[:, top, left] * (1 - u) + x[:, top, right] * u
            lower = x[:, bottom, left] * (1 - u) + x[:, bottom, right] * u
            cells[i, j] = upper * (1 - v) + lower * v
    return grid(cells)


def upsample_nearest(x: Array, factor: int) -> Array:
    _, height, width, _ = x.shape
    return grid(
        {
            (i, j): x[:, i // factor, j // factor]
            for i in range(height * factor)
            for j in range(width * factor)
        }
    )


def batch_norm(
    x: Array, mean: Array, variance: Array, gamma: Array | float, beta: Array | float, eps: float
) -> Array:
    return (x - mean) / np.sqrt(variance + eps) * gamma + beta


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))
