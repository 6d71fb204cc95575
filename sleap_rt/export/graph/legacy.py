"""Rules of SLEAP 1.4 and older: how frames and crops become the network's input, and cells points.

Two constants of the original are part of its result: 0.5 px are added where the input is scaled,
and every point found in a crop is 0.5 / scale px too small.
"""

import numpy as np

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.frames import (
    fits,
    is_ready,
    known_size,
    one_channel,
    padded_to_stride,
    planes,
    stated,
)
from sleap_rt.export.graph.part import FLOAT, INT64, Op, Value, choose, length
from sleap_rt.export.graph.pixels import bilinear, crops
from sleap_rt.export.graph.pixels.channels import luma, three_channels
from sleap_rt.export.graph.pixels.sides import LARGEST_SIDE, scaled_side
from sleap_rt.export.graph.points import legacy_peaks
from sleap_rt.export.graph.rules import Cropped, Sized

_PER_LEVEL = float(np.float32(1 / 255))


class LegacyRules:
    """See `Rules`."""

    global_peaks = staticmethod(legacy_peaks.global_peaks)
    local_peaks = staticmethod(legacy_peaks.local_peaks)

    def crop_input_size(self, spec: Preprocessing) -> tuple[int, int] | None:
        return spec.crop_size

    def image(self, op: Op, frames: Value, spec: Preprocessing) -> Sized:
        matched = _matched(op, frames, spec)
        unit_range = _convert(op, matched, _wanted_channels(spec)) * _PER_LEVEL
        image = padded_to_stride(op, _scaled(op, unit_range, spec), spec.max_stride)
        return Sized(image, _eff_scale(op, frames, spec))

    def crops(
        self, op: Op, frames: Value, centers: Value, frame_index: Value, spec: Preprocessing
    ) -> Cropped:
        """The frame gets its final channels, is scaled and truncated to bytes, and then cut."""
        assert spec.crop_size is not None  # a crop model without one does not load
        crop_size, wanted = spec.crop_size, _wanted_channels(spec)
        eff_scale = _eff_scale(op, frames, spec)
        sized_centers = centers * eff_scale

        def cut(op: Op, pixels: Value) -> tuple[Value]:
            scaled = sized_centers * spec.input_scale
            return (crops.cut_bilinear(op, pixels, scaled, frame_index, crop_size),)

        def prepared(op: Op) -> tuple[Value]:
            converted = _convert(op, _matched(op, frames, spec), wanted)
            level = op.Floor(_scaled(op, converted, spec))
            return cut(op, op.Transpose(level, perm=[0, 2, 3, 1]))

        if spec.input_scale != 1:
            (image,) = prepared(op)
        else:
            ready = is_ready(op, frames, spec, wanted)
            assert ready is not None  # channels are wanted
            (image,) = choose(op, ready, lambda op: cut(op, frames), prepared)
            image = op.Reshape(image, [-1, wanted, *crop_size])
        image = _to_channels(op, image, wanted, spec.in_channels) * (1 / 255)
        # Px 0 truly lies at (side - 1) / 2 off the center; the original takes side / 2.
        corner = sized_centers - crop_size[0] / 2 / spec.input_scale
        return Cropped(image, corner, eff_scale)

    def points(self, op: Op, pixels: Value, eff_scale: Value, spec: Preprocessing) -> Value:
        """Network-input px to frame px."""
        return _unscaled(pixels, spec) / eff_scale

    def points_of_crops(
        self, op: Op, pixels: Value, corner: Value, eff_scale: Value, spec: Preprocessing
    ) -> Value:
        """Network-input px of crops to frame px."""
        return (_unscaled(pixels, spec) + op.Unsqueeze(corner, [1])) / eff_scale


def _wanted_channels(spec: Preprocessing) -> int:
    return 3 if spec.channels == "rgb" else 1


def _unscaled(pixels: Value, spec: Preprocessing) -> Value:
    """Network-input px to px of the sized frame, with the constant that the original adds."""
    return pixels if spec.input_scale == 1 else pixels / spec.input_scale + 0.5


def _eff_scale(op: Op, frames: Value, spec: Preprocessing) -> Value:
    """() float32, sized px per frame px."""
    target = known_size(spec)
    return op.Min(*_ratios(op, frames, *target)) if target else op.Constant(value_float=1.0)


def _ratios(op: Op, frames: Value, to_height: int, to_width: int) -> tuple[Value, Value]:
    by_height, by_width = (
        float(target) / op.Cast(length(op, frames, axis), to=FLOAT)
        for axis, target in ((1, to_height), (2, to_width))
    )
    return by_height, by_width


def _matched(op: Op, frames: Value, spec: Preprocessing) -> Value:
    """(batch, channels, height, width): frames at the target's size, whole gray levels."""
    target, image = known_size(spec), planes(op, frames)
    if target is None:
        return image
    (sized,) = choose(
        op,
        fits(op, frames, spec),
        lambda op: (op.Identity(image),),
        lambda op: (_fitted(op, frames, image, target),),
    )
    return stated(op, sized, target)


def _fitted(op: Op, frames: Value, image: Value, target: tuple[int, int]) -> Value:
    """Resize frames to fit the target, truncate to bytes, pad to exactly the target.

    The arithmetic of sizes is float32 and has two steps, as `fit_to` in the reference explains.
    """
    by_height, by_width = _ratios(op, frames, *target)
    ratio = op.Min(by_height, by_width)
    is_limited_by_width = op.Greater(by_height, by_width)
    height, width = (op.Cast(length(op, frames, axis), to=FLOAT) for axis in (1, 2))
    to_height, to_width = float(target[0]), float(target[1])
    fit_height = op.Where(is_limited_by_width, op.Floor(height * ratio), to_height)
    fit_width = op.Where(is_limited_by_width, to_width, op.Floor(width * ratio))
    shrink = op.Max(width / fit_width, height / fit_height)
    new_height, new_width = height / shrink, width / shrink
    rows, columns = (op.Cast(op.Floor(side), to=INT64) for side in (new_height, new_width))
    fitted = op.Floor(bilinear.resize(op, image, rows, columns))
    top, left = (
        op.Cast(op.Max(op.Floor((outer - inner) / 2.0), 0.0), to=INT64)
        for outer, inner in ((fit_height, new_height), (fit_width, new_width))
    )
    before = op.Concat(op.Unsqueeze(top, [0]), op.Unsqueeze(left, [0]), axis=0)
    after = op.Sub(list(target), op.Shape(fitted, start=2, end=4)) - before
    return op.Pad(fitted, op.Concat([0, 0], before, [0, 0], after, axis=0))


def _convert(op: Op, image: Value, wanted: int) -> Value:
    """Whole gray levels in the wanted channels."""
    return three_channels(op, image) if wanted == 3 else one_channel(op, image, _gray)


def _gray(op: Op, image: Value) -> Value:
    """Back to bytes as TensorFlow does it: 255.5, then truncated."""
    return op.Floor(luma(op, image * _PER_LEVEL) * 255.5)


def _to_channels(op: Op, image: Value, found: int, wanted: int) -> Value:
    if found == wanted:
        return image
    return three_channels(op, image) if wanted == 3 else _gray(op, image)


def _scaled_sides(input_scale: float) -> list[int]:
    """Scaled side of every side up to `LARGEST_SIDE`: the product in float32, truncated."""
    sides = np.arange(LARGEST_SIDE + 1, dtype=np.float32)
    scaled: list[int] = (sides * np.float32(input_scale)).astype(np.int64).tolist()
    return scaled


def _scaled(op: Op, image: Value, spec: Preprocessing) -> Value:
    if spec.input_scale == 1:
        return image
    table, scale = _scaled_sides(spec.input_scale), float(np.float32(spec.input_scale))
    height, width = (scaled_side(op, length(op, image, axis), table, scale) for axis in (2, 3))
    return bilinear.resize(op, image, height, width)
