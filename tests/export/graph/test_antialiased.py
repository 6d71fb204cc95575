"""The resizes of graphs against plain loops, recorded vectors, and torch's own on AVX2."""

from collections.abc import Callable
from functools import cache

import numpy as np
import plain_loops
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_parts import run_in_onnx

from sleap_rt.export.graph.part import FLOAT, INT64, TensorType
from sleap_rt.export.graph.pixels import antialiased, any_size
from sleap_rt.export.graph.pixels.antialiased import COLUMNS, ROWS, _Axis, _Periodic

ROW = [0, 10, 250, 30, 40, 200, 60, 70]
IMAGE = {"image": TensorType(FLOAT, ("batch", "channels", "height", "width"))}
SIZES = {name: TensorType(INT64) for name in ("to_height", "to_width", "bottom", "right")}
Size = tuple[int, int]  # (height, width) px


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """(batch, channels, height, width) uint8 to a size that is known at export."""
    size_in, size_out = image.shape[2:], (height, width)

    def write(op, image):
        return (antialiased.resize(op, op.Identity(image), size_in, size_out),)

    (levels,) = run_in_onnx(write, IMAGE)(image)
    assert (levels == np.round(levels)).all()  # whole gray levels, before any cast
    return levels.astype(np.uint8)


@cache
def at_run_time() -> Callable[..., list[np.ndarray]]:
    """(image, height, width, padded height, padded width) -> [image]"""

    def write(op, image, height, width, bottom, right):
        return (any_size.resize(op, image, (height, width), (bottom, right)),)

    return run_in_onnx(write, IMAGE | SIZES)


def noise(seed: int, *shape: int) -> np.ndarray:
    """Gray levels that often jump from black to white, where rounding and clipping show."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 256, shape)
    extreme = rng.choice([0, 255], shape)
    return np.where(rng.random(shape) < 0.5, extreme, levels).astype(np.uint8)


@pytest.mark.parametrize(
    ("n_out", "expected"),
    [
        (4, [40, 111, 101, 84]),
        (3, [66, 98, 94]),
        (12, [0, 5, 50, 210, 140, 32, 38, 120, 177, 83, 65, 70]),
    ],
)
def test_recorded_rows(n_out, expected):
    row = np.array(ROW, np.uint8)[None, None, None]
    assert resize(row, 1, n_out)[0, 0, 0].tolist() == expected
    assert resize(row.transpose(0, 1, 3, 2), n_out, 1)[0, 0, :, 0].tolist() == expected
    assert plain_loops.resize_row(ROW, n_out) == expected


def test_a_recorded_square():
    square = (10 * np.arange(25, dtype=np.uint8)).reshape(1, 1, 5, 5)
    expected = [[25, 41, 57], [104, 120, 136], [183, 199, 215]]
    assert resize(square, 3, 3)[0, 0].tolist() == expected


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**16),
    size_in=st.tuples(st.integers(1, 40), st.integers(1, 70)),
    size_out=st.tuples(st.integers(1, 40), st.integers(1, 70)),
)
def test_any_resize_matches_plain_loops(seed, size_in, size_out):
    image = noise(seed, 1, 1, *size_in)
    expected = plain_loops.resize(image[0, 0], *size_out)
    np.testing.assert_array_equal(resize(image, *size_out)[0, 0], expected)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**16),
    size_in=st.tuples(st.integers(1, 40), st.integers(1, 70)),
    size_out=st.tuples(st.integers(1, 40), st.integers(1, 70)),
    padding=st.tuples(st.integers(0, 40), st.integers(0, 40)),
)
def test_any_resize_at_run_time_matches_plain_loops(seed, size_in, size_out, padding):
    image = noise(seed, 1, 1, *size_in)
    padded = tuple(side + more for side, more in zip(size_out, padding, strict=True))
    (found,) = at_run_time()(image, *size_out, *padded)
    expected = np.zeros(padded)
    expected[: size_out[0], : size_out[1]] = plain_loops.resize(image[0, 0], *size_out)
    np.testing.assert_array_equal(found[0, 0], expected)


SCALES = [1 / 2, 1 / 4, 1 / 8, 3 / 4, 0.3, 1.5]
IMAGE_SIZES = [(64, 96), (96, 128), (65, 97), (63, 130), (250, 324), (33, 9)]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", IMAGE_SIZES)
def test_scales_of_real_models_match_plain_loops(size: Size, scale: float):
    """Even sizes go in periodic blocks, odd ones window by window."""
    to = tuple(max(1, int(side * scale)) for side in size)
    image = np.stack([noise(1, 2, *size), np.zeros((2, *size), np.uint8)])
    image[1, 0] = 255
    found = resize(image, *to)
    for plane in range(2):
        expected = plain_loops.resize(image[0, plane], *to)
        np.testing.assert_array_equal(found[0, plane], expected)
    assert (found[1, 0] == 255).all()
    assert (found[1, 1] == 0).all()


@pytest.mark.parametrize("axis", [ROWS, COLUMNS])
@pytest.mark.parametrize(
    ("n_in", "n_out"),
    [(96, 48), (250, 125), (324, 162), (384, 192), (1024, 512), (160, 40), (324, 81), (1024, 256)],
)
def test_halves_and_quarters_are_made_in_periodic_blocks(axis, n_in, n_out):
    weights = _Axis.of(axis, n_in, n_out)
    assert weights.is_exact
    assert _Periodic.of(weights) is not None


@pytest.mark.parametrize(("n_in", "n_out"), [(65, 32), (97, 24), (64, 32), (100, 150), (8, 4)])
def test_other_sizes_are_not(n_in, n_out):
    assert _Periodic.of(_Axis.of(ROWS, n_in, n_out)) is None


@pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"),
    reason="torch resizes uint8 in fixed-point arithmetic only on CPUs with AVX2",
)
@pytest.mark.parametrize(
    ("size_in", "size_out"),
    [
        ((384, 384), (192, 192)),
        ((320, 560), (160, 280)),
        ((1024, 1024), (256, 256)),
        ((301, 517), (224, 384)),
        ((123, 201), (320, 523)),
        ((720, 1280), (225, 400)),
        ((64, 2000), (64, 33)),
    ],
)
def test_real_sizes_match_what_training_uses(size_in, size_out):
    image = noise(0, 1, 2, *size_in)
    expected = F.interpolate(
        torch.from_numpy(image), size_out, mode="bilinear", antialias=True, align_corners=False
    )
    np.testing.assert_array_equal(resize(image, *size_out), expected.numpy())
