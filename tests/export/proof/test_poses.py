"""What int8 costs, on poses put down by hand."""

import numpy as np
import pytest

from sleap_rt.contract import Certificate
from sleap_rt.export.proof.compare import Differences
from sleap_rt.export.proof.poses import Losses, certificate_of
from sleap_rt.instances import FrameInstances

NAN = (np.nan, np.nan)
SQUARE = [(0, 0), (40, 0), (40, 40), (0, 40)]


def frame(*poses: list[tuple[float, float]], classes: list[int] | None = None) -> FrameInstances:
    points = np.array(poses, np.float32) if poses else np.empty((0, 4, 2), np.float32)
    n = len(points)
    return FrameInstances(
        frame_index=0,
        points=points,
        point_scores=np.full(points.shape[:2], 0.5, np.float32),
        scores=np.ones(n, np.float32),
        track_ids=np.array(classes if classes is not None else [-1] * n, np.int64),
        tracking_scores=np.full(n, np.nan, np.float32),
    )


def moved(pose: list[tuple[float, float]], dx: float) -> list[tuple[float, float]]:
    return [(x + dx, y) for x, y in pose]


def certificate(losses: Losses) -> Certificate:
    return certificate_of(losses, calibration="3 frames", frames="3 other frames")


def test_instances_are_compared_in_any_order() -> None:
    losses = Losses(cell_px=4)
    losses.add(
        frame(SQUARE, moved(SQUARE, 100)),
        frame(moved(SQUARE, 103), moved(SQUARE, 1)),
    )
    assert sorted(losses.points.px) == [1] * 4 + [3] * 4
    assert (losses.n_lost, losses.n_extra) == (0, 0)
    assert (losses.points.n_lost, losses.points.n_extra) == (0, 0)
    # By hand: mean of exp(-d² / (2 (2 * 0.025)² * area)), area 1600 px².
    expected = [np.exp(-(d**2) / (2 * 0.05**2 * 1600)) for d in (1, 3)]
    assert losses.oks == pytest.approx(expected, rel=1e-6)


def test_an_animal_elsewhere_is_lost_and_another_one_new() -> None:
    losses = Losses(cell_px=4)
    losses.add(frame(SQUARE, moved(SQUARE, 100)), frame(SQUARE, moved(SQUARE, 130)))
    assert (losses.points.n_instances, losses.n_lost, losses.n_extra) == (2, 1, 1)
    assert (losses.points.n_points, losses.points.n_lost, losses.points.n_extra) == (8, 4, 4)
    assert losses.points.px == [0] * 4


def test_points_of_an_animal_may_be_lost_or_new() -> None:
    losses = Losses(cell_px=4)
    losses.add(frame([*SQUARE[:3], NAN]), frame([*SQUARE[:2], NAN, SQUARE[3]]))
    assert (losses.n_lost, losses.points.n_lost, losses.points.n_extra) == (0, 1, 1)
    assert losses.oks == pytest.approx([2 / 3])


def test_frames_without_animals_cost_nothing() -> None:
    losses = Losses(cell_px=4)
    nothing = frame()
    losses.add(nothing, nothing)
    found = certificate(losses)
    assert found.poses is not None
    assert (found.n_instances, found.max_px, found.poses.oks_mean) == (0, 0, None)
    assert found.poses.exceeded == ()


def test_centroids_have_no_similarity() -> None:
    losses = Losses(cell_px=4)
    losses.add(frame([(10, 10)], [(50, 50)]), frame([(50, 51)], [(10, 12)]))
    found = certificate(losses)
    assert found.poses is not None
    assert found.poses.oks_mean is None
    assert sorted(losses.points.px) == [1, 2]


def test_another_class_is_told() -> None:
    losses = Losses(cell_px=4)
    both = SQUARE, moved(SQUARE, 100)
    losses.add(frame(*both, classes=[0, 1]), frame(*both, classes=[0, 2]))
    assert losses.n_renamed == 1


def test_figures_are_percentiles_of_all_points() -> None:
    losses = Losses(4, points=Differences(px=list(np.arange(101) / 100), n_points=101))
    found = certificate(losses)
    assert found.poses is not None
    assert (found.poses.p50_px, found.poses.p90_px) == pytest.approx((0.5, 0.9))
    assert (found.p99_px, found.max_px) == pytest.approx((0.99, 1.0))


HUNDRED = Differences(n_instances=100)


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        (
            Losses(4, points=Differences(n_instances=9, px=[0] * 95 + [4.5] * 5)),
            "more than 4.50 px (allowed 4.00)",
        ),
        (Losses(4, n_lost=2, n_extra=1, points=HUNDRED), "3 of 100 instances"),
        (Losses(4, n_renamed=3, points=HUNDRED), "3 of 100 instances"),
        (
            Losses(4, points=Differences(n_instances=9, n_points=100, n_extra=6)),
            "6 of 100 points",
        ),
        (
            Losses(4, points=Differences(n_instances=2), oks=[0.94, 0.95]),
            "mean OKS 0.945 (allowed 0.95 or more)",
        ),
    ],
)
def test_a_limit_that_is_exceeded_is_named(losses: Losses, words: str) -> None:
    poses = certificate(losses).poses
    assert poses is not None
    (exceeded,) = poses.exceeded
    assert words in exceeded


def test_at_the_limits_nothing_is_exceeded() -> None:
    points = Differences(n_instances=50, n_points=100, n_lost=3, n_extra=2, px=[4.0] * 10)
    losses = Losses(cell_px=4, n_lost=1, points=points, oks=[0.95])
    poses = certificate(losses).poses
    assert poses is not None
    assert poses.exceeded == ()
