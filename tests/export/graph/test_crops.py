"""Crops inside a graph against plain loops: odd and even sizes, centers anywhere, bytes or not."""

from functools import cache
from typing import NamedTuple

import numpy as np
import plain_loops
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_parts import run_in_onnx

from sleap_rt.export.graph.part import FLOAT, INT64, UINT8, TensorType
from sleap_rt.export.graph.pixels import crops

COORDINATES = st.one_of(
    st.floats(-40, 60, width=32), st.integers(-160, 240).map(lambda quarter: quarter / 4)
)
PLACES = {"centers": TensorType(FLOAT, ("n", 2)), "frame_index": TensorType(INT64, ("n",))}
PIXELS = ("batch", "height", "width", "channels")
Size = tuple[int, int]  # (height, width) px


class Crops(NamedTuple):
    image: np.ndarray  # (n, channels, *crop_size)
    corner: np.ndarray  # (n, 2), (x, y) px


@cache
def _cut(crop_size: Size, is_bytes: bool):
    def write(op, pixels, centers, frame_index):
        corner = crops.corners(op, centers, crop_size)
        return crops.cut_whole(op, pixels, corner, frame_index, crop_size), corner

    pixels = {"pixels": TensorType(UINT8 if is_bytes else FLOAT, PIXELS)}
    return run_in_onnx(write, pixels | PLACES)


def cut_crops(image: np.ndarray, centers, frame_index, crop_size: Size) -> Crops:
    """From (batch, channels, height, width), bytes or floats."""
    run = _cut(crop_size, image.dtype == np.uint8)
    return Crops(*run(image.transpose(0, 2, 3, 1), centers, frame_index))


def image_of(height: int, width: int, channels: int = 2, batch: int = 3) -> np.ndarray:
    """Every px of every frame has a value of its own, none of them zero."""
    shape = (batch, channels, height, width)
    return np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)


@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(1, 13), st.integers(1, 13)),
    crop_size=st.tuples(st.integers(1, 10), st.integers(1, 10)),
    centers=st.lists(st.tuples(COORDINATES, COORDINATES, st.integers(0, 2)), max_size=6),
)
def test_crops_match_plain_loops(size, crop_size, centers):
    image = image_of(*size)
    points = np.array([c[:2] for c in centers], np.float32).reshape(-1, 2)
    frames = np.array([c[2] for c in centers], np.int64)
    found = cut_crops(image, points, frames, crop_size)
    assert found.image.shape == (len(centers), 2, *crop_size)
    for i, point in enumerate(points):
        pixels, corner = plain_loops.crop(image[frames[i]], point, crop_size)
        np.testing.assert_array_equal(found.image[i], pixels)
        assert tuple(found.corner[i].tolist()) == corner


@settings(max_examples=30)
@given(
    width=st.integers(50, 210),
    channels=st.sampled_from([1, 3]),
    crop_size=st.sampled_from([(3, 63), (2, 64), (4, 65), (3, 130)]),
    left=st.lists(st.integers(-140, 220), min_size=1, max_size=4),
    is_bytes=st.booleans(),
)
def test_wide_crops_are_copied_in_tiles(width, channels, crop_size, left, is_bytes):
    image = image_of(5, width, channels)
    image = (image % 251 + 1).astype(np.uint8) if is_bytes else image
    points = np.array([(x + crop_size[1] / 2, 3) for x in left], np.float32)
    frames = np.arange(len(left)) % 3
    found = cut_crops(image, points, frames, crop_size)
    for i, point in enumerate(points):
        pixels, _ = plain_loops.crop(image[frames[i]], point, crop_size)
        np.testing.assert_array_equal(found.image[i], pixels)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**16),
    size=st.tuples(st.integers(1, 13), st.integers(1, 13)),
    channels=st.sampled_from([1, 3]),
    crop_size=st.sampled_from([(4, 4), (5, 8), (9, 3)]),
    centers=st.lists(st.tuples(COORDINATES, COORDINATES, st.integers(0, 2)), max_size=6),
)
def test_crops_of_bytes_match_plain_loops(seed, size, channels, crop_size, centers):
    shape = (3, channels, *size)
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    points = np.array([c[:2] for c in centers], np.float32).reshape(-1, 2)
    frames = np.array([c[2] for c in centers], np.int64)
    found = cut_crops(image, points, frames, crop_size)
    assert found.image.dtype == np.float32
    assert found.image.shape == (len(centers), channels, *crop_size)
    for i, point in enumerate(points):
        pixels, _ = plain_loops.crop(image[frames[i]], point, crop_size)
        np.testing.assert_array_equal(found.image[i], pixels)


@pytest.mark.parametrize(
    ("size", "center", "start", "corner"),
    [
        (4, 10.0, 8, 8.5),
        (4, 10.25, 8, 8.75),
        (4, 10.5, 9, 9.0),
        (5, 10.0, 8, 8.0),
        (5, 10.75, 8, 8.75),
    ],
)
def test_pixels_start_at_a_whole_px_while_the_corner_keeps_its_fraction(
    size, center, start, corner
):
    image = np.broadcast_to(np.arange(20, dtype=np.float32), (1, 1, 20, 20))  # px hold columns
    found = cut_crops(image, [[center, center]], [0], (size, size))
    assert found.image[0, 0, 0].tolist() == list(range(start, start + size))
    assert found.corner.tolist() == [[corner, corner]]


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_a_crop_that_misses_the_frame_is_black(dtype):
    far = [[-300, 5], [5, 9000], [1e6, -1e6], [1e9, 5], [5, -1e9], [np.inf, 5], [np.nan, 5]]
    image = image_of(10, 10, batch=1).astype(dtype)
    found = cut_crops(image, far, np.zeros(len(far)), (6, 6))
    assert found.image.shape == (len(far), 2, 6, 6)
    assert not found.image.any()


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_no_centers_give_no_crops(dtype):
    image = image_of(10, 10, channels=3).astype(dtype)
    found = cut_crops(image, np.empty((0, 2)), np.empty(0), (6, 4))
    assert found.image.shape == (0, 3, 6, 4)
    assert found.corner.shape == (0, 2)
