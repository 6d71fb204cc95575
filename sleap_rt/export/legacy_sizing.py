"""The first part of a legacy graph: raw frames of any size to what the network or the crops need.

The original resizes bilinearly, with half-pixel centres and without antialiasing, in float32. A
sample is `a + (b - a) * t` here too, columns first, then rows: as sized frames and scaled crops are
truncated to bytes, another way of writing the same would lose a grey level now and then (a constant
area of 100 would become 99).
"""

from typing import Any

import numpy as np
import onnx
from onnxscript import FLOAT, INT64, script
from onnxscript import opset18 as op

from sleap_rt.contract import Preprocessing
from sleap_rt.export.scaled_sides import LARGEST_SIDE, scaled_side
from sleap_rt.export.sizing import (
    as_is,
    frames_to_image,
    keep_size,
    rgb_planes,
    with_size,
)

_PER_LEVEL = float(np.float32(1 / 255))


@script()
def _between(n_in: INT64, n_out: INT64):
    """For each output px the two input px it lies between, and how far from the first."""
    step = op.Cast(n_in, to=1) / op.Cast(n_out, to=1)
    at = (op.Cast(op.Range(0, n_out, 1), to=1) + 0.5) * step - 0.5
    below = op.Floor(at)
    low = op.Cast(below, to=7)
    first = op.Min(op.Max(low, 0), n_in - 1)
    second = op.Min(op.Max(low + 1, 0), n_in - 1)
    return first, second, at - below


@script()
def _resize(image: FLOAT[...], height: INT64, width: INT64):
    n_columns = op.Squeeze(op.Shape(image, start=3, end=4))
    left, right, across = _between(n_columns, width)
    at_left = op.Gather(image, left, axis=3)
    columns = at_left + (op.Gather(image, right, axis=3) - at_left) * across
    n_rows = op.Squeeze(op.Shape(image, start=2, end=3))
    top, bottom, down = _between(n_rows, height)
    at_top = op.Gather(columns, top, axis=2)
    return at_top + (op.Gather(columns, bottom, axis=2) - at_top) * op.Unsqueeze(down, [1])


@script()
def _zero_pad(image: FLOAT[...], top: INT64, left: INT64, height: INT64, width: INT64):
    """Pad to (height, width), the image beginning at (top, left)."""
    size = op.Concat(op.Unsqueeze(height, [0]), op.Unsqueeze(width, [0]), axis=0)
    before = op.Concat(op.Unsqueeze(top, [0]), op.Unsqueeze(left, [0]), axis=0)
    after = size - op.Shape(image, start=2, end=4) - before
    none = op.Constant(value_ints=[0, 0])
    return op.Pad(image, op.Concat(none, before, none, after, axis=0))


@script()
def _margin(outer: FLOAT, inner: FLOAT):
    return op.Cast(op.Max(op.Floor((outer - inner) / 2.0), 0.0), to=7)


def _match_size(max_height: int | None, max_width: int | None) -> Any:
    """Resize frames to fit the target, truncate to bytes, pad to exactly the target.

    The arithmetic of sizes is float32 and has two steps, as `fit_to` in the reference explains.
    """
    if max_height is None or max_width is None:
        return keep_size
    target_height, target_width = max_height, max_width

    @script()
    def match(image: FLOAT[...]):
        rows = op.Squeeze(op.Shape(image, start=2, end=3))
        columns = op.Squeeze(op.Shape(image, start=3, end=4))
        to_rows = op.Constant(value_int=target_height)
        to_columns = op.Constant(value_int=target_width)
        if op.And(rows == to_rows, columns == to_columns):
            sized = op.Identity(image)
            ratio = op.Constant(value_float=1.0)
        else:
            height = op.Cast(rows, to=1)
            width = op.Cast(columns, to=1)
            to_height = op.Cast(to_rows, to=1)
            to_width = op.Cast(to_columns, to=1)
            by_height = to_height / height
            by_width = to_width / width
            ratio = op.Min(by_height, by_width)
            is_limited_by_width = by_height > by_width
            fit_height = op.Where(is_limited_by_width, op.Floor(height * ratio), to_height)
            fit_width = op.Where(is_limited_by_width, to_width, op.Floor(width * ratio))
            shrink = op.Max(width / fit_width, height / fit_height)
            new_height = height / shrink
            new_width = width / shrink
            new_rows = op.Cast(op.Floor(new_height), to=7)
            new_columns = op.Cast(op.Floor(new_width), to=7)
            fitted = op.Floor(_resize(image, new_rows, new_columns))
            top = _margin(fit_height, new_height)
            left = _margin(fit_width, new_width)
            sized = _zero_pad(fitted, top, left, to_rows, to_columns)
        return with_size(sized, to_rows, to_columns), ratio

    return match


@script()
def _to_rgb(image: FLOAT[...]):
    last = op.Shape(image, start=1, end=2) - 1
    return op.Gather(image, op.Min(op.Range(0, 3, 1), last), axis=1)


@script()
def _to_gray(image: FLOAT[...]):
    n_channels = op.Squeeze(op.Shape(image, start=1, end=2))
    if n_channels == 1:
        gray = op.Identity(image)
    else:
        unit = op.Constant(value_float=_PER_LEVEL)
        red, green, blue = rgb_planes(image * unit)
        luma = (red * 0.2989 + green * 0.587) + blue * 0.114
        gray = op.Floor(luma * 255.5)  # back to bytes as TensorFlow does it
    return gray


def _scaled_sides(input_scale: float) -> list[int]:
    """Sides of scaled images: their product with the scale is truncated in float32."""
    sides = np.arange(LARGEST_SIDE + 1, dtype=np.float32)
    scaled: list[int] = (sides * np.float32(input_scale)).astype(np.int64).tolist()
    return scaled


def _scale(input_scale: float) -> Any:
    if input_scale == 1:
        return as_is
    scaled = scaled_side(_scaled_sides(input_scale), float(np.float32(input_scale)))

    @script()
    def scale(image: FLOAT[...]):
        height = scaled(op.Squeeze(op.Shape(image, start=2, end=3)))
        width = scaled(op.Squeeze(op.Shape(image, start=3, end=4)))
        return _resize(image, height, width)

    return scale


def _network_input(spec: Preprocessing) -> Any:
    """Bytes to [0, 1], in the network's channels, scaled and padded."""
    convert = _to_rgb if spec.channels == "rgb" else _to_gray
    scale = _scale(spec.input_scale)
    stride = spec.max_stride

    @script()
    def finish(image: FLOAT[...]):
        unit_range = convert(image) * op.Constant(value_float=_PER_LEVEL)
        scaled = scale(unit_range)
        stride_px = op.Constant(value_int=stride)
        height = op.Squeeze(op.Shape(scaled, start=2, end=3))
        width = op.Squeeze(op.Shape(scaled, start=3, end=4))
        padded_height = (height + stride_px - 1) / stride_px * stride_px
        padded_width = (width + stride_px - 1) / stride_px * stride_px
        none = op.Constant(value_int=0)
        return _zero_pad(scaled, none, none, padded_height, padded_width)

    return finish


def _crop_source(spec: Preprocessing) -> Any:
    """Bytes to the frame that crops are cut from: scaled, and bytes again."""
    convert = _to_rgb if spec.channels == "rgb" else _to_gray
    scale = _scale(spec.input_scale)

    @script()
    def finish(image: FLOAT[...]):
        return op.Floor(scale(convert(image)))

    return finish


def legacy_sizing_model(spec: Preprocessing) -> onnx.ModelProto:
    """Frames to (image, eff_scale).

    `eff_scale` () float32 is sized px per frame px. `image` is (batch, channels, height, width)
    float32: for models of whole frames the network's input, in [0, 1] and padded; for models that
    see crops the scaled frame that crops are cut from, in whole grey levels.

    Args:
        spec: of the model. Without both sides of a target, frames keep their size.
    """
    finish = _network_input(spec) if spec.crop_size is None else _crop_source(spec)
    return frames_to_image(as_is, _match_size(spec.max_height, spec.max_width), finish)
