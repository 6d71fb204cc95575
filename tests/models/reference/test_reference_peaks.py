"""Peaks in the reference: cases worked by hand."""

import numpy as np
import pytest

from sleap_rt.contract import Decoding
from sleap_rt.models.reference.pipeline import REFERENCES
from sleap_rt.models.reference.plain_peaks import (
    Peak,
    highest_cell,
    highest_row_and_column,
    maxima,
    refined,
    shifted,
    strict_maxima,
)
from sleap_rt.models.reference.reference_rules import all_peaks, highest_peaks
from sleap_rt.options import DecodeOptions

DECODING = Decoding(confmaps_stride=2)


def test_strict_maxima_are_in_raster_order_and_above_the_threshold() -> None:
    maps = np.zeros((2, 5, 6), np.float32)
    maps[0, 3, 4] = 0.9
    maps[1, 0, 0] = 0.5  # corners can be peaks
    maps[1, 3, 4] = 0.3
    maps[0, 1, 1] = maps[0, 1, 2] = 0.8  # a plateau is none
    maps[1, 4, 0] = 0.2  # at the threshold is not above it
    first, second = (strict_maxima(confmap, 0.2) for confmap in maps)
    assert [peak.cell for peak in first] == [(3, 4)]
    assert [peak.cell for peak in second] == [(0, 0), (3, 4)]
    assert [(peak.x, peak.y) for peak in second] == [(0, 0), (4, 3)]
    assert [peak.value for peak in first + second] == [np.float32(v) for v in (0.9, 0.5, 0.3)]


def test_a_plateau_that_fits_a_block_counts_once_where_cells_may_be_equal() -> None:
    confmap = np.zeros((5, 8), np.float32)
    confmap[1, 1] = confmap[1, 2] = 0.8  # between columns 1 and 2; refined from the first
    confmap[0, 5] = confmap[0, 6] = confmap[0, 7] = 0.7  # three in a row fit no block
    confmap[4, 0] = 0.2  # at the threshold is not above it
    confmap[3, 6] = 0.5
    assert maxima(confmap, 0.2) == [
        Peak(1.5, 1.0, np.float32(0.8), (1, 1)),
        Peak(6.0, 3.0, np.float32(0.5), (3, 6)),
    ]


def test_the_highest_row_and_column_are_found_apart() -> None:
    maps = np.zeros((2, 4, 6), np.float32)
    maps[0, 2, 5] = 0.7
    maps[1, 1, 5] = maps[1, 3, 2] = 0.4  # tied: first row and first column of any maximum
    found = [highest_row_and_column(confmap) for confmap in maps]
    assert [(peak.x, peak.y) for peak in found] == [(5, 2), (2, 1)]
    assert found[0].value == np.float32(0.7)
    assert highest_cell(maps[1])[:2] == (5, 1)  # a cell that holds the maximum


def test_integral_refinement_is_the_center_of_mass_with_zeros_outside() -> None:
    confmap = np.zeros((6, 7), np.float32)
    confmap[0, 3], confmap[0, 4], confmap[2, 3] = 0.5, 0.25, 0.25
    found = refined(confmap, Peak(3, 0, 0.5, (0, 3)), 5)
    np.testing.assert_allclose((found.x, found.y), (3.25, 0.5))
    assert (found.value, found.cell) == (0.5, (0, 3))


def test_offsets_move_a_peak_by_what_the_network_says() -> None:
    offsets = np.zeros((4, 4, 4), np.float32)
    offsets[2, 3, 1], offsets[3, 3, 1] = 0.75, -1.5  # dx, dy of node 1 at row 3, column 1
    found = shifted(offsets, 1, Peak(1, 3, 1.0, (3, 1)))
    assert (found.x, found.y) == (1.75, 1.5)


@pytest.mark.parametrize("refinement", ["integral", "none"])
def test_offsets_replace_integral_refinement(refinement) -> None:
    """The map alone would draw the peak to the right."""
    outputs = {"confmaps": np.zeros((1, 4, 4), np.float32), "offsets": np.full((2, 4, 4), 0.25)}
    outputs["confmaps"][0, 1, 1:3] = 0.9, 0.8
    options = DecodeOptions(integral_refinement=refinement)
    (only,) = highest_peaks(REFERENCES["legacy"], outputs, DECODING, options)
    ((one,),) = all_peaks(REFERENCES["legacy"], outputs, DECODING, options, 0.2)
    assert (only.x, only.y) == (one.x, one.y) == (1.25, 1.25)


@pytest.mark.parametrize("family", REFERENCES)
def test_no_peaks_at_all(family) -> None:
    outputs = {"confmaps": np.zeros((2, 4, 4), np.float32)}
    assert all_peaks(REFERENCES[family], outputs, DECODING, DecodeOptions(), 0.2) == [[], []]
    for peak in highest_peaks(REFERENCES[family], outputs, DECODING, DecodeOptions()):
        assert np.isnan([peak.x, peak.y]).all()


@pytest.mark.parametrize(("family", "below"), [("native", 0.0), ("legacy", np.float32(0.1))])
def test_a_value_equal_to_the_threshold_counts(family, below) -> None:
    """Below it a native peak has no value either; a legacy one keeps it."""
    outputs = {"confmaps": np.zeros((2, 4, 4), np.float32)}
    outputs["confmaps"][0, 1, 1], outputs["confmaps"][1, 1, 1] = 0.2, 0.1
    options = DecodeOptions(integral_refinement="none")
    at, under = highest_peaks(REFERENCES[family], outputs, DECODING, options)
    assert at == Peak(1, 1, np.float32(0.2), (1, 1))
    assert np.isnan([under.x, under.y]).all()
    assert under.value == below
