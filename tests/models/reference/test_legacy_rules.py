"""Rules of SLEAP 1.4 and older in the reference: cases worked by hand, and plain loops."""

import math

import numpy as np
import pytest

from sleap_rt.errors import DataError
from sleap_rt.models.reference.legacy import (
    cut_crops,
    fit_to,
    match_size,
    network_input,
    resize,
    scaled_frame,
    scaled_size,
    to_channels,
    unscaled,
)

RNG = np.random.default_rng(11)


# Frames


def test_gray_is_rounded_the_way_tensorflow_does() -> None:
    # 0.2989 * 10 + 0.587 * 20 + 0.114 * 30 = 18.149; / 255 * 255.5 = 18.18
    # 0.2989 * 200 + 0.587 * 100 + 0.114 * 204 = 141.736; * 255.5 / 255 = 142.01, not 141
    rgb = np.array([[[10, 20, 30], [200, 100, 204]]], np.uint8)
    np.testing.assert_array_equal(to_channels(rgb, 1), [[[18], [142]]])


def test_white_stays_white_and_gray_is_repeated() -> None:
    white = np.full((1, 1, 3), 255, np.uint8)
    assert to_channels(white, 1).item() == 255
    np.testing.assert_array_equal(to_channels(np.array([[[7]]], np.uint8), 3), [[[7, 7, 7]]])


def test_frames_with_other_channels_are_refused() -> None:
    with pytest.raises(DataError, match="2 channels"):
        to_channels(np.zeros((4, 4, 2), np.uint8), 1)


def _resize_by_loops(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    def ends(i: int, n_in: int, n_out: int) -> tuple[int, int, float]:
        at = (i + 0.5) * n_in / n_out - 0.5
        low = math.floor(at)
        return max(low, 0), min(low + 1, n_in - 1), at - low

    result = np.zeros((*size, image.shape[2]))
    for i in range(size[0]):
        top, bottom, v = ends(i, image.shape[0], size[0])
        for j in range(size[1]):
            left, right, u = ends(j, image.shape[1], size[1])
            upper = image[top, left] * (1 - u) + image[top, right] * u
            lower = image[bottom, left] * (1 - u) + image[bottom, right] * u
            result[i, j] = upper * (1 - v) + lower * v
    return result


@pytest.mark.parametrize("size", [(4, 3), (8, 6), (5, 9), (16, 18), (1, 1)])
def test_resize_matches_plain_loops(size: tuple[int, int]) -> None:
    image = RNG.random((8, 6, 2)).astype(np.float32)
    np.testing.assert_allclose(resize(image, size), _resize_by_loops(image, size), atol=2e-6)


def test_shrinking_does_not_antialias() -> None:
    stripes = np.tile(np.array([0.0, 1.0, 0.0, 0.0], np.float32), 4).reshape(1, 16, 1)
    quarter = resize(np.repeat(stripes, 4, axis=0), (1, 4))
    np.testing.assert_array_equal(quarter.ravel(), [0.5] * 4)  # pixels 1 and 2 only


def test_size_matching_enlarges_pads_and_truncates() -> None:
    frame = np.full((4, 10, 1), 9, np.uint8)
    image, ratio = match_size(frame, 12, 15)
    assert ratio == 1.5  # the width limits
    assert image.shape == (12, 15, 1)
    assert (image[:6] == 9).all()
    assert (image[6:] == 0).all()
    image, ratio = match_size(frame, 3, 20)
    assert (
        ratio == 0.75
    )  # the height limits; int(10 * 0.75) = 7 columns, then 4 / (10 / 7) = 2 rows
    assert (image[:2, :7] == 9).all()
    assert image.sum() == 2 * 7 * 9


@pytest.mark.parametrize(
    ("size", "target", "ratio", "resized", "origin"),
    [  # recorded from TensorFlow 2.15, run as the original runs it, on white frames
        ((530, 157), (205, 123), 0.38679245, (202, 60), (1, 0)),
        ((345, 1238), (1009, 1377), 1.1122779, (383, 1374), (0, 1)),
        ((720, 1280), (512, 512), 0.4, (288, 512), (0, 0)),
        ((1080, 1920), (768, 1024), 0.53333336, (576, 1024), (0, 0)),
        ((1024, 1280), (1200, 1200), 0.9375, (959, 1199), (0, 0)),
        ((294, 147), (98, 49), 0.33333334, (98, 49), (0, 0)),
        ((147, 98), (49, 49), 0.33333334, (48, 32), (0, 0)),  # 49 / 3 and 147 / 3 in float32
    ],
)
def test_size_matching_as_tensorflow_does_it(size, target, ratio, resized, origin) -> None:
    fit = fit_to(*size, *target)
    assert (np.float32(fit.ratio), fit.resized, fit.origin) == (np.float32(ratio), resized, origin)


def test_a_frame_of_the_target_size_is_left_alone() -> None:
    frame = RNG.integers(0, 255, (4, 5, 3), np.uint8)
    image, ratio = match_size(frame, 4, 5)
    assert image is frame
    assert ratio == 1.0


def test_scaled_sizes_are_truncated_in_float32() -> None:
    assert scaled_size(101, 99, 0.5) == (50, 49)
    assert scaled_size(100, 50, 0.29) == (29, 14)  # 28.999999999999996 in float64


def test_network_input_is_scaled_padded_and_in_unit_range() -> None:
    image = np.full((10, 13, 1), 255, np.uint8)
    x = network_input(image, input_scale=0.5, pad_stride=4)
    assert x.shape == (1, 1, 8, 8)
    np.testing.assert_array_equal(x[0, 0, :5, :6], 1)
    assert x.sum() == 30


# Crops


def _crop_by_loops(image: np.ndarray, center: tuple[float, float], size: int) -> np.ndarray:
    height, width = image.shape[:2]
    crop = np.zeros((size, size, image.shape[2]))
    for i in range(size):
        for j in range(size):
            y, x = center[1] - (size - 1) / 2 + i, center[0] - (size - 1) / 2 + j
            if not (0 <= y <= height - 1 and 0 <= x <= width - 1):
                continue
            top, left = math.floor(y), math.floor(x)
            for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
                weight = (1 - abs(y - row)) * (1 - abs(x - column))
                if weight > 0:
                    crop[i, j] += weight * image[row, column]
    return np.trunc(crop)


@pytest.mark.parametrize("size", [4, 5])
@pytest.mark.parametrize(
    "center", [(6.0, 5.0), (6.5, 5.5), (5.25, 4.75), (0.25, 0.5), (11.5, 8.75), (40.0, -9.0)]
)
def test_crops_match_plain_loops(center: tuple[float, float], size: int) -> None:
    image = RNG.integers(0, 255, (10, 12, 2), np.uint8)
    (crop,) = cut_crops(image, np.array([center], np.float32), size)
    np.testing.assert_array_equal(crop, _crop_by_loops(image, center, size))


def test_a_crop_is_zero_at_once_beyond_the_last_pixel() -> None:
    image = np.full((4, 4, 1), 200, np.uint8)
    (crop,) = cut_crops(image, np.array([[3.25, 1.5]], np.float32), 2)  # columns 2.75 and 3.75
    np.testing.assert_array_equal(crop[..., 0], [[200, 0], [200, 0]])


def test_the_frame_of_a_scaled_instance_model_is_truncated_to_bytes() -> None:
    image = np.array([[[0], [1], [2], [5]]] * 2, np.uint8)
    np.testing.assert_array_equal(scaled_frame(image, 0.5)[..., 0], [[0, 3]])  # 0.5, 3.5
    assert scaled_frame(image, 1.0) is image


# Points


def test_half_a_pixel_is_added_only_where_the_input_is_scaled() -> None:
    points = np.array([[8.0, 4.0]], np.float32)
    np.testing.assert_array_equal(unscaled(points, 1.0), points)
    np.testing.assert_array_equal(unscaled(points, 0.5), [[16.5, 8.5]])
    np.testing.assert_array_equal(unscaled(points, 0.25), [[32.5, 16.5]])
