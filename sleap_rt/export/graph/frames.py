"""What the rules of both families do with frames in the same way."""

from collections.abc import Callable

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.part import FLOAT, Op, Value, choose, length
from sleap_rt.export.graph.pixels.channels import has_channels


def planes(op: Op, frames: Value) -> Value:
    """(batch, height, width, channels), bytes or floats, to (batch, channels, height, width)."""
    return op.Cast(op.Transpose(frames, perm=[0, 3, 1, 2]), to=FLOAT)


def stated(op: Op, image: Value, size: tuple[int | Value, int | Value]) -> Value:
    """The image with its size stated, which TensorRT cannot infer through a branch."""
    sides = [[side] if isinstance(side, int) else op.Unsqueeze(side, [0]) for side in size]
    return op.Reshape(image, op.Concat([0, 0], *sides, axis=0))


def known_size(spec: Preprocessing) -> tuple[int, int] | None:
    """(height, width) px of a frame after size matching, if the training size fixes it."""
    if spec.max_height is None or spec.max_width is None:
        return None
    return spec.max_height, spec.max_width


def fits(op: Op, frames: Value, spec: Preprocessing) -> Value | None:
    """() bool: whether frames have the target's size; None where there is no target."""
    found = [
        op.Equal(length(op, frames, axis), target)
        for axis, target in ((1, spec.max_height), (2, spec.max_width))
        if target is not None
    ]
    return op.And(*found) if len(found) == 2 else next(iter(found), None)


def is_ready(op: Op, frames: Value, spec: Preprocessing, wanted: int | None) -> Value | None:
    """() bool: whether frames have the target's size and the wanted channels; None if all have."""
    has_size = fits(op, frames, spec)
    if wanted is None:
        return has_size
    has = op.Equal(length(op, frames, 3), wanted)
    return has if has_size is None else op.And(has_size, has)


def one_channel(op: Op, image: Value, merged: Callable[[Op, Value], Value]) -> Value:
    """Gray images as they are, others merged, as is known at run time."""
    (gray,) = choose(
        op,
        has_channels(op, image, 1),
        lambda op: (op.Identity(image),),
        lambda op: (merged(op, image),),
    )
    return gray


def padded_to_stride(op: Op, image: Value, stride: int) -> Value:
    """Zeros at bottom and right, up to multiples of the stride, at a size known at run time."""
    if stride == 1:
        return image
    size = op.Shape(image, start=2, end=4)
    missing = (size + (stride - 1)) / stride * stride - size
    return op.Pad(image, op.Concat([0, 0, 0, 0, 0, 0], missing, axis=0))
