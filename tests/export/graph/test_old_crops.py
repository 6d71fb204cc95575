"""Steps of the old crop order, and all of it, against plain loops: resized without rounding to
whole gray levels, then sampled between px."""

import numpy as np
import pytest
from onnx_parts import run_in_onnx

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.chain import RULES, crops_part
from sleap_rt.export.graph.part import FLOAT, INT64, TensorType
from sleap_rt.export.graph.pixels import antialiased, any_size, crops

SIZE = (4, 6)
LEVEL = 1e-3  # gray levels; float32 noise stays far below


def blended(image, corner):
    """Bilinear samples at corner + i of an image (height, width), which is 0 outside."""

    def at(row, col):
        inside = 0 <= row < image.shape[0] and 0 <= col < image.shape[1]
        return float(image[row, col]) if inside else 0.0

    found = np.zeros(SIZE)
    for i in range(SIZE[0]):
        for j in range(SIZE[1]):
            x, y = corner[0] + j, corner[1] + i
            left, top = int(np.floor(x)), int(np.floor(y))
            for row, down in ((top, 1 - (y - top)), (top + 1, y - top)):
                for col, across in ((left, 1 - (x - left)), (left + 1, x - left)):
                    found[i, j] += at(row, col) * down * across
    return found


def resized(image, height, width):
    """An image (height, width) by triangles as wide as what they shrink; nothing is rounded."""

    def rows(image, n_out):
        n_in = len(image)
        ratio = n_in / n_out
        support = max(ratio, 1.0)
        found = np.zeros((n_out, image.shape[1]))
        for i in range(n_out):
            center = ratio * (i + 0.5) - 0.5
            shares = [max(0.0, 1 - abs(j - center) / support) for j in range(n_in)]
            for j, share in enumerate(shares):
                found[i] += share / sum(shares) * image[j]
        return found

    return rows(rows(np.asarray(image, float).T, width).T, height)


@pytest.mark.parametrize("size", [(20, 30), (41, 60), (13, 57), (50, 77)])
def test_sizes_known_at_run_time_resize_without_rounding(size):
    number, free = TensorType(INT64, ()), ("batch", "channels", "height", "width")

    def write(op, image, height, width, bottom, right):
        size, padded = (height, width), (bottom, right)
        return (any_size.resize(op, image, size, padded, rounded=False),)

    names = ("height", "width", "bottom", "right")
    run = run_in_onnx(write, {"image": TensorType(FLOAT, free)} | dict.fromkeys(names, number))
    image = np.random.default_rng(3).integers(0, 256, (41, 60)).astype(np.float32)
    (found,) = run(image[None, None], *size, size[0] + 3, size[1])
    assert found.shape == (1, 1, size[0] + 3, size[1])
    np.testing.assert_allclose(found[0, 0, : size[0]], resized(image, *size), atol=LEVEL)
    assert not found[0, 0, size[0] :].any()


@pytest.mark.parametrize("size", [(20, 30), (13, 57), (50, 77)])
def test_known_sizes_resize_without_rounding(size):
    run = run_in_onnx(
        lambda op, image: (antialiased.resize(op, image, (41, 60), size, rounded=False),),
        {"image": TensorType(FLOAT, ("batch", 1, 41, 60))},
    )
    image = np.random.default_rng(4).integers(0, 256, (41, 60)).astype(np.float32)
    (found,) = run(image[None, None])
    np.testing.assert_allclose(found[0, 0], resized(image, *size), atol=LEVEL)


@pytest.mark.parametrize("target", [(None, None), (41, 60)])
def test_the_whole_part_scales_frames_and_then_cuts(target):
    spec = Preprocessing(
        channels="as_is",
        in_channels=1,
        max_height=target[0],
        max_width=target[1],
        input_scale=0.5,
        max_stride=4,
        crop_size=SIZE,
        crop_unit="scaled",
        resize="antialiased_float",
    )
    part = crops_part(spec, RULES["native"])
    run = run_in_onnx(part.write, part.inputs)
    frames = np.random.default_rng(5).integers(0, 256, (2, 41, 60, 1)).astype(np.uint8)
    centers, index = [(20, 20), (33.5, 11.25), (58, 38), (-3, 7)], [0, 1, 1, 0]
    image, corner, eff_scale = run(frames, centers, index)
    assert eff_scale == 1
    for crop, at, center, frame in zip(image, corner, centers, index, strict=True):
        # px of the scaled frame: half of its own; the middle of 6 x 4 px lies 2.5 and 1.5 from px 0
        expected_at = (center[0] / 2 - 2.5, center[1] / 2 - 1.5)
        np.testing.assert_allclose(at, expected_at, atol=1e-5)
        expected = blended(resized(frames[frame, ..., 0], 20, 30), expected_at) / 255
        assert crop.shape == (1, 4, 8)  # the width is padded to a multiple of the stride
        np.testing.assert_allclose(crop[0, :, :6], expected, atol=LEVEL / 255)
        assert not crop[0, :, 6:].any()


def test_crops_between_px_are_those_of_plain_loops():
    run = run_in_onnx(
        lambda op, pixels, corner, index: (crops.cut_blended(op, pixels, corner, index, SIZE),),
        {
            "pixels": TensorType(FLOAT, ("batch", "height", "width", "channels")),
            "corner": TensorType(FLOAT, ("n", 2)),
            "index": TensorType(INT64, ("n",)),
        },
    )
    pixels = np.random.default_rng(7).uniform(0, 255, (2, 11, 13, 1)).astype(np.float32)
    corners = [(2.25, 3.75), (-1.5, -2.5), (10.5, 8.125), (3, 4), (40, 40)]
    index = [0, 1, 0, 1, 1]
    (found,) = run(pixels, corners, index)
    for crop, corner, frame in zip(found, corners, index, strict=True):
        np.testing.assert_allclose(crop[0], blended(pixels[frame, ..., 0], corner), atol=LEVEL)
