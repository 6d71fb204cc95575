"""Whole frames and crops of native graphs against the plain reference, whatever their channels."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from onnx_parts import run_in_onnx

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.chain import RULES, crops_part, sizing_part
from sleap_rt.models.reference.native import NativeReference

LUMA = 1e-7  # of [0, 1]: three float32 products, summed in one order or another
SIZE = (41, 60)  # (height, width) px of the frames
CENTERS = np.float32([[20, 20], [30.25, 11.5], [55, 38], [-3, 7], [41.3, 25.9], [0, 300]])
Target = tuple[int | None, int | None]


def spec_of(channels: str, in_channels: int, target: Target, **other: object) -> Preprocessing:
    return Preprocessing(
        channels=channels,
        in_channels=in_channels,
        max_height=target[0],
        max_width=target[1],
        input_scale=0.5,
        max_stride=8,
        **other,
    )


@cache
def run(spec: Preprocessing) -> Callable[..., list[np.ndarray]]:
    part = (sizing_part if spec.crop_size is None else crops_part)(spec, RULES["native"])
    return run_in_onnx(part.write, part.inputs)


def frames_of(n_channels: int) -> np.ndarray:
    frames = np.random.default_rng(3).integers(0, 256, (2, *SIZE, n_channels), np.uint8)
    frames[0, :8] = 255
    return frames


def assert_same(found: np.ndarray, expected: np.ndarray, n_channels: int, in_channels: int) -> None:
    """To the bit, unless colours become gray."""
    if (n_channels, in_channels) == (3, 1):
        np.testing.assert_allclose(found, expected, rtol=0, atol=LUMA)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("target", [(None, None), SIZE, (64, 80), (32, None)])
@pytest.mark.parametrize("in_channels", [1, 3])
@pytest.mark.parametrize("channels", ["as_is", "rgb", "grayscale"])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_frames(n_channels: int, channels: str, in_channels: int, target: Target) -> None:
    spec, frames = spec_of(channels, in_channels, target), frames_of(n_channels)
    image, eff_scale = run(spec)(frames)
    for i, frame in enumerate(frames):
        expected = NativeReference().frame(frame, spec)
        assert_same(image[i : i + 1], expected.image.numpy(), n_channels, in_channels)
        assert eff_scale == expected.eff_scale


@pytest.mark.parametrize("target", [(None, None), SIZE, (64, 80), (32, None)])
@pytest.mark.parametrize("in_channels", [1, 3])
@pytest.mark.parametrize("channels", ["as_is", "rgb", "grayscale"])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_crops(n_channels: int, channels: str, in_channels: int, target: Target) -> None:
    spec = spec_of(channels, in_channels, target, crop_size=(20, 26))
    frames = frames_of(n_channels)
    image, corner, eff_scale = run(spec)(frames, CENTERS, np.arange(len(CENTERS)) % 2)
    for i in range(len(CENTERS)):
        expected = NativeReference().crops(frames[i % 2], CENTERS[i : i + 1], spec)
        assert_same(image[i : i + 1], expected.image.numpy(), n_channels, in_channels)
        np.testing.assert_array_equal(corner[i : i + 1], expected.corners)
        assert eff_scale == expected.eff_scale


@pytest.mark.parametrize("scale", [1.0, 0.25, 0.3, 1.5])
@pytest.mark.parametrize("target", [(None, None), SIZE, (250, 324)])
def test_every_scale(target: Target, scale: float) -> None:
    spec = Preprocessing(
        channels="as_is",
        in_channels=1,
        max_height=target[0],
        max_width=target[1],
        input_scale=scale,
        max_stride=16,
    )
    frames = frames_of(1)
    image, _ = run(spec)(frames)
    expected = [NativeReference().frame(frame, spec).image.numpy() for frame in frames]
    np.testing.assert_array_equal(image, np.concatenate(expected))
