"""Crops of legacy graphs against the plain reference and against cases by hand."""

from functools import cache

import numpy as np
import pytest
from onnx_parts import legacy_spec, run_in_onnx

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.chain import RULES, crops_part
from sleap_rt.export.graph.part import FLOAT, INT64, UINT8, TensorType
from sleap_rt.export.graph.pixels import crops
from sleap_rt.models.reference import legacy as reference
from sleap_rt.models.reference.legacy import LegacyReference

RNG = np.random.default_rng(8)
PER_LEVEL = np.float32(1 / 255)
PLACES = {"centers": TensorType(FLOAT, ("n", 2)), "frame_index": TensorType(INT64, ("n",))}
PIXELS = ("batch", "height", "width", "channels")


@cache
def _cut(side: int, is_bytes: bool):
    def write(op, images, centers, frame_index):
        return (crops.cut_bilinear(op, images, centers, frame_index, (side, side)),)

    pixels = {"pixels": TensorType(UINT8 if is_bytes else FLOAT, PIXELS)}
    return run_in_onnx(write, pixels | PLACES)


def cut_crops(images: np.ndarray, centers, frame_index, side: int) -> np.ndarray:
    """(n, channels, side, side) whole gray levels."""
    (found,) = _cut(side, images.dtype == np.uint8)(images, centers, frame_index)
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("channels", [1, 3])
def test_crops(channels: int, dtype: type) -> None:
    images = RNG.integers(0, 256, (2, 40, 50, channels), dtype=np.uint8)
    images[0, :20] = 77
    centers = np.concatenate(
        [
            RNG.uniform(-10, 60, (30, 2)),
            [[20, 20], [19.5, 20], [3.5, 3.5], [45.5, 35.5], [3.25, 3.5], [-50, 10]],
        ]
    ).astype(np.float32)
    frame_index = np.arange(len(centers)) % 2
    found = cut_crops(images.astype(dtype), centers, frame_index, 8)
    for i, crop in enumerate(found):
        (expected,) = reference.cut_crops(images[frame_index[i]], centers[i : i + 1], 8)
        np.testing.assert_array_equal(crop.transpose(1, 2, 0), expected, err_msg=str(centers[i]))
    assert (found[-1] == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_a_missing_center_gives_a_black_crop(dtype: type) -> None:
    image = np.full((1, 20, 20, 1), 9, dtype)
    far = [[10, np.nan], [np.nan, np.nan], [1e9, 10], [10, -1e9], [np.inf, 10]]
    found = cut_crops(image, far, np.zeros(len(far)), 8)
    assert found.shape == (len(far), 1, 8, 8)
    assert (found == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_no_centers_give_no_crops(dtype: type) -> None:
    image = np.full((2, 20, 20, 3), 9, dtype)
    assert cut_crops(image, np.empty((0, 2)), np.empty(0), 8).shape == (0, 3, 8, 8)


def _spec(**changes: object) -> Preprocessing:
    return legacy_spec(**({"max_stride": 1, "crop_size": (16, 16)} | changes))


def _run(spec: Preprocessing, frames: np.ndarray, centers, frame_index) -> list[np.ndarray]:
    """image, corner, eff_scale"""
    part = crops_part(spec, RULES["legacy"])
    return run_in_onnx(part.write, part.inputs)(frames, centers, frame_index)


def _frames(*shape: int) -> np.ndarray:
    """Noise, and an area of one level, which an unlucky sum of weights would darken."""
    frames = RNG.integers(0, 256, shape, dtype=np.uint8)
    frames[:, : shape[1] // 2] = 100
    return frames


def _levels(image: np.ndarray) -> np.ndarray:
    """A network's input back to bytes."""
    levels = np.round(image * 255)
    np.testing.assert_array_equal(levels.astype(np.float32) * PER_LEVEL, image)
    return levels.astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [1.0, 0.7, 1.3])
@pytest.mark.parametrize("target", [(None, None), (41, 60), (64, 80), (33, 90)])
def test_whole_crops_part(target, scale: float, channels: int) -> None:
    """Sized, scaled, in whole levels, cut, and points mapped back: equal to the reference."""
    spec = _spec(
        max_height=target[0],
        max_width=target[1],
        input_scale=scale,
        in_channels=channels,
        channels="grayscale" if channels == 1 else "rgb",
    )
    frames = _frames(2, 41, 60, channels)
    centers = np.float32([[20, 20], [30.25, 11.5], [55, 38], [-3, 7], [41.3, 25.9], [0, 300]])
    image, corner, eff_scale = _run(spec, frames, centers, np.arange(6) % 2)
    for i in range(6):
        expected = LegacyReference().crops(frames[i % 2], centers[i : i + 1], spec)
        np.testing.assert_array_equal(image[i : i + 1], expected.image.numpy())
        np.testing.assert_array_equal(corner[i : i + 1], expected.corners)
        assert eff_scale == expected.eff_scale
    assert image.max() > 150 / 255


def test_crops_are_cut_from_the_scaled_frame_in_whole_levels() -> None:
    frames = _frames(2, 41, 60, 1)
    expected = np.stack([reference.scaled_frame(frame, 0.7) for frame in frames])
    # A square of 28 px, the scaled height, whose px lie at those of the scaled frame.
    x, y = (_unscaled(middle, 0.7) for middle in (13.5 + 7, 13.5))
    spec = _spec(input_scale=0.7, crop_size=(28, 28))
    image, *_ = _run(spec, frames, [[x, y]] * 2, [0, 1])
    found = _levels(image).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(found, expected[:, :, 7 : 7 + 28])
    assert found.max() > 200


def _unscaled(scaled: float, scale: float) -> np.float32:
    """A coordinate that is scaled to exactly this one."""
    value = np.float32(scaled / scale)
    near = [np.nextafter(value, np.float32(far)) for far in (-np.inf, np.inf)]
    (found, *_) = [x for x in (value, *near) if x * np.float32(scale) == np.float32(scaled)]
    return found


def _whole(frames: np.ndarray, **spec: object) -> np.ndarray:
    """Square frames as one crop each, in bytes: the channels that crops are cut in."""
    side = frames.shape[1]
    middle = [[(side - 1) / 2, (side - 1) / 2]] * len(frames)
    image, *_ = _run(_spec(crop_size=(side, side), **spec), frames, middle, range(len(frames)))
    return _levels(image)


def test_rgb_becomes_gray_and_gray_becomes_rgb() -> None:
    rgb, gray = _frames(1, 64, 64, 3), _frames(1, 64, 64, 1)
    # Where a level lies at a whole number, the order of summation decides: 88 of 2^24 colours.
    differing = _whole(rgb)[0, 0] != reference.to_channels(rgb[0], 1)[..., 0]
    assert differing.sum() <= 1
    image = _whole(gray, channels="rgb", in_channels=3)
    np.testing.assert_array_equal(image[0], np.repeat(gray[0], 3, axis=-1).transpose(2, 0, 1))


def test_crops_take_the_channels_of_the_network() -> None:
    """Crops in the channels of a centroid model become those of the instance model."""
    rgb = RNG.integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    found = _whole(rgb, channels="rgb", in_channels=1)
    expected = reference.to_channels(rgb, 1)
    assert (found.transpose(0, 2, 3, 1) != expected).sum() <= 1  # see the luma of frames
    gray = rgb[..., :1]
    found = _whole(gray, channels="grayscale", in_channels=3)
    assert found.shape == (2, 3, 16, 16)
    np.testing.assert_array_equal(found, np.repeat(gray, 3, axis=-1).transpose(0, 3, 1, 2))
    found = _whole(gray, channels="grayscale", in_channels=1)
    np.testing.assert_array_equal(found, gray.transpose(0, 3, 1, 2))


def test_the_luma_of_colours_by_hand() -> None:
    # trunc((0.2989 R + 0.587 G + 0.114 B) / 255 * 255.5)
    colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [10, 20, 30]]
    frames = np.broadcast_to(np.array(colours, np.uint8)[None, :, None], (1, 5, 5, 3))
    assert _whole(frames)[0, 0, :, 0].tolist() == [76, 149, 29, 255, 18]


def test_all_levels_survive_both_ways() -> None:
    """Gray frames reach crops as they are."""
    frames = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    np.testing.assert_array_equal(_whole(frames)[0, 0], frames[0, ..., 0])
