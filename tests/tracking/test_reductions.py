import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tolerances import FLOAT64

from sleap_rt.tracking.reductions import open_reduction
from tracking import oracles

SCORES = arrays(np.float64, (2, 3, 4), elements=st.one_of(st.just(math.nan), st.floats(-100, 100)))


@pytest.mark.parametrize("name", ["mean", "max", "robust_quantile"])
@given(scores=SCORES, quantile=st.floats(0.01, 1))
def test_reductions_match_plain_loops(name, scores, quantile):
    expected = [[oracles.reduce(s, name, quantile) for s in row] for row in scores.tolist()]
    found = open_reduction(name, quantile=quantile)(scores)
    np.testing.assert_allclose(found, expected, atol=FLOAT64)


@given(scores=SCORES)
def test_the_whole_quantile_is_the_maximum(scores):
    whole = open_reduction("robust_quantile", quantile=1.0)(scores)
    np.testing.assert_array_equal(whole, open_reduction("max", quantile=1.0)(scores))
