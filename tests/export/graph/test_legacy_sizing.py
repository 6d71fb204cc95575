"""The sizing part of legacy graphs on ONNX Runtime: equal to the plain reference, to the bit."""

import numpy as np
import pytest
from onnx_parts import legacy_spec, run_in_onnx

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.chain import RULES, sizing_part
from sleap_rt.models.reference.legacy import match_size, network_input, to_channels

RNG = np.random.default_rng(5)
PER_LEVEL = np.float32(1 / 255)


def _run(spec: Preprocessing, frames: np.ndarray) -> tuple[np.ndarray, float]:
    part = sizing_part(spec, RULES["legacy"])
    image, eff_scale = run_in_onnx(part.write, part.inputs)(frames)
    return image, float(eff_scale)


def _levels(spec: Preprocessing, frames: np.ndarray) -> tuple[np.ndarray, float]:
    """The image in bytes, where it is neither scaled nor padded to strides."""
    image, eff_scale = _run(spec, frames)
    levels = np.round(image * 255)
    np.testing.assert_array_equal(levels.astype(np.float32) * PER_LEVEL, image)  # to the bit
    return levels.astype(np.uint8), eff_scale


def _frames(*shape: int) -> np.ndarray:
    """Noise, and an area of one level, which an unlucky sum of weights would darken."""
    frames = RNG.integers(0, 256, shape, dtype=np.uint8)
    frames[:, : shape[1] // 2] = 100
    return frames


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.29, 0.13, 1.3])
def test_network_input(scale: float, channels: int) -> None:
    spec = legacy_spec(
        input_scale=scale,
        in_channels=channels,
        channels="grayscale" if channels == 1 else "rgb",
    )
    frames = _frames(2, 37, 53, channels)
    image, eff_scale = _run(spec, frames)
    expected = [network_input(frame, input_scale=scale, pad_stride=16) for frame in frames]
    np.testing.assert_array_equal(image, np.concatenate(expected))
    assert eff_scale == 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "size", [(64, 80), (48, 60), (100, 90), (31, 200), (128, 160), (65, 80), (57, 31)]
)
def test_frames_are_brought_to_the_target(size: tuple[int, int], channels: int) -> None:
    spec = legacy_spec(
        max_height=64,
        max_width=80,
        max_stride=1,
        in_channels=channels,
        channels="grayscale" if channels == 1 else "rgb",
    )
    frames = _frames(1, *size, channels)
    image, eff_scale = _levels(spec, frames)
    expected = match_size(frames[0], 64, 80)
    np.testing.assert_array_equal(image[0].transpose(1, 2, 0), expected.image)
    assert eff_scale == expected.eff_scale


def test_rgb_becomes_gray_and_gray_becomes_rgb() -> None:
    rgb, gray = _frames(1, 64, 64, 3), _frames(1, 64, 64, 1)
    image, _ = _levels(legacy_spec(max_stride=1), rgb)
    # Where a level lies at a whole number, the order of summation decides: 88 of 2^24 colours.
    differing = image[0, 0] != to_channels(rgb[0], 1)[..., 0]
    assert differing.sum() <= 1
    image, _ = _levels(legacy_spec(max_stride=1, channels="rgb", in_channels=3), gray)
    np.testing.assert_array_equal(image[0], np.repeat(gray[0], 3, axis=-1).transpose(2, 0, 1))


def test_the_luma_of_colours_by_hand() -> None:
    # trunc((0.2989 R + 0.587 G + 0.114 B) / 255 * 255.5)
    colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [10, 20, 30]]
    image, _ = _levels(legacy_spec(max_stride=1), np.array(colours, np.uint8)[None, :, None])
    assert image[0, 0, :, 0].tolist() == [76, 149, 29, 255, 18]


def test_all_levels_survive_both_ways() -> None:
    """Gray frames reach crops as they are."""
    frames = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    image, _ = _levels(legacy_spec(max_stride=1), frames)
    np.testing.assert_array_equal(image[0, 0].astype(np.uint8), frames[0, ..., 0])
