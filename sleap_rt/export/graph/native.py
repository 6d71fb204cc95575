"""Rules of sleap-nn: how frames and crops become the network's input, and cells become points."""

from dataclasses import replace

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
from sleap_rt.export.graph.pixels import antialiased, any_size, crops
from sleap_rt.export.graph.pixels.channels import has_channels, luma, three_channels
from sleap_rt.export.graph.pixels.sides import LARGEST_SIDE, scaled_side
from sleap_rt.export.graph.points import peaks
from sleap_rt.export.graph.points.peaks import GlobalPeaks, LocalPeaks
from sleap_rt.export.graph.rules import Cropped, Sized


class NativeRules:
    """See `Rules`."""

    def crop_input_size(self, spec: Preprocessing) -> tuple[int, int] | None:
        if spec.crop_size is None:
            return None
        cut = spec.crop_size if spec.crop_unit == "scaled" else _scaled(spec.crop_size, spec)
        return _padded(cut, spec)

    def global_peaks(
        self, op: Op, confmaps: Value, offsets: None, *inputs: Value, patch_size: int
    ) -> GlobalPeaks:
        return peaks.global_peaks(op, confmaps, *inputs, patch_size=patch_size)

    def local_peaks(
        self, op: Op, confmaps: Value, offsets: None, *inputs: Value, patch_size: int
    ) -> LocalPeaks:
        return peaks.local_peaks(op, confmaps, *inputs, patch_size=patch_size)

    def image(self, op: Op, frames: Value, spec: Preprocessing) -> Sized:
        """Frames of the training size and channels skip conversion and resizing."""
        size = known_size(spec)

        def direct(op: Op) -> tuple[Value]:
            held = _held_to(op, frames, size if spec.input_scale != 1 else None)
            return (_network_input(op, planes(op, held), spec, size),)

        def prepared(op: Op) -> tuple[Value]:
            converted = _convert(op, planes(op, frames), spec)
            return (_network_input(op, _matched(op, converted, spec), spec, size),)

        ready = is_ready(op, frames, spec, _channels_ahead(spec))
        if ready is None:
            return Sized(*direct(op), _eff_scale(op, frames, spec))
        (image,) = choose(op, ready, direct, prepared)
        if size is not None:
            image = stated(op, image, _padded(_scaled(size, spec), spec))
        return Sized(image, _eff_scale(op, frames, spec))

    def crops(
        self, op: Op, frames: Value, centers: Value, frame_index: Value, spec: Preprocessing
    ) -> Cropped:
        """Crops are cut before their channels are converted."""
        if spec.crop_unit == "scaled":
            return _crops_of_scaled(op, frames, centers, frame_index, spec)
        assert spec.crop_size is not None  # a crop model without one does not load
        crop_size = spec.crop_size
        eff_scale = _eff_scale(op, frames, spec)
        corner = crops.corners(op, centers * eff_scale, crop_size)

        def cut(op: Op, pixels: Value) -> tuple[Value]:
            return (crops.cut_whole(op, pixels, corner, frame_index, crop_size),)

        def from_matched(op: Op) -> tuple[Value]:
            sized = _matched(op, planes(op, frames), spec)
            return cut(op, op.Transpose(sized, perm=[0, 2, 3, 1]))

        has_size = fits(op, frames, spec)
        if has_size is None:
            (image,) = cut(op, frames)
        else:
            (image,) = choose(op, has_size, lambda op: cut(op, frames), from_matched)
            image = stated(op, image, crop_size)
        return Cropped(_network_input(op, image, spec, crop_size), corner, eff_scale)

    def points(self, op: Op, pixels: Value, eff_scale: Value, spec: Preprocessing) -> Value:
        """Network-input px to frame px."""
        return pixels / spec.input_scale / eff_scale

    def points_of_crops(
        self, op: Op, pixels: Value, corner: Value, eff_scale: Value, spec: Preprocessing
    ) -> Value:
        """Network-input px of crops to frame px."""
        if spec.crop_unit == "scaled":
            return (pixels + op.Unsqueeze(corner, [1])) / spec.input_scale / eff_scale
        return (pixels / spec.input_scale + op.Unsqueeze(corner, [1])) / eff_scale


def _held_to(op: Op, frames: Value, size: tuple[int, int] | None) -> Value:
    """Frames with their size stated, in a branch that only frames of this size take.

    TensorRT also checks the branch not taken, where other sizes would not fit the constants.
    """
    if size is None:
        return frames
    missing = op.Sub(list(size), op.Shape(frames, start=1, end=3))  # 0, or not taken
    return op.Pad(frames, op.Concat([0, 0, 0, 0, 0], missing, [0], axis=0))


def _scaled(size: tuple[int, int], spec: Preprocessing) -> tuple[int, int]:
    """(height, width) after input scaling: truncated after a product in double precision."""
    return int(size[0] * spec.input_scale), int(size[1] * spec.input_scale)


def _padded(size: tuple[int, int], spec: Preprocessing) -> tuple[int, int]:
    height, width = (-(-side // spec.max_stride) * spec.max_stride for side in size)
    return height, width


def _target(op: Op, frames: Value, spec: Preprocessing) -> list[tuple[Value, Value]]:
    """(own, target) height and width of frames, () int64; a missing target is the frame's own."""
    own = [length(op, frames, axis) for axis in (1, 2)]
    given = (spec.max_height, spec.max_width)
    return [
        (side, side if target is None else op.Constant(value_int=target))
        for side, target in zip(own, given, strict=True)
    ]


def _channels_ahead(spec: Preprocessing) -> int | None:
    """Channels that frames are converted to before all else; None converts at the network's entry.

    Three equal channels resize as one does, so gray frames can become RGB at the network's entry.
    """
    if spec.channels == "grayscale":
        return 1
    return 3 if spec.channels == "rgb" and spec.in_channels == 1 else None


def _convert(op: Op, image: Value, spec: Preprocessing) -> Value:
    """Repeat or merge channels as the training configuration demands, in whole gray levels."""
    wanted = _channels_ahead(spec)
    if wanted is None:
        return image
    if wanted == 3:
        return three_channels(op, image)
    return one_channel(op, image, lambda op, image: op.Floor(luma(op, image)))  # as in training


def _eff_scale(op: Op, frames: Value, spec: Preprocessing) -> Value:
    """() float32, sized px per frame px."""
    if spec.max_height is None and spec.max_width is None:
        return op.Constant(value_float=1.0)
    by_height, by_width = (
        op.Cast(target, to=FLOAT) / op.Cast(own, to=FLOAT)
        for own, target in _target(op, frames, spec)
    )
    return op.Min(by_height, by_width)


def _matched(op: Op, image: Value, spec: Preprocessing) -> Value:
    """Resize to fit the target, pad bottom and right to exactly that."""
    if spec.max_height is None and spec.max_width is None:
        return image
    pixels = op.Transpose(image, perm=[0, 2, 3, 1])
    (height, to_height), (width, to_width) = _target(op, pixels, spec)

    def resized(op: Op) -> tuple[Value]:
        new_height = _fitting_side(op, height, width, to_height, to_width)
        new_width = _fitting_side(op, width, height, to_width, to_height)
        size, padded = (new_height, new_width), (to_height, to_width)
        return (any_size.resize(op, image, size, padded, rounded=_is_rounded(spec)),)

    (sized,) = choose(op, fits(op, pixels, spec), lambda op: (op.Identity(image),), resized)
    return stated(op, sized, (to_height, to_width))


def _fitting_side(op: Op, side: Value, other: Value, target: Value, other_target: Value) -> Value:
    """A side of the largest size that fits the target, rounded half to even."""
    rounded = (side * other_target * 2 + other) / (other * 2)
    is_tie = op.And(
        op.Equal(side * other_target * 2 + other, rounded * other * 2),
        op.Greater(rounded, rounded / 2 * 2),
    )
    return op.Min(target, rounded - op.Cast(is_tie, to=INT64))


def _network_input(
    op: Op, image: Value, spec: Preprocessing, size: tuple[int, int] | None
) -> Value:
    """Scale, pad to multiples of the stride, gray levels to [0, 1] in the network's channels."""
    if size is None:
        return _entry(op, _scale_and_pad(op, image, spec), spec)
    scaled = _scaled(size, spec)
    image = antialiased.resize(op, image, size, scaled, rounded=_is_rounded(spec))
    return _entry(op, _pad(op, image, scaled, spec), spec)


def _pad(op: Op, image: Value, size: tuple[int, int], spec: Preprocessing) -> Value:
    bottom, right = (a - b for a, b in zip(_padded(size, spec), size, strict=True))
    return op.Pad(image, [0, 0, 0, 0, 0, 0, bottom, right]) if bottom or right else image


def _is_rounded(spec: Preprocessing) -> bool:
    """Whether resizing rounds to whole gray levels."""
    return spec.resize == "antialiased"


def _crops_of_scaled(
    op: Op, frames: Value, centers: Value, frame_index: Value, spec: Preprocessing
) -> Cropped:
    """Crops as until sleap-nn 0.0.5: the frame is scaled first, and crop_size counts px of that."""
    assert spec.crop_size is not None  # a crop model without one does not load
    eff_scale = _eff_scale(op, frames, spec)
    size, image = known_size(spec), _matched(op, planes(op, frames), spec)
    if size is None:
        image = _scaled_at_run_time(op, image, replace(spec, max_stride=1))
    else:
        image = antialiased.resize(op, image, size, _scaled(size, spec), rounded=False)
    pixels = op.Transpose(image, perm=[0, 2, 3, 1])
    corner = crops.corners(op, centers * eff_scale * spec.input_scale, spec.crop_size)
    cut = crops.cut_blended(op, pixels, corner, frame_index, spec.crop_size)
    return Cropped(_entry(op, _pad(op, cut, spec.crop_size, spec), spec), corner, eff_scale)


def _scale_and_pad(op: Op, image: Value, spec: Preprocessing) -> Value:
    """Scale, and pad to multiples of the stride, at a size that is known at run time only."""
    if spec.input_scale == 1:
        return padded_to_stride(op, image, spec.max_stride)
    return _scaled_at_run_time(op, image, spec)


def _scaled_at_run_time(op: Op, image: Value, spec: Preprocessing) -> Value:
    stride = spec.max_stride
    table = [int(side * spec.input_scale) for side in range(LARGEST_SIDE + 1)]
    height, width = (
        scaled_side(op, length(op, image, axis), table, spec.input_scale) for axis in (2, 3)
    )
    padded = tuple((side + (stride - 1)) / stride * stride for side in (height, width))
    size = (height, width)
    return any_size.resize(op, image, size, (padded[0], padded[1]), rounded=_is_rounded(spec))


def _entry(op: Op, image: Value, spec: Preprocessing) -> Value:
    """Gray levels to [0, 1]; repeat one channel or merge three, as the network needs."""
    if spec.in_channels == 3:
        return three_channels(op, image / 255.0)
    if spec.channels == "grayscale" and spec.crop_size is None:
        return image / 255.0
    (entry,) = choose(
        op,
        has_channels(op, image, 1),
        lambda op: (image / 255.0,),
        lambda op: (luma(op, image / 255.0),),
    )
    return entry
