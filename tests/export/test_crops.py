"""Crops inside a graph against plain loops: odd and even sizes, centres anywhere."""

import numpy as np
import plain_loops
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sleap_rt.export.crops import cut_crops

COORDINATES = st.one_of(
    st.floats(-40, 60, width=32), st.integers(-160, 240).map(lambda quarter: quarter / 4)
)


def image_of(height: int, width: int, channels: int = 2, batch: int = 3) -> np.ndarray:
    """Every px of every frame has a value of its own, none of them zero."""
    shape = (batch, channels, height, width)
    return np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)


@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(1, 13), st.integers(1, 13)),
    crop_size=st.tuples(st.integers(1, 10), st.integers(1, 10)),
    centres=st.lists(st.tuples(COORDINATES, COORDINATES, st.integers(0, 2)), max_size=6),
)
def test_crops_match_plain_loops(size, crop_size, centres):
    image = image_of(*size)
    points = np.array([c[:2] for c in centres], np.float32).reshape(-1, 2)
    frames = np.array([c[2] for c in centres], np.int64)
    found = cut_crops(
        torch.from_numpy(image), torch.from_numpy(points), torch.from_numpy(frames), crop_size
    )
    assert found.image.shape == (len(centres), 2, *crop_size)
    for i, point in enumerate(points):
        pixels, corner = plain_loops.crop(image[frames[i]], point, crop_size)
        np.testing.assert_array_equal(found.image[i], pixels)
        assert tuple(found.corner[i].tolist()) == corner


@pytest.mark.parametrize(
    ("size", "centre", "start", "corner"),
    [
        (4, 10.0, 8, 8.5),
        (4, 10.25, 8, 8.75),
        (4, 10.5, 9, 9.0),
        (5, 10.0, 8, 8.0),
        (5, 10.75, 8, 8.75),
    ],
)
def test_pixels_start_at_a_whole_px_while_the_corner_keeps_its_fraction(
    size, centre, start, corner
):
    image = torch.arange(20.0).expand(1, 1, 20, 20)  # a px holds its column
    found = cut_crops(
        image, torch.tensor([[centre, centre]]), torch.zeros(1, dtype=torch.int64), (size, size)
    )
    assert found.image[0, 0, 0].tolist() == list(range(start, start + size))
    assert found.corner.tolist() == [[corner, corner]]


def test_a_crop_that_misses_the_frame_is_black():
    far = torch.tensor([[-300.0, 5.0], [5.0, 9000.0], [1e6, -1e6]])
    found = cut_crops(
        torch.from_numpy(image_of(10, 10)), far, torch.zeros(3, dtype=torch.int64), (6, 6)
    )
    assert not found.image.any()
