"""The first part of every graph: raw frames of any size to frames of the size a model wants.

Written operator by operator, because this part branches on the frame's size: frames that have the
training size already must not pay for a resize.

torch resizes uint8 images in fixed-point arithmetic: whole-number weights, columns first, then
rows, rounding to a grey level after each. The same is done here with float32 matrix products. Each
weight is split into two bytes, so that every product and every sum is a whole number below 2^24
and therefore exact, also on tensor cores that multiply in reduced precision (TF32).

Output px are made in blocks of `BLOCK`: a block needs only a window of the input, which turns one
large sparse product into small dense ones.
"""

from typing import Any

import onnx
import onnx.inliner
from onnxscript import FLOAT, INT64, UINT8, optimizer, script
from onnxscript import opset18 as op

from sleap_rt.contract import Preprocessing
from sleap_rt.export.scaled_sides import LARGEST_SIDE, scaled_side

BLOCK = 32  # output px per block
_FLOAT, _INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
_POWERS = [2**bits for bits in range(23)]  # what a weight of 1 may stand for


@script()
def _resize_columns(image: FLOAT[...], n_out: INT64, n_padded: INT64):
    """Resize the last axis to `n_out` px, zero-pad it to `n_padded`.

    With sizes a -> b, the share of input px j in output px i is the whole number
    max(0, 2 max(a, b) - |(2j + 1) b - (2i + 1) a|), over the sum of all shares in i.
    """
    n_in = op.Squeeze(op.Shape(image, start=3, end=4))
    span = 2 * op.Max(n_in, n_out)
    n_blocks = (n_padded + 31) / 32
    window = (31 * n_in + span) / n_out + 2  # input px that any block of output px needs
    first = op.Range(0, n_blocks, 1) * 32
    start = op.Max((2 * first + 1) * n_in - span + n_out, 0) / (2 * n_out)
    windows = op.Unsqueeze(start, [1]) + op.Range(0, window, 1)  # (n_blocks, window)
    j = op.Unsqueeze(windows, [2])  # (n_blocks, window, 1)
    i = op.Unsqueeze(first, [1, 2]) + op.Range(0, 32, 1)  # (n_blocks, 1, 32)
    share = op.Max(span - op.Abs((2 * j + 1) * n_out - (2 * i + 1) * n_in), 0)
    share = op.Where(op.And(i < n_out, j < n_in), share, 0)  # (n_blocks, window, 32)
    total = op.Max(op.ReduceSum(share, [1]), 1)
    # The largest power of two that keeps every weight within 16 bits stands for 1.
    largest = op.ReduceMax(op.Cast(share, to=1) / op.Cast(total, to=1), keepdims=0)
    powers = op.Constant(value_ints=_POWERS)
    fits = op.Floor(op.Cast(powers, to=1) * largest + 0.5) < 32768.0
    one = op.ReduceMax(op.Where(fits, powers, 1), keepdims=0)
    weight = (2 * share * one + total) / (2 * total)
    high = weight / 256
    weights = op.Cast(op.Concat(high, weight - 256 * high, axis=2), to=1)
    pieces = op.Gather(image, op.Min(windows, n_in - 1), axis=3)
    by_block = op.Transpose(
        pieces, perm=[3, 0, 1, 2, 4]
    )  # (n_blocks, batch, channels, rows, window)
    sums = op.MatMul(by_block, op.Unsqueeze(weights, [1, 2]))
    high_sum, low_sum = op.Split(sums, axis=4, num_outputs=2)
    unit = op.Cast(one / 256, to=1)
    level = op.Floor((high_sum + unit / 2.0 + op.Floor(low_sum / 256.0)) / unit)
    blocks = op.Transpose(op.Clip(level, 0.0, 255.0), perm=[1, 2, 3, 0, 4])
    whole_blocks = op.Concat(op.Shape(image, start=0, end=3), op.Constant(value_ints=[-1]), axis=0)
    row = op.Reshape(blocks, whole_blocks)
    return op.Slice(row, [0], op.Unsqueeze(n_padded, [0]), [3])


@script()
def _resize(
    image: FLOAT[...], height: INT64, width: INT64, padded_height: INT64, padded_width: INT64
):
    """Resize to (height, width), zero-pad bottom and right."""
    wide = _resize_columns(image, width, padded_width)
    flipped = op.Transpose(wide, perm=[0, 1, 3, 2])
    return op.Transpose(_resize_columns(flipped, height, padded_height), perm=[0, 1, 3, 2])


@script()
def _fitting_side(side: INT64, other_side: INT64, target: INT64, other_target: INT64):
    """A side of the largest size that fits the target, rounded half to even."""
    twice = 2 * side * other_target + other_side
    rounded = twice / (2 * other_side)
    is_tie = op.And(twice == rounded * 2 * other_side, rounded > rounded / 2 * 2)
    return op.Min(target, rounded - op.Cast(is_tie, to=7))


@script()
def keep_size(image: FLOAT[...]):
    return op.Identity(image), op.Constant(value_float=1.0)


@script()
def as_is(image: FLOAT[...]):
    return op.Identity(image)


def _channels(channels: str) -> Any:
    """Repeat or merge channels as the training configuration demands, in whole grey levels."""
    if channels == "rgb":
        return _to_rgb
    if channels == "grayscale":
        return _to_grayscale
    return as_is


@script()
def _to_rgb(image: FLOAT[...]):
    last = op.Shape(image, start=1, end=2) - 1
    return op.Gather(image, op.Min(op.Range(0, 3, 1), last), axis=1)


@script()
def with_size(image: FLOAT[...], height: INT64, width: INT64):
    """The image as it is, its size stated: TensorRT does not see which branch it comes from."""
    same = op.Constant(value_ints=[0, 0])
    size = op.Concat(same, op.Unsqueeze(height, [0]), op.Unsqueeze(width, [0]), axis=0)
    return op.Reshape(image, size)


@script()
def rgb_planes(image: FLOAT[...]):
    """Red, green and blue, (batch, 1, height, width) each.

    Gathered, not split: this may stand in a branch that gray frames do not take, and TensorRT
    checks the shapes there as well.
    """
    last = op.Shape(image, start=1, end=2) - 1
    red = op.Gather(image, op.Constant(value_ints=[0]), axis=1)
    green = op.Gather(image, op.Min(op.Constant(value_ints=[1]), last), axis=1)
    blue = op.Gather(image, op.Min(op.Constant(value_ints=[2]), last), axis=1)
    return red, green, blue


@script()
def _to_grayscale(image: FLOAT[...]):
    n_channels = op.Squeeze(op.Shape(image, start=1, end=2))
    if n_channels == 1:
        gray = op.Identity(image)
    else:
        red, green, blue = rgb_planes(image)
        gray = op.Floor((red * 0.2989 + 0.587 * green) + 0.114 * blue)  # truncated, as in training
    return gray


def _match_size(max_height: int | None, max_width: int | None) -> Any:
    """Resize frames to fit the target, pad bottom and right to exactly that.

    A missing side of the target means the frame's own.
    """
    if max_height is None and max_width is None:
        return keep_size
    target_height, target_width = max_height or 0, max_width or 0

    @script()
    def match(image: FLOAT[...]):
        height = op.Squeeze(op.Shape(image, start=2, end=3))
        width = op.Squeeze(op.Shape(image, start=3, end=4))
        given_height = op.Constant(value_int=target_height)
        given_width = op.Constant(value_int=target_width)
        to_height = op.Where(given_height > 0, given_height, height)
        to_width = op.Where(given_width > 0, given_width, width)
        if op.And(height == to_height, width == to_width):
            sized = op.Identity(image)
        else:
            new_height = _fitting_side(height, width, to_height, to_width)
            new_width = _fitting_side(width, height, to_width, to_height)
            sized = _resize(image, new_height, new_width, to_height, to_width)
        by_height = op.Cast(to_height, to=1) / op.Cast(height, to=1)
        by_width = op.Cast(to_width, to=1) / op.Cast(width, to=1)
        return with_size(sized, to_height, to_width), op.Min(by_height, by_width)

    return match


def _scale_and_pad(spec: Preprocessing) -> Any:
    """Apply the input scale, then pad bottom and right to multiples of the stride."""
    stride = spec.max_stride
    # A side is truncated after a product in double precision.
    scaled_sides = [int(side * spec.input_scale) for side in range(LARGEST_SIDE + 1)]
    if spec.input_scale == 1:

        @script()
        def pad(image: FLOAT[...]):
            size = op.Shape(image, start=2, end=4)
            unit = op.Constant(value_int=stride)
            padding = (size + unit - 1) / unit * unit - size
            before = op.Constant(value_ints=[0, 0, 0, 0, 0, 0])
            return op.Pad(image, op.Concat(before, padding, axis=0))

        return pad

    scaled = scaled_side(scaled_sides, spec.input_scale)

    @script()
    def scale(image: FLOAT[...]):
        unit = op.Constant(value_int=stride)
        height = scaled(op.Squeeze(op.Shape(image, start=2, end=3)))
        width = scaled(op.Squeeze(op.Shape(image, start=3, end=4)))
        padded_height = (height + unit - 1) / unit * unit
        padded_width = (width + unit - 1) / unit * unit
        return _resize(image, height, width, padded_height, padded_width)

    return scale


def sizing_model(spec: Preprocessing, *, scale_and_pad: bool) -> onnx.ModelProto:
    """Frames to (image, eff_scale).

    `image` is (batch, channels, height, width) float32, whole grey levels; `eff_scale` () float32
    is sized px per frame px.

    Args:
        spec: channel conversion, target size, and for `scale_and_pad` input scale and stride.
        scale_and_pad: also apply these two; for models whose training size does not fix the
            frame's size, so that it cannot be done with constants.
    """
    return frames_to_image(
        _channels(spec.channels),
        _match_size(spec.max_height, spec.max_width),
        _scale_and_pad(spec) if scale_and_pad else as_is,
    )


def frames_to_image(prepare: Any, match: Any, finish: Any) -> onnx.ModelProto:
    """The steps of sizing as one graph.

    Args:
        prepare: image to image.
        match: image to (image, sized px per frame px).
        finish: image to image.
    """

    @script()
    def sizing(
        frames: UINT8["batch", "height", "width", "channels"],  # noqa: F821
    ):
        # The cast comes first: engines take uint8 in no other operator.
        planes = op.Transpose(op.Cast(frames, to=1), perm=[0, 3, 1, 2])
        sized, scale = match(prepare(planes))
        image = op.Identity(finish(sized))
        eff_scale = op.Identity(scale)
        return image, eff_scale

    proto: onnx.ModelProto = sizing.to_model_proto()
    proto = onnx.inliner.inline_local_functions(proto)
    proto = optimizer.optimize(proto)
    for value, shape in zip(proto.graph.output, ([None] * 4, []), strict=True):
        value.CopyFrom(onnx.helper.make_tensor_value_info(value.name, _FLOAT, shape))
    return proto
