"""Crops of legacy graphs against the plain reference and against cases by hand."""

import numpy as np
import pytest
import torch
from sleap_rt.export.legacy_crops import cut_crops, to_channels

from sleap_rt.models.legacy.reference import crops as reference_crops
from sleap_rt.models.legacy.reference import frames as reference_frames

RNG = np.random.default_rng(8)


@pytest.mark.parametrize("channels", [1, 3])
def test_crops(channels: int) -> None:
    images = RNG.integers(0, 256, (2, 40, 50, channels), dtype=np.uint8)
    images[0, :20] = 77
    centers = np.concatenate(
        [
            RNG.uniform(-10, 60, (30, 2)),
            [[20, 20], [19.5, 20], [3.5, 3.5], [45.5, 35.5], [3.25, 3.5], [-50, 10]],
        ]
    ).astype(np.float32)
    frame_index = np.arange(len(centers)) % 2
    found = cut_crops(
        torch.tensor(images.transpose(0, 3, 1, 2)).float(),
        torch.tensor(centers),
        torch.tensor(frame_index),
        8,
    )
    for i, crop in enumerate(found.numpy()):
        (expected,) = reference_crops.cut_crops(images[frame_index[i]], centers[i : i + 1], 8)
        np.testing.assert_array_equal(crop.transpose(1, 2, 0), expected, err_msg=str(centers[i]))
    assert (found[-1] == 0).all()


def test_a_missing_centre_gives_a_black_crop() -> None:
    image = torch.full((1, 1, 20, 20), 9.0)
    found = cut_crops(image, torch.tensor([[10, torch.nan]]), torch.tensor([0]), 8)
    assert (found == 0).all()


def test_crops_take_the_channels_of_the_network() -> None:
    rgb = RNG.integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    found = to_channels(torch.tensor(rgb.transpose(0, 3, 1, 2)).float(), 1)
    expected = reference_frames.to_channels(rgb, 1)
    assert (found.numpy().transpose(0, 2, 3, 1) != expected).sum() <= 1  # see the luma of frames
    gray = torch.tensor(rgb[..., :1].transpose(0, 3, 1, 2)).float()
    assert to_channels(gray, 3).shape == (2, 3, 16, 16)
    assert to_channels(gray, 1) is gray
