"""Pairs are those of SciPy, whether or not it was asked."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import linear_sum_assignment

from sleap_rt.libraries.assignment import least_cost_pairs

SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=6)
COSTS = st.one_of(
    arrays(np.float32, SHAPES, elements=st.floats(-2, 2, width=32)),
    arrays(np.float32, SHAPES, elements=st.sampled_from([-1.0, -0.0, 0.0, 0.5, 1e6])),  # ties
)


@given(costs=COSTS)
def test_pairs_are_those_of_scipy(costs):
    rows, columns = least_cost_pairs(costs)
    expected_rows, expected_columns = linear_sum_assignment(costs)
    assert rows.tolist() == expected_rows.tolist()
    assert columns.tolist() == expected_columns.tolist()


@pytest.mark.parametrize(
    ("costs", "loads_scipy"),
    [
        ([[-3.0, 0.0], [1.0, -2.0]], False),
        ([[-3.0, 0.0], [-2.0, -1.0]], True),  # both rows are best with the first column
        ([[0.0, 0.0], [1.0, 2.0]], True),  # a tie
        ([[5.0], [1.0], [2.0]], False),
    ],
)
def test_scipy_is_loaded_where_there_is_a_choice(costs, loads_scipy):
    code = (
        "import sys, numpy as np\n"
        "from sleap_rt.libraries.assignment import least_cost_pairs\n"
        f"least_cost_pairs(np.array({costs}))\n"
        "print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(loads_scipy)
