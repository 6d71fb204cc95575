"""Scores of lines and assembly of instances in the reference: cases worked by hand."""

import numpy as np
import pytest
from tolerances import FLOAT32

from sleap_rt.models.reference.grouping import edge_order, group, line_scores
from sleap_rt.options import DecodeOptions


def _field(height: int = 8, width: int = 8) -> np.ndarray:
    """One edge, everywhere pointing right with strength 0.8."""
    pafs = np.zeros((2, height, width), np.float32)
    pafs[0] = 0.8
    return pafs


def _scores(pafs: np.ndarray, sources: list, destinations: list, **options: float) -> np.ndarray:
    return line_scores(
        pafs,
        0,
        np.array(sources, np.float32),
        np.array(destinations, np.float32),
        stride=4,
        n_points=10,
        options=DecodeOptions(**options),
    )


def test_lines_along_the_field_score_its_strength_and_long_ones_less() -> None:
    # Fields of 8 x 8 cells of 4 px: free length 0.25 * 8 * 4 = 8 px.
    found = _scores(_field(), [[0, 0]], [[8, 0], [16, 0], [0, 8]])
    # Along and free; along, but twice as long: 8 / 16 - 1; across the field.
    np.testing.assert_allclose(found, [[0.8, 0.3, 0.0]], atol=FLOAT32)


def test_every_source_is_scored_with_every_destination() -> None:
    found = _scores(_field(), [[0, 0], [8, 8]], [[8, 0], [0, 8], [16, 8]])
    # The second source: up, backwards, along.
    np.testing.assert_allclose(found[0, :2], [0.8, 0.0], atol=FLOAT32)
    np.testing.assert_allclose(found[1], [0.0, -0.8, 0.8], atol=FLOAT32)


def test_the_number_of_channels_counts_as_an_axis_of_the_free_length() -> None:
    pafs = np.zeros((40, 8, 8), np.float32)
    pafs[0] = 0.8
    found = _scores(pafs, [[0, 0]], [[28, 0]])
    np.testing.assert_allclose(found, [[0.8]], atol=FLOAT32)  # free: 0.25 * 40 * 4 = 40 px


def test_cells_are_rounded_half_to_even_and_clipped() -> None:
    pafs = np.zeros((2, 1, 4), np.float32)
    pafs[0] = [1, 2, 4, 8]
    # From x = 2 to 38 in 10 samples of 4 px: cells 0.5, 1.5, 2.5, 3.5, 4.5 ... -> 0, 2, 2, 3, 3 ...
    found = _scores(pafs, [[2, 0]], [[38, 0]], dist_penalty_weight=0.0)
    np.testing.assert_allclose(found, [[(1 + 4 + 4 + 7 * 8) / 10]], rtol=FLOAT32)


def test_two_peaks_at_one_place_have_no_score_and_are_not_joined() -> None:
    found = _scores(_field(), [[4, 4]], [[4, 4]])
    np.testing.assert_array_equal(found, [[np.nan]])
    assert group(((0, 1),), [found], 2, DecodeOptions(min_line_scores=-10)) == []


def _pairs(scores: np.ndarray, least: float) -> list[dict[int, int]]:
    options = DecodeOptions(min_line_scores=least)
    return [instance.peaks for instance in group(((0, 1),), [scores], 2, options)]


def test_matching_is_best_overall_and_drops_weak_lines() -> None:
    scores = np.array([[0.9, 0.8], [0.7, 0.1]], np.float32)  # 0.8 + 0.7 beats 0.9 + 0.1
    assert _pairs(scores, 0.75) == [{0: 0, 1: 1}]
    assert _pairs(scores, float(scores[1, 0])) == [{0: 0, 1: 1}, {0: 1, 1: 0}]  # exactly


def test_edges_are_walked_breadth_first_from_the_root() -> None:
    # 2 is the root; 0 hangs on 1, which hangs on 2, as does 3.
    assert edge_order(((1, 0), (2, 1), (2, 3))) == [1, 2, 0]
    # A second way to node 0 is not used.
    assert edge_order(((2, 1), (2, 0), (1, 0))) == [0, 1]


NONE = np.nan
ALONG = [  # edges 0 - 1 - 2; two peaks of node 0, two of node 1, three of node 2, the last alone
    np.array([[NONE, 0.5], [NONE, NONE]], np.float32),
    np.array([[0.75, NONE, NONE], [NONE, 1.0, NONE]], np.float32),
]


def test_assembly_joins_along_the_tree_and_sums_scores() -> None:
    found = group(((0, 1), (1, 2)), ALONG, 3, DecodeOptions())
    assert [instance.peaks for instance in found] == [{0: 0, 1: 1, 2: 1}, {1: 0, 2: 0}]
    np.testing.assert_allclose([instance.score for instance in found], [1.5, 0.75])


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"min_instance_peaks": 3}, [0]),
        ({"min_instance_peaks": 2}, [0, 1]),
        ({"min_instance_peaks": 0.7}, [0, 1]),  # of 3 nodes, rounded down: 2
        ({"max_instances": 1}, [0]),
        ({"max_instances": 2}, [0, 1]),
    ],
)
def test_small_instances_and_all_but_the_best_are_dropped(options, kept) -> None:
    everything = group(((0, 1), (1, 2)), ALONG, 3, DecodeOptions())
    found = group(((0, 1), (1, 2)), ALONG, 3, DecodeOptions(**options))
    assert found == [everything[i] for i in kept]
