"""Peaks of legacy graphs against plain loops and against cases by hand."""

from collections.abc import Callable

import numpy as np
import plain_legacy_peaks as reference_peaks
import pytest
from onnx_parts import run_in_onnx

from sleap_rt.export.graph.part import FLOAT, TensorType
from sleap_rt.export.graph.points.legacy_peaks import global_peaks, local_peaks
from sleap_rt.export.graph.points.peaks import GlobalPeaks, LocalPeaks

RNG = np.random.default_rng(8)
THRESHOLD = 0.2
PX = 1e-5  # cells; two ways to sum a patch of 25 values


def _maps(*shape: int, levels: int | None = None) -> np.ndarray:
    """Smooth noise; with `levels`, so few values that plateaus abound."""
    maps = RNG.random(shape, dtype=np.float32)
    return maps if levels is None else np.round(maps * levels) / np.float32(levels)


_AXES = ("height", "width")
_MAPS = {
    "confmaps": TensorType(FLOAT, ("batch", "nodes", *_AXES)),
    "offsets": TensorType(FLOAT, ("batch", "twice_nodes", *_AXES)),
    "threshold": TensorType(FLOAT),
    "refine": TensorType(FLOAT),
}


def _no_offsets(confmaps: np.ndarray) -> np.ndarray:
    return np.zeros_like(np.repeat(confmaps, 2, axis=1))


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "with_offsets"])
def with_offsets(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def find_global(with_offsets: bool) -> Callable[..., GlobalPeaks]:
    """(confmaps, offsets, threshold, refine) -> peaks"""

    def write(op, confmaps, offsets, threshold, refine):
        offsets = offsets if with_offsets else None
        return global_peaks(op, confmaps, offsets, threshold, refine, patch_size=5)

    run = run_in_onnx(write, _MAPS)
    return lambda *values: GlobalPeaks(*run(*values))


@pytest.fixture(scope="module")
def find_local(with_offsets: bool) -> Callable[..., LocalPeaks]:
    """(confmaps, offsets, threshold, refine, k=number of slots) -> peaks"""

    def write(op, confmaps, offsets, threshold, refine, slots):
        offsets = offsets if with_offsets else None
        k = op.Shape(slots)
        return local_peaks(op, confmaps, offsets, threshold, refine, k, patch_size=5)

    run = run_in_onnx(write, {**_MAPS, "slots": TensorType(FLOAT, ("k",))})
    return lambda *values, k: LocalPeaks(*run(*values, np.zeros(k)))


@pytest.mark.parametrize("levels", [None, 4])
def test_local_peaks(
    find_local: Callable[..., LocalPeaks], levels: int | None, with_offsets: bool
) -> None:
    confmaps, offsets = _maps(2, 3, 17, 23, levels=levels), _maps(2, 6, 17, 23) - 0.5
    found = find_local(confmaps, offsets, THRESHOLD, 1.0, k=200)
    n_found = 0
    for image in range(2):
        expected = reference_peaks.local_peaks(confmaps[image], THRESHOLD)
        cells = reference_peaks.refine(
            expected, confmaps[image], offsets[image] if with_offsets else None
        )
        for node in range(3):
            there = ~np.isnan(found.vals[image, node])
            mine = expected.channels == node
            n_found += there.sum()
            np.testing.assert_array_equal(found.vals[image, node][there], expected.vals[mine])
            np.testing.assert_allclose(found.cells[image, node][there], cells[mine], atol=PX)
    assert n_found > 20
    assert (found.n_candidates >= (~np.isnan(found.vals)).sum(axis=2)).all()


def test_two_equal_neighbours_are_no_peak_and_the_threshold_is_none(
    find_local: Callable[..., LocalPeaks],
) -> None:
    confmap = np.zeros((1, 1, 7, 9), np.float32)
    confmap[0, 0, 1, 1:3] = 0.9  # a plateau
    confmap[0, 0, 5, 2] = THRESHOLD
    confmap[0, 0, 4, 6] = 0.5
    found = find_local(confmap, _no_offsets(confmap), THRESHOLD, 0.0, k=4)
    assert found.cells[0, 0, 0].tolist() == [6, 4]
    assert np.isnan(found.cells[0, 0, 1:]).all()


@pytest.mark.parametrize("levels", [None, 3])
def test_global_peaks(
    find_global: Callable[..., GlobalPeaks], levels: int | None, with_offsets: bool
) -> None:
    """With few levels, the first row and the first column of the maximum are of different cells."""
    confmaps, offsets = _maps(4, 5, 6, 9, levels=levels), _maps(4, 10, 6, 9) - 0.5
    confmaps[0, 0] *= np.float32(0.1)  # below the threshold
    found = find_global(confmaps, offsets, THRESHOLD, 1.0)
    for image in range(4):
        expected = reference_peaks.global_peaks(confmaps[image])
        cells = reference_peaks.refine(
            expected, confmaps[image], offsets[image] if with_offsets else None
        )
        cells[expected.vals < THRESHOLD] = np.nan
        np.testing.assert_array_equal(found.vals[image], expected.vals)
        np.testing.assert_allclose(found.cells[image], cells, atol=PX)
    assert np.isnan(found.cells[0, 0]).all()
    assert found.vals[0, 0] > 0  # kept: it counts in the score of a single instance


def test_row_and_column_of_a_global_peak_are_found_apart(
    find_global: Callable[..., GlobalPeaks],
) -> None:
    confmap = np.zeros((1, 1, 4, 5), np.float32)
    confmap[0, 0, 1, 3] = confmap[0, 0, 2, 1] = 0.9
    found = find_global(confmap, _no_offsets(confmap), THRESHOLD, 0.0)
    assert np.isnan(found.cells).all()  # row 1 and column 1 meet in a cell of 0
    assert found.vals.item() == 0
    expected = reference_peaks.global_peaks(confmap[0])
    assert (expected.cells.tolist(), expected.vals.tolist()) == ([[1, 1]], [0])
