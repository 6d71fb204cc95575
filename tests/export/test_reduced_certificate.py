"""Differences of two graphs, on points put down by hand."""

import numpy as np
import pytest
from sleap_rt.export.reduced_certificate import Differences, Points, checked

from sleap_rt.errors import ModelError

FRAMES = [np.zeros((4, 6, 1), np.uint8)]
NAN = (np.nan, np.nan)


def points(*instances: list[tuple[float, float]]) -> Points:
    """Instances of two nodes, all with value 0.5."""
    places = np.array(instances, np.float32).reshape(-1, 2, 2)
    return Points(places, np.full(places.shape[:2], 0.5, np.float32))


def test_points_are_compared_wherever_they_are_grouped_to() -> None:
    found = Differences(same_px=10)
    found.add(
        points([(10, 10), (50, 50)], [(90, 90), (20, 20)]),
        points([(90, 91), (50, 50)], [(13, 14), (20, 20)]),
    )
    assert sorted(found.px) == [0, 0, 1, 5]
    assert (found.n_instances, found.n_lost, found.n_extra) == (2, 0, 0)


def test_a_point_far_from_any_other_is_lost_or_new() -> None:
    found = Differences(same_px=10)
    found.add(
        points([(10, 10), NAN], [(60, 60), (20, 20)]),
        points([(10, 10), (20, 20)], [(75, 60), (40, 40)]),
    )
    assert found.px == [0, 0]
    assert (found.n_lost, found.n_extra) == (1, 2)


def test_two_graphs_that_find_nothing_do_not_differ() -> None:
    found = Differences(same_px=10)
    found.add(points(), points())
    certificate = checked(found, FRAMES)
    assert (certificate.n_instances, certificate.max_px, certificate.p99_px) == (0, 0, 0)


def test_points_that_move_too_far_fail() -> None:
    found = Differences(same_px=10, px=[0.01] * 98 + [0.3] * 2)
    with pytest.raises(ModelError, match=r"0\.30 px \(allowed 0\.25\).*--precision fp32"):
        checked(found, FRAMES)


def test_one_point_in_a_hundred_may_move_further() -> None:
    found = Differences(same_px=10, px=[0.01] * 199 + [3.0])
    certificate = checked(found, FRAMES)
    assert certificate.p99_px == pytest.approx(0.01)
    assert certificate.max_px == 3


@pytest.mark.parametrize("change", [{"n_lost": 3}, {"n_extra": 3}, {"n_lost": 2, "n_extra": 2}])
def test_points_that_vanish_or_appear_fail(change: dict[str, int]) -> None:
    found = Differences(same_px=10, px=[0.01] * 97, **change)
    with pytest.raises(ModelError, match="vanish"):
        checked(found, FRAMES)
