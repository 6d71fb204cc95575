"""Real checkpoints on a synthetic frame, against values recorded from sleap-nn 0.3.3.

Size matching, scaling and padding are held by the exact sum of the prepared image, the network by
statistics of its maps, at the training size, beyond it and below it.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.models.reference.native import (
    convert_channels,
    match_size,
    network_input,
    scale_and_pad,
)
from sleap_rt.models.trained import TrainedModel

pytestmark = pytest.mark.parity

ATOL = 2e-5  # of values recorded with six digits; maps are of size 1


class Maps(NamedTuple):
    """What was recorded of one output, first sample."""

    shape: tuple[int, int, int]
    mean: float
    max: float | None = None
    argmax: tuple[int, int] | None = None  # (row, col) in channel 0
    first: float | None = None  # value at [0, 0, 0]


class Recorded(NamedTuple):
    model: str
    frame: tuple[int, int, int]
    prepared: tuple[int, int, int]
    total: int  # of the prepared image's gray levels
    eff_scale: float
    outputs: dict[str, Maps]


RECORDED = [
    Recorded(
        "single_instance",
        (320, 560, 3),
        (3, 160, 280),
        17177832,
        1,
        {"confmaps": Maps((2, 40, 70), 0.265448, 0.780370, (14, 64), -0.064990)},
    ),
    Recorded(
        "single_instance",
        (301, 517, 3),
        (3, 160, 280),
        16841713,
        1.06312287,
        {"confmaps": Maps((2, 40, 70), 0.276003, 0.837816, (32, 65), -0.093548)},
    ),
    Recorded(
        "single_instance",
        (123, 201, 1),
        (1, 160, 280),
        5355544,
        2.60162592,
        {"confmaps": Maps((2, 40, 70), 0.457523, 1.050405, (31, 44), -0.176570)},
    ),
    Recorded(
        "bottomup",
        (384, 384, 1),
        (1, 384, 384),
        18798541,
        1,
        {
            "confmaps": Maps((2, 192, 192), 0.040239, 1.748870, (118, 1), -0.074613),
            "pafs": Maps((2, 96, 96), -0.086133, 1.677938, (93, 4), -0.021669),
        },
    ),
    Recorded(
        "bottomup",
        (301, 517, 3),
        (3, 384, 384),
        32887024,
        0.74274659,
        {
            "confmaps": Maps((2, 192, 192), 0.020963, 1.542532, (54, 1), -0.064568),
            "pafs": Maps((2, 96, 96), -0.071589, 1.452220, (2, 91), -0.013744),
        },
    ),
    Recorded(
        "bottomup",
        (123, 201, 1),
        (1, 384, 384),
        11532337,
        1.91044772,
        {
            "confmaps": Maps((2, 192, 192), 0.015840, 2.063916, (71, 1), -0.084815),
            "pafs": Maps((2, 96, 96), -0.031878, 1.681393, (2, 93), -0.011854),
        },
    ),
    Recorded(
        "multiclass_bottomup",
        (384, 384, 1),
        (1, 192, 192),
        4709925,
        1,
        {
            "confmaps": Maps((2, 96, 96), -0.612534, 8.348164, (53, 93), 1.416904),
            "class_maps": Maps((2, 96, 96), 0.428304),
        },
    ),
    Recorded(
        "multiclass_bottomup",
        (301, 517, 3),
        (3, 192, 192),
        8230389,
        0.74274659,
        {
            "confmaps": Maps((2, 96, 96), -0.306976, 8.130501, (34, 93), 1.382782),
            "class_maps": Maps((2, 96, 96), 0.258990),
        },
    ),
    Recorded(
        "centroid",
        (384, 384, 1),
        (1, 384, 384),
        18798541,
        1,
        {"confmaps": Maps((1, 96, 96), 0.791206, 2.678138, (67, 2), 0.215411)},
    ),
    Recorded(
        "centroid",
        (123, 201, 1),
        (1, 384, 384),
        11532337,
        1.91044772,
        {"confmaps": Maps((1, 96, 96), 0.439334, 3.307816, (52, 2), -0.001178)},
    ),
]
CROPS = [
    Recorded(
        "centered_instance",
        (96, 96, 1),
        (1, 96, 96),
        1172624,
        1,
        {"confmaps": Maps((2, 48, 48), 0.053343, 2.056533, (31, 3), 0.000834)},
    ),
    Recorded(
        "multiclass_centered_instance",
        (128, 128, 1),
        (1, 128, 128),
        2088451,
        1,
        {"confmaps": Maps((2, 64, 64), 0.029340, 0.174547, (63, 59), 0.069021)},
    ),
]


def frame(height: int, width: int, channels: int) -> np.ndarray:
    y, x, c = np.mgrid[:height, :width, :channels]
    return ((3 * y + 5 * x + 7 * c + (x * y) % 11) % 256).astype(np.uint8)


def assert_recorded(model: TrainedModel, image: torch.Tensor, outputs: dict[str, Maps]) -> None:
    found: dict[str, Any] = {name: maps[0].numpy() for name, maps in model.network(image).items()}
    for name, expected in outputs.items():
        maps, atol = found[name], ATOL * max(1.0, abs(expected.max or 1))
        assert maps.shape == expected.shape
        np.testing.assert_allclose(maps.mean(), expected.mean, rtol=0, atol=atol)
        if expected.max is not None:
            np.testing.assert_allclose(maps.max(), expected.max, rtol=0, atol=atol)
            np.testing.assert_allclose(maps[0, 0, 0], expected.first, rtol=0, atol=atol)
            row_col = np.unravel_index(maps[0].argmax(), maps[0].shape)
            assert tuple(map(int, row_col)) == expected.argmax


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda r: f"{r.model}-{r.frame}")
def test_whole_frames_are_prepared_and_run_as_recorded(shared_data, recorded):
    model = load_native_model(shared_data / "native" / recorded.model)
    spec = model.preprocessing
    converted = convert_channels(frame(*recorded.frame), spec.channels)
    sized = match_size(converted, spec.max_height, spec.max_width)
    np.testing.assert_allclose(sized.eff_scale, recorded.eff_scale, rtol=1e-7)
    prepared = scale_and_pad(sized.image, spec.input_scale, spec.max_stride)
    assert prepared.transpose(2, 0, 1).shape == recorded.prepared
    assert int(prepared.sum()) == recorded.total
    image = network_input(prepared, spec.in_channels)
    assert_recorded(model, image, recorded.outputs)


@pytest.mark.parametrize("recorded", CROPS, ids=lambda r: r.model)
def test_crops_are_run_as_recorded(shared_data, recorded):
    model = load_native_model(shared_data / "native" / recorded.model)
    crop = frame(*recorded.frame)
    assert int(crop.sum()) == recorded.total
    image = network_input(crop, model.preprocessing.in_channels)
    assert image.shape[1:] == recorded.prepared
    assert_recorded(model, image, recorded.outputs)
