"""Frames of poses that programs make: what cannot be one is refused, and names the field."""

import numpy as np
import pytest

from sleap_rt import Tracker
from sleap_rt.errors import DataError, OptionError
from sleap_rt.instances import FrameInstances

POINTS = np.arange(3 * 7 * 2, dtype=np.float32).reshape(3, 7, 2)
GIVEN = {
    "frame_index": 5,
    "points": POINTS,
    "point_scores": np.ones((3, 7), np.float32),
    "scores": np.ones(3, np.float32),
}


def frame(**changed):
    return FrameInstances.untracked(**GIVEN | changed)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("points", POINTS.tolist(), "got list; numpy.array(...) makes one of a list"),
        ("points", [[[1.0, 2.0]], [[1.0]]], "got list"),
        ("points", None, "got NoneType"),
        ("points", np.float64(3), "got float64"),
        ("points", POINTS[0], "got float32 of shape (7, 2)"),
        ("points", POINTS.reshape(3, 14), "got float32 of shape (3, 14)"),
        ("points", np.zeros(0), "got float64 of shape (0,)"),
        ("points", POINTS.astype(object), "got object of shape (3, 7, 2)"),
        ("points", np.zeros((3, 7, 3)), "of shape (3, 7, 3); what is beside x and y, such as a li"),
        ("point_scores", np.ones((1, 2)), "(n_instances, n_nodes), here (3, 7); got float64 of sh"),
        ("point_scores", None, "(n_instances, n_nodes), here (3, 7); got NoneType"),
        ("scores", np.ones(1), "(n_instances,), here (3,); got float64 of shape (1,)"),
        ("scores", np.ones(9), "(n_instances,), here (3,); got float64 of shape (9,)"),
        ("scores", [1, 1, 1], "got list"),
        ("scores", np.array(["a", "b", "c"]), "got <U1 of shape (3,)"),
    ],
)
def test_arrays_of_another_shape_or_type_are_told_with_what_was_expected(name, value, found):
    with pytest.raises(DataError) as refused:
        frame(**{name: value})
    assert str(refused.value).startswith(f"{name} of frame 5 must be a NumPy array of numbers of ")
    assert found in str(refused.value)


@pytest.mark.parametrize("name", ["frame_index", "video_index"])
@pytest.mark.parametrize("value", ["17", None, float("nan"), 0.5, True])
def test_a_number_of_a_frame_is_a_whole_number(name, value):
    with pytest.raises(OptionError, match=f"{name} must be a whole number; got "):
        frame(**{name: value})


def test_tracks_that_are_not_one_per_instance_are_refused():
    tracked = {"track_ids": np.zeros(3, int), "tracking_scores": np.zeros(3)}
    for name in tracked:
        with pytest.raises(DataError, match=rf"{name} of frame 5 must .* here \(3,\); got "):
            FrameInstances(**GIVEN | tracked | {name: np.zeros(2)})


def test_what_numpy_has_beside_float32_and_int_is_taken():
    found = frame(
        frame_index=np.int64(5),
        video_index=np.uint8(1),
        points=POINTS.astype(int),
        point_scores=np.ones((3, 7)),
        scores=np.ones(3, np.float16),
    )
    assert len(Tracker().track(found)) == 3
    empty = frame(points=POINTS[:0], point_scores=np.ones((0, 7)), scores=np.ones(0))
    assert len(Tracker().track(empty)) == 0


def test_frames_are_equal_to_themselves_only():
    one = frame()
    assert one == one
    assert one != frame()
    assert len({one, frame()}) == 2


def test_instances_are_taken_by_positions_or_a_mask():
    one = frame()
    for index, rows in (
        ([2, 0], [2, 0]),
        (np.array([False, True, False]), [1]),
        ([], []),
        (range(2), [0, 1]),
    ):
        np.testing.assert_array_equal(one.take(index).points, POINTS[rows])


@pytest.mark.parametrize("index", [0, None, "a", [3], [0.5], [[0]], [True], [[0], [0, 1]]])
def test_what_is_no_instance_is_not_taken(index):
    with pytest.raises(OptionError, match="must be a list of positions among 3 instances, or a"):
        frame().take(index)
