"""Peaks and crops of legacy graphs against the plain reference and against cases by hand."""

import numpy as np
import pytest
import torch

from sleap_rt.export.legacy_crops import cut_crops, to_channels
from sleap_rt.export.legacy_peaks import global_peaks, local_peaks
from sleap_rt.models.legacy.reference import crops as reference_crops
from sleap_rt.models.legacy.reference import frames as reference_frames
from sleap_rt.models.legacy.reference import peaks as reference_peaks

RNG = np.random.default_rng(8)
THRESHOLD = 0.2
PX = 1e-5  # cells; two ways to sum a patch of 25 values


def _maps(*shape: int, levels: int | None = None) -> np.ndarray:
    """Smooth noise; with `levels`, so few values that plateaus abound."""
    maps = RNG.random(shape, dtype=np.float32)
    return maps if levels is None else np.round(maps * levels) / np.float32(levels)


def _tensors(*arrays: np.ndarray | float) -> list[torch.Tensor]:
    return [torch.tensor(array, dtype=torch.float32) for array in arrays]


@pytest.mark.parametrize("with_offsets", [False, True])
@pytest.mark.parametrize("levels", [None, 4])
def test_local_peaks(levels: int | None, with_offsets: bool) -> None:
    confmaps, offsets = _maps(2, 3, 17, 23, levels=levels), _maps(2, 6, 17, 23) - 0.5
    found = local_peaks(
        torch.tensor(confmaps),
        torch.tensor(offsets) if with_offsets else None,
        *_tensors(THRESHOLD, 1.0),
        5,
        200,
    )
    n_found = 0
    for image in range(2):
        expected = reference_peaks.local_peaks(confmaps[image], THRESHOLD)
        cells = reference_peaks.refine(
            expected, confmaps[image], offsets[image] if with_offsets else None
        )
        for node in range(3):
            there = ~torch.isnan(found.vals[image, node]).numpy()
            mine = expected.channels == node
            n_found += there.sum()
            np.testing.assert_array_equal(found.vals[image, node][there], expected.vals[mine])
            np.testing.assert_allclose(found.cells[image, node][there], cells[mine], atol=PX)
    assert n_found > 20
    assert (found.n_candidates >= (~torch.isnan(found.vals)).sum(dim=2)).all()


def test_two_equal_neighbours_are_no_peak_and_the_threshold_is_none() -> None:
    confmap = np.zeros((1, 1, 7, 9), np.float32)
    confmap[0, 0, 1, 1:3] = 0.9  # a plateau
    confmap[0, 0, 5, 2] = THRESHOLD
    confmap[0, 0, 4, 6] = 0.5
    found = local_peaks(torch.tensor(confmap), None, *_tensors(THRESHOLD, 0.0), 5, 4)
    assert found.cells[0, 0, 0].tolist() == [6, 4]
    assert torch.isnan(found.cells[0, 0, 1:]).all()


@pytest.mark.parametrize("with_offsets", [False, True])
@pytest.mark.parametrize("levels", [None, 3])
def test_global_peaks(levels: int | None, with_offsets: bool) -> None:
    """With few levels, the first row and the first column of the maximum are of different cells."""
    confmaps, offsets = _maps(4, 5, 6, 9, levels=levels), _maps(4, 10, 6, 9) - 0.5
    confmaps[0, 0] *= np.float32(0.1)  # below the threshold
    found = global_peaks(
        torch.tensor(confmaps),
        torch.tensor(offsets) if with_offsets else None,
        *_tensors(THRESHOLD, 1.0),
        5,
    )
    for image in range(4):
        expected = reference_peaks.global_peaks(confmaps[image])
        cells = reference_peaks.refine(
            expected, confmaps[image], offsets[image] if with_offsets else None
        )
        cells[expected.vals < THRESHOLD] = np.nan
        np.testing.assert_array_equal(found.vals[image], expected.vals)
        np.testing.assert_allclose(found.cells[image], cells, atol=PX)
    assert torch.isnan(found.cells[0, 0]).all()
    assert found.vals[0, 0] > 0  # kept: it counts in the score of a single instance


def test_row_and_column_of_a_global_peak_are_found_apart() -> None:
    confmap = np.zeros((1, 1, 4, 5), np.float32)
    confmap[0, 0, 1, 3] = confmap[0, 0, 2, 1] = 0.9
    found = global_peaks(torch.tensor(confmap), None, *_tensors(THRESHOLD, 0.0), 5)
    assert torch.isnan(found.cells).all()  # row 1 and column 1 meet in a cell of 0
    assert found.vals.item() == 0
    expected = reference_peaks.global_peaks(confmap[0])
    assert (expected.cells.tolist(), expected.vals.tolist()) == ([[1, 1]], [0])


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
