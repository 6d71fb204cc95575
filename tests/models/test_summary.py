"""What one image costs, by the size of a network's input."""

from typing import Any

import pytest

from sleap_rt.contract import Preprocessing
from sleap_rt.models.network_summary import _input_size


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (512, 512)),  # the training leaves it open
        ({"max_height": 250, "max_width": 324, "input_scale": 0.5}, (128, 176)),  # 125 x 162
        ({"max_width": 100}, (512, 112)),
        ({"max_height": 90, "max_width": 160, "input_scale": 0.7, "max_stride": 1}, (62, 112)),
        ({"crop_size": (96, 96), "input_scale": 0.5, "max_stride": 8}, (48, 48)),
        ({"crop_size": (60, 90), "input_scale": 0.5}, (32, 48)),  # 30 x 45
        ({"crop_size": (36, 36), "input_scale": 0.5, "crop_unit": "scaled"}, (48, 48)),
    ],
)
def test_the_input_has_the_size_of_the_training(changes: dict[str, Any], size: tuple) -> None:
    spec = {"max_height": None, "max_width": None, "input_scale": 1.0, "max_stride": 16}
    assert _input_size(Preprocessing(channels="as_is", in_channels=1, **(spec | changes))) == size
