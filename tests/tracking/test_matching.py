import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sleap_rt.tracking.matching import match
from tracking import oracles

SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=4)


@given(scores=arrays(np.float64, SHAPES, elements=st.floats(-9, 9)))
def test_hungarian_has_the_best_total(scores):
    rows, columns = match(scores, method="hungarian")
    assert len(set(rows.tolist())) == len(set(columns.tolist())) == min(scores.shape)
    wide = scores if scores.shape[0] <= scores.shape[1] else scores.T
    assert scores[rows, columns].sum() == pytest.approx(oracles.best_total(wide.tolist()))


@given(scores=arrays(np.float64, SHAPES, elements=st.sampled_from([0.0, 0.5, 1.0, math.nan, -3.0])))
def test_greedy_matches_plain_loops_with_ties(scores):
    rows, columns = match(scores, method="greedy")
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == oracles.greedy(
        scores.tolist()
    )


@pytest.mark.parametrize("method", ["hungarian", "greedy"])
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_empty_sides_give_no_pairs(method, shape):
    rows, columns = match(np.empty(shape), method=method)
    assert (len(rows), len(columns)) == (0, 0)


@pytest.mark.parametrize("method", ["hungarian", "greedy"])
def test_a_pair_that_cannot_be_judged_is_the_last_resort(method):
    scores = np.array([[math.nan, -1e6], [-5.0, -4.0]])
    rows, columns = match(scores, method=method)
    finite = np.isfinite(scores[rows, columns])
    assert finite.all() == (method == "hungarian")  # greedy takes -4 first and is left with NaN
    assert len(rows) == 2
