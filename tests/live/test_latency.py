"""Percentiles of latencies are right to 1 %, in memory that does not grow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleap_rt.runtime.live import Latencies

TOLERANCE = 0.0101  # of the value: a bin is 1 % wide


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=200), st.sampled_from([50, 90, 99]))
def test_percentiles_are_those_of_numpy(values, percent):
    latencies = Latencies()
    for value in values:
        latencies.add(value)
    expected = np.percentile(values, percent, method="inverted_cdf")
    assert latencies.percentile(percent) == pytest.approx(expected, rel=TOLERANCE)


def test_what_is_late_is_counted_and_told():
    latencies = Latencies(deadline_ms=20.0)
    for value in (5.0, 10.0, 20.0, 20.1):
        latencies.add(value)
    figures = latencies.figures(2.0, n_came=7, n_dropped=2, n_unreadable=1, n_unanswered=3)
    assert figures.n_predicted == 4
    assert figures.n_late == 1
    assert figures.late_share == 0.25
    words = figures.in_words()
    assert words.startswith(
        "7 frames came, 4 predicted (2.0/s), 2 dropped, 1 unreadable, 3 unanswered by the engine; "
    )
    assert words.endswith("; 25.0 % later than 20 ms")


def test_without_results_there_is_no_latency():
    figures = Latencies(5.0).figures(0.0, 0, 0, 0, 0)
    assert figures.p50_ms is None
    assert figures.in_words() == "0 frames came, 0 predicted (0.0/s), 0 dropped"


def test_a_run_of_any_length_takes_the_same_memory():
    latencies = Latencies()
    for value in (0.0, 1e-9, 1e12):  # also what no clock should give
        latencies.add(value)
    assert latencies.figures(1.0, 3, 0, 0, 0).n_predicted == 3
    assert len(latencies._counts) == 2400
