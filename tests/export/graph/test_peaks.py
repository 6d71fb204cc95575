"""Peaks inside a graph against plain loops, on maps full of ties, negative values and borders."""

from collections.abc import Callable

import numpy as np
import plain_loops
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx_parts import run_in_onnx

from sleap_rt.export.graph.part import FLOAT, TensorType
from sleap_rt.export.graph.points.peaks import GlobalPeaks, LocalPeaks, global_peaks, local_peaks

PATCH = 5
SCALARS = {"threshold": TensorType(FLOAT), "refine": TensorType(FLOAT)}
MAPS = {"confmaps": TensorType(FLOAT, ("batch", "nodes", "height", "width")), **SCALARS}
FindGlobal = Callable[[np.ndarray, float, float], GlobalPeaks]  # (confmaps, threshold, refine)
FindLocal = Callable[..., LocalPeaks]  # the same, and k=, the number of slots
RELATIVE = 1e-6  # one float32 division; sums of eighths are exact
# Eighths from -0.5 to 1: few values, so that plateaus are common; exact in float32.
EIGHTHS = st.integers(-4, 8).map(lambda n: n / 8)
# A peaked map: mostly one level, so that flat tops of every shape stand out of it.
FLAT = st.sampled_from([0.0, 0.0, 0.0, 0.5])
THRESHOLDS = st.sampled_from([-1.0, -0.125, 0.0, 0.125, 0.2, 0.5, 1.0])


def maps(elements: st.SearchStrategy[float], largest: int = 9) -> st.SearchStrategy[np.ndarray]:
    """(2, 2, height, width)"""
    sides = st.integers(1, largest)
    return st.tuples(sides, sides).flatmap(
        lambda size: arrays(np.float32, (2, 2, *size), elements=elements)
    )


@pytest.fixture(scope="module")
def find_global() -> FindGlobal:
    def write(op, confmaps, threshold, refine):
        return global_peaks(op, confmaps, threshold, refine, patch_size=PATCH)

    run = run_in_onnx(write, MAPS)
    return lambda *values: GlobalPeaks(*run(*values))


@pytest.fixture(scope="module")
def find_local() -> FindLocal:
    def write(op, confmaps, threshold, refine, slots):
        return local_peaks(op, confmaps, threshold, refine, op.Shape(slots), patch_size=PATCH)

    run = run_in_onnx(write, {**MAPS, "slots": TensorType(FLOAT, ("k",))})
    return lambda *values, k: LocalPeaks(*run(*values, np.zeros(k)))


@settings(max_examples=60)
@given(confmaps=maps(EIGHTHS), threshold=THRESHOLDS, refine=st.booleans())
def test_global_peaks_match_plain_loops(find_global, confmaps, threshold, refine):
    found = find_global(confmaps, threshold, refine)
    for sample in range(2):
        for node in range(2):
            *cell, value = plain_loops.global_peak(
                confmaps[sample, node], threshold, PATCH if refine else None
            )
            np.testing.assert_allclose(found.cells[sample, node], cell, rtol=RELATIVE)
            assert found.vals[sample, node] == value


@settings(max_examples=120)
@given(confmaps=st.one_of(maps(EIGHTHS), maps(FLAT)), threshold=THRESHOLDS, refine=st.booleans())
def test_local_peaks_match_plain_loops(find_local, confmaps, threshold, refine):
    n_slots = confmaps[0, 0].size + 3  # more than a map can have peaks
    found = find_local(confmaps, threshold, refine, k=n_slots)
    for sample in range(2):
        for node in range(2):
            expected = plain_loops.local_peaks(
                confmaps[sample, node], threshold, PATCH if refine else None
            )
            n = len(expected)
            xyv = np.array(expected).reshape(n, 3)
            np.testing.assert_allclose(found.cells[sample, node, :n], xyv[:, :2], rtol=RELATIVE)
            assert found.vals[sample, node, :n].tolist() == xyv[:, 2].tolist()
            assert np.isnan(found.vals[sample, node, n:]).all()
            assert np.isnan(found.cells[sample, node, n:]).all()


@settings(max_examples=40)
@given(confmaps=maps(EIGHTHS), n_slots=st.integers(1, 12))
def test_a_graph_with_enough_slots_for_its_candidates_has_lost_no_peak(
    find_local, confmaps, n_slots
):
    found = find_local(confmaps, 0, 0, k=n_slots)
    for sample in range(2):
        for node in range(2):
            expected = plain_loops.local_peaks(confmaps[sample, node], 0, None)
            returned = [v for v in found.vals[sample, node].tolist() if v == v]
            assert found.n_candidates[sample, node] >= len(expected)
            if found.n_candidates[sample, node] <= n_slots:
                assert returned == [value for _, _, value in expected]
            else:
                assert len(returned) <= n_slots


@pytest.mark.parametrize(
    ("top", "rough"),
    [
        ([(1, 5), (2, 5)], (1.5, 5.0)),  # cells as (x, y)
        ([(3, 2), (4, 2)], (3.5, 2.0)),
        ([(2, 2), (3, 3)], (2.5, 2.5)),
        ([(2, 2), (3, 2), (2, 3)], (7 / 3, 7 / 3)),
        ([(0, 0), (1, 0), (0, 1), (1, 1)], (0.5, 0.5)),
        ([(5, 6)], (5.0, 6.0)),  # a corner: what lies outside counts as lower
        ([(2, 2), (3, 2), (4, 2)], None),
        ([(2, 2), (3, 3), (4, 4)], None),
        ([(2, 3), (3, 2), (4, 3)], None),
    ],
)
def test_flat_tops_by_hand(find_local, top, rough):
    confmap = np.zeros((1, 1, 7, 6), np.float32)
    for x, y in top:
        confmap[0, 0, y, x] = 0.75
    found = find_local(confmap, 0.2, 0, k=8)
    expected = [] if rough is None else [rough]
    n = len(expected)
    np.testing.assert_allclose(found.cells[0, 0, :n], np.reshape(expected, (n, 2)), rtol=RELATIVE)
    assert int((~np.isnan(found.vals)).sum()) == n


def test_a_threshold_is_reached_by_a_global_peak_and_passed_by_a_local_one(find_global, find_local):
    confmap = np.zeros((1, 1, 5, 5), np.float32)
    confmap[0, 0, 2, 2] = 0.25
    assert find_global(confmap, 0.25, 0).vals.item() == 0.25
    assert np.isnan(find_local(confmap, 0.25, 0, k=2).vals).all()


def test_refinement_by_hand(find_global, find_local):
    """A corner peak is drawn inwards, as the half of the blob outside counts as zero."""
    confmap = np.zeros((1, 1, 6, 6), np.float32)
    confmap[0, 0, 0, 0], confmap[0, 0, 0, 1] = 0.5, 0.1
    for found in (
        find_global(confmap, 0.2, 1).cells[0, 0],
        find_local(confmap, 0.2, 1, k=1).cells[0, 0, 0],
    ):
        np.testing.assert_allclose(found, [1 / 6, 0], rtol=RELATIVE)


@settings(max_examples=30)
@given(x=st.floats(4, 15), y=st.floats(4, 11), sigma=st.floats(0.8, 1.1), height=st.floats(0.3, 2))
def test_a_drawn_blob_is_found_where_it_was_drawn(find_global, x, y, sigma, height):
    """The patch cuts the blob's tails off unevenly, which costs up to a tenth of a cell."""
    row, col = np.mgrid[:16, :20]
    blob = height * np.exp(-((col - x) ** 2 + (row - y) ** 2) / (2 * sigma**2))
    found = find_global(blob[None, None], 0.2, 1).cells[0, 0]
    np.testing.assert_allclose(found, [x, y], atol=0.1)


def test_every_candidate_is_counted_whatever_its_slots(find_local):
    """Both cells of a plateau are candidates; one that reaches just the threshold is none."""
    confmaps = np.zeros((1, 2, 9, 9), np.float32)
    confmaps[0, 0, 2, 2:4] = 0.75
    confmaps[0, 0, 6, 6], confmaps[0, 0, 8, 0] = 0.25, 0.5
    for n_slots in (1, 3, 100):
        assert find_local(confmaps, 0.25, 0, k=n_slots).n_candidates.tolist() == [[3, 0]]


def test_no_maps_give_no_peaks(find_global, find_local):
    """As many crops as there are animals: sometimes none."""
    nothing = np.zeros((0, 3, 5, 7), np.float32)
    assert find_global(nothing, 0.2, 1).cells.shape == (0, 3, 2)
    assert find_local(nothing, 0.2, 1, k=4).cells.shape == (0, 3, 4, 2)


def test_a_map_of_nan_has_no_candidates(find_local):
    """Else the graph would be run again and again, with slots for every cell."""
    found = find_local(np.full((1, 1, 6, 7), np.nan), 0.2, 1, k=5)
    assert found.n_candidates.tolist() == [[0]]
    assert np.isnan(found.vals).all()
