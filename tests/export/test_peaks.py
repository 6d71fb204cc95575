"""Peaks inside a graph against plain loops, on maps full of ties, negative values and borders."""

import numpy as np
import plain_loops
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sleap_rt.export.peaks import global_peaks, local_peaks

PATCH = 5
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


def scalar(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float32)


@settings(max_examples=60)
@given(confmaps=maps(EIGHTHS), threshold=THRESHOLDS, refine=st.booleans())
def test_global_peaks_match_plain_loops(confmaps, threshold, refine):
    found = global_peaks(
        torch.from_numpy(confmaps), scalar(threshold), scalar(float(refine)), PATCH
    )
    for sample in range(2):
        for node in range(2):
            *cell, value = plain_loops.global_peak(
                confmaps[sample, node], threshold, PATCH if refine else None
            )
            np.testing.assert_allclose(found.cells[sample, node], cell, rtol=RELATIVE)
            assert found.vals[sample, node] == value


@settings(max_examples=120)
@given(confmaps=st.one_of(maps(EIGHTHS), maps(FLAT)), threshold=THRESHOLDS, refine=st.booleans())
def test_local_peaks_match_plain_loops(confmaps, threshold, refine):
    n_slots = confmaps[0, 0].size + 3  # more than a map can have peaks
    found = local_peaks(
        torch.from_numpy(confmaps), scalar(threshold), scalar(float(refine)), PATCH, n_slots
    )
    for sample in range(2):
        for node in range(2):
            expected = plain_loops.local_peaks(
                confmaps[sample, node], threshold, PATCH if refine else None
            )
            n = len(expected)
            xyv = np.array(expected).reshape(n, 3)
            np.testing.assert_allclose(found.cells[sample, node, :n], xyv[:, :2], rtol=RELATIVE)
            assert found.vals[sample, node, :n].tolist() == xyv[:, 2].tolist()
            assert torch.isnan(found.vals[sample, node, n:]).all()
            assert torch.isnan(found.cells[sample, node, n:]).all()


@settings(max_examples=40)
@given(confmaps=maps(EIGHTHS), n_slots=st.integers(1, 12))
def test_a_graph_with_enough_slots_for_its_candidates_has_lost_no_peak(confmaps, n_slots):
    found = local_peaks(torch.from_numpy(confmaps), scalar(0), scalar(0), PATCH, n_slots)
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
def test_flat_tops_by_hand(top, rough):
    confmap = torch.zeros(1, 1, 7, 6)
    for x, y in top:
        confmap[0, 0, y, x] = 0.75
    found = local_peaks(confmap, scalar(0.2), scalar(0), PATCH, 8)
    expected = [] if rough is None else [rough]
    n = len(expected)
    np.testing.assert_allclose(found.cells[0, 0, :n], np.reshape(expected, (n, 2)), rtol=RELATIVE)
    assert int((~torch.isnan(found.vals)).sum()) == n


def test_a_threshold_is_reached_by_a_global_peak_and_passed_by_a_local_one():
    confmap = torch.zeros(1, 1, 5, 5)
    confmap[0, 0, 2, 2] = 0.25
    at = scalar(0.25)
    assert global_peaks(confmap, at, scalar(0), PATCH).vals.item() == 0.25
    assert torch.isnan(local_peaks(confmap, at, scalar(0), PATCH, 2).vals).all()


def test_refinement_by_hand():
    """A corner peak is drawn inwards, as the half of the blob outside counts as zero."""
    confmap = torch.zeros(1, 1, 6, 6)
    confmap[0, 0, 0, 0], confmap[0, 0, 0, 1] = 0.5, 0.1
    for found in (
        global_peaks(confmap, scalar(0.2), scalar(1), PATCH).cells[0, 0],
        local_peaks(confmap, scalar(0.2), scalar(1), PATCH, 1).cells[0, 0, 0],
    ):
        np.testing.assert_allclose(found, [1 / 6, 0], rtol=RELATIVE)


@settings(max_examples=30)
@given(x=st.floats(4, 15), y=st.floats(4, 11), sigma=st.floats(0.8, 1.1), height=st.floats(0.3, 2))
def test_a_drawn_blob_is_found_where_it_was_drawn(x, y, sigma, height):
    """The patch cuts the blob's tails off unevenly, which costs up to a tenth of a cell."""
    row, col = np.mgrid[:16, :20]
    blob = height * np.exp(-((col - x) ** 2 + (row - y) ** 2) / (2 * sigma**2))
    confmap = torch.from_numpy(blob.astype(np.float32))[None, None]
    found = global_peaks(confmap, scalar(0.2), scalar(1), PATCH).cells[0, 0]
    np.testing.assert_allclose(found, [x, y], atol=0.1)
