"""The first part of every graph, run by ONNX Runtime on frames of sizes it never saw."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import plain_loops
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx_parts import run_in_onnx

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.chain import RULES, sizing_part

SIDES = st.integers(1, 60)


@cache
def part(
    *,
    channels: str = "as_is",
    in_channels: int = 1,
    target: tuple[int | None, int | None] = (None, None),
    input_scale: float = 1.0,
    max_stride: int = 1,
) -> Callable[[np.ndarray], list[np.ndarray]]:
    spec = Preprocessing(
        channels=channels,
        in_channels=in_channels,
        max_height=target[0],
        max_width=target[1],
        input_scale=input_scale,
        max_stride=max_stride,
    )
    sizing = sizing_part(spec, RULES["native"])
    return run_in_onnx(sizing.write, sizing.inputs)


def sized(frames: np.ndarray, **spec: object) -> tuple[np.ndarray, Any]:
    """The image (batch, in_channels, height, width) in whole gray levels, and the scale."""
    image, eff_scale = part(**spec)(frames)
    levels = np.round(image * 255)
    np.testing.assert_array_equal(levels / np.float32(255), image)  # to the bit
    return levels, eff_scale


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def matched(plane: np.ndarray, target: tuple[int | None, int | None]) -> tuple[np.ndarray, float]:
    """Size matching of one plane, by the words: fit, round half to even, pad bottom and right."""
    height, width = plane.shape
    to_height, to_width = target[0] or height, target[1] or width
    if (height, width) == (to_height, to_width):
        return plane, 1.0
    eff_scale = min(to_height / height, to_width / width)
    fitted = plain_loops.resize(plane, round(height * eff_scale), round(width * eff_scale))
    return padded(fitted, to_height, to_width), eff_scale


def padded(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    out = np.zeros((height, width), plane.dtype)
    out[: plane.shape[0], : plane.shape[1]] = plane
    return out


def is_tie(size: tuple[int, int], target: tuple[int | None, int | None]) -> bool:
    """Whether a fitted side is exactly half a px; see `test_exact_halves_go_to_the_even_side`."""
    (height, width), to_height, to_width = size, target[0] or size[0], target[1] or size[1]
    return (2 * height * to_width) % (2 * width) == width or (
        (2 * width * to_height) % (2 * height) == height
    )


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**16),
    size=st.tuples(SIDES, SIDES),
    channels=st.sampled_from([1, 3]),
    target=st.sampled_from([(24, 40), (40, 24), (None, 32), (48, None)]),
)
def test_size_matching_is_exact_at_any_frame_size(seed, size, channels, target):
    assume(not is_tie(size, target))
    # A side that would be fitted to less than half a px cannot be made by training either.
    to = (target[0] or size[0], target[1] or size[1])
    assume(min(size) * min(to[0] / size[0], to[1] / size[1]) > 0.5)
    frames = noise(seed, 2, *size, channels)
    image, eff_scale = sized(frames, target=target, in_channels=channels)
    assert image.shape == (2, channels, *to)
    for sample in range(2):
        for channel in range(channels):
            expected, scale = matched(frames[sample, :, :, channel], target)
            np.testing.assert_array_equal(image[sample, channel], expected)
            assert eff_scale == np.float32(scale)


@pytest.mark.parametrize(
    ("size", "fitted"),  # with a target of 24 x 40
    [
        ((5, 80), (2, 40)),  # 2.5 rows
        ((7, 80), (4, 40)),  # 3.5 rows
        ((48, 5), (24, 2)),  # 2.5 columns
        ((48, 7), (24, 4)),  # 3.5 columns
    ],
)
def test_exact_halves_go_to_the_even_side(size, fitted):
    image, _ = sized(np.full((1, *size, 1), 200, np.uint8), target=(24, 40))
    expected = padded(np.full(fitted, 200, np.uint8), 24, 40)
    np.testing.assert_array_equal(image[0, 0], expected)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**16),
    size=st.tuples(st.integers(4, 50), st.integers(4, 50)),
    scale=st.sampled_from([0.5, 0.29, 1.5]),
)
def test_input_scale_truncates_sides_and_pads_to_the_stride(seed, size, scale):
    frames = noise(seed, 1, *size, 1)
    image, eff_scale = sized(frames, input_scale=scale, max_stride=8)
    height, width = int(size[0] * scale), int(size[1] * scale)
    expected = plain_loops.resize(frames[0, :, :, 0], height, width)
    expected = padded(expected, -(-height // 8) * 8, -(-width // 8) * 8)
    np.testing.assert_array_equal(image[0, 0], expected)
    assert eff_scale == 1


def test_scaled_sides_follow_the_double_precision_product():
    """100 * 0.29 is 28.999999999999996, so 28 px remain."""
    image, _ = sized(np.full((1, 100, 100, 1), 255, np.uint8), input_scale=0.29, max_stride=8)
    assert image.shape == (1, 1, 32, 32)
    assert np.count_nonzero(image) == 28 * 28


@settings(max_examples=15)
@given(size=st.tuples(SIDES, SIDES), target=st.sampled_from([(None, None), (24, 40)]))
def test_frames_are_padded_to_the_stride_alone(size, target):
    frames = noise(0, 2, *size, 3)
    if target == (24, 40):
        size, frames = target, noise(0, 2, *target, 3)
    image, eff_scale = sized(frames, target=target, max_stride=16, in_channels=3)
    assert image.shape == (2, 3, -(-size[0] // 16) * 16, -(-size[1] // 16) * 16)
    planes = frames.transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(image[:, :, : size[0], : size[1]], planes)
    assert image.sum() == planes.sum(dtype=np.float64)
    assert eff_scale == 1


def test_luma_is_truncated_and_a_gray_frame_kept():
    colours = [(10, 20, 30), (200, 200, 200), (255, 255, 255), (0, 128, 255), (0, 0, 0)]
    frames = np.array(colours, np.uint8).reshape(1, 1, 5, 3)
    image, _ = sized(frames, channels="grayscale")
    assert image[0, 0, 0].tolist() == [18, 199, 254, 104, 0]
    gray = noise(1, 2, 4, 5, 1)
    image, _ = sized(gray, channels="grayscale")
    np.testing.assert_array_equal(image[:, 0], gray[..., 0])


@pytest.mark.parametrize("n_channels", [1, 3])
def test_rgb_repeats_a_gray_channel_and_keeps_three(n_channels):
    frames = noise(2, 2, 4, 5, n_channels)
    image, _ = sized(frames, channels="rgb", in_channels=3)
    assert image.shape == (2, 3, 4, 5)
    for channel in range(3):
        np.testing.assert_array_equal(image[:, channel], frames[..., channel % n_channels])
