"""The resize with constants against plain loops, recorded vectors, and torch's own on AVX2."""

import numpy as np
import plain_loops
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from sleap_rt.export.resize import FixedResize

ROW = [0, 10, 250, 30, 40, 200, 60, 70]


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """(batch, channels, height, width) uint8 through the module."""
    module = FixedResize(image.shape[2:], (height, width))
    levels = module(torch.from_numpy(image).float()).numpy()
    assert (levels == np.round(levels)).all()  # whole grey levels, before any cast
    return levels.astype(np.uint8)


def noise(seed: int, *shape: int) -> np.ndarray:
    """Grey levels that often jump from black to white, where rounding and clipping show."""
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
