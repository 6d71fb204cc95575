"""Crops of the old crop order, sampled between px, against plain loops."""

import numpy as np
from onnx_parts import run_in_onnx

from sleap_rt.export.graph.part import FLOAT, INT64, TensorType
from sleap_rt.export.graph.pixels import crops

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
