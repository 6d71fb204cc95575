"""Differences of two graphs, on points put down by hand."""

import numpy as np
import pytest

from sleap_rt.errors import ModelError
from sleap_rt.export.proof.compare import Differences
from sleap_rt.export.proof.reduced import check

NAN = (np.nan, np.nan)
Instance = list[tuple[float, float]]


def add(found: Differences, exact: list[Instance], reduced: list[Instance]) -> None:
    """Compare instances of two nodes, all with value 0.5."""
    one, other = (np.array(places, np.float32).reshape(-1, 2, 2) for places in (exact, reduced))
    scores = [np.full(points.shape[:2], 0.5, np.float32) for points in (one, other)]
    found.add_instances(one, other, (scores[0], scores[1]))


def test_points_are_compared_wherever_they_are_grouped_to() -> None:
    found = Differences(same_px=10)
    add(
        found,
        [[(10, 10), (50, 50)], [(90, 90), (20, 20)]],
        [[(90, 91), (50, 50)], [(13, 14), (20, 20)]],
    )
    assert sorted(found.px) == [0, 0, 1, 5]
    assert (found.n_instances, found.n_lost, found.n_extra) == (2, 0, 0)


def test_a_point_far_from_any_other_is_lost_or_new() -> None:
    found = Differences(same_px=10)
    add(
        found,
        [[(10, 10), NAN], [(60, 60), (20, 20)]],
        [[(10, 10), (20, 20)], [(75, 60), (40, 40)]],
    )
    assert found.px == [0, 0]
    assert (found.n_lost, found.n_extra) == (1, 2)
    assert found.n_points == 3


def test_two_graphs_that_find_nothing_do_not_differ() -> None:
    found = Differences(same_px=10)
    add(found, [], [])
    check(found)
    certificate = found.certificate("no frames", 0)
    assert (certificate.n_instances, certificate.max_px, certificate.p99_px) == (0, 0, 0)


def test_points_that_move_too_far_fail() -> None:
    found = Differences(same_px=10, px=[0.01] * 98 + [0.3] * 2)
    with pytest.raises(ModelError, match=r"0\.30 px \(allowed 0\.25\).*precision='fp32'"):
        check(found)


def test_one_point_in_a_hundred_may_move_further() -> None:
    found = Differences(same_px=10, px=[0.01] * 199 + [3.0])
    check(found)
    certificate = found.certificate("no frames", 0)
    assert certificate.p99_px == pytest.approx(0.01)
    assert certificate.max_px == 3


@pytest.mark.parametrize("change", [{"n_lost": 3}, {"n_extra": 3}, {"n_lost": 2, "n_extra": 2}])
def test_points_that_vanish_or_appear_fail(change: dict[str, int]) -> None:
    n_points = 97 + change.get("n_lost", 0)
    found = Differences(same_px=10, px=[0.01] * 97, n_points=n_points, **change)
    with pytest.raises(ModelError, match="vanish"):
        check(found)
