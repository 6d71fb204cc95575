import math
import subprocess
import sys
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sleap_rt.errors import DataError, OptionError
from sleap_rt.tracking import Tracker, TrackerOptions, track_frames
from tracking import oracles, plain_tracker
from tracking.crowds import Crowd, draw, easy
from tracking.frames import frame, ids, labeled, track
from tracking.identities import measure

Q = np.array([(0, 0), (40, 0), (0, 30), (40, 30)], float)
EMPTY = frame([])
EMPTY_OF_5 = frame([], n_nodes=5)
LOST = np.full((4, 2), np.nan)
CENTROIDS = {"features": "centroids", "scoring_method": "euclidean_dist"}
DISTANCE = {"scoring_method": "euclidean_dist"}
BOXES = {"features": "bboxes", "scoring_method": "iou"}
LOCAL = {"candidates_method": "local_queues"}
MOTION = {"motion_model": "kalman"}
METHODS = [{}, LOCAL, DISTANCE, CENTROIDS, BOXES, MOTION]


def along_x(*offsets):
    return frame([np.add(Q, (x, 0)) for x in offsets])


SEQUENCE = [along_x(*at) for at in [(0, 100), (101, 2), (4,), (6, 103, 300), (302, 8, 104)]]
RECORDED = [
    ({}, [[1, 0.8465], [0, 0.5134]], [[0, 0.2915]], [[0, 0.1951], [1, 0.3683], [2, 1]],
     [[2, 0.5134], [0, 0.1464], [1, 0.3797]]),
    ({"scoring_reduction": "max"}, [[1, 0.8465], [0, 0.5134]], [[0, 0.5134]],
     [[0, 0.5134], [1, 0.5134], [2, 1]], [[2, 0.5134], [0, 0.5134], [1, 0.8465]]),
    ({"scoring_reduction": "robust_quantile", "robust_best_instance": 0.5},
     [[1, 0.8465], [0, 0.5134]], [[0, 0.2915]], [[0, 0.0695], [1, 0.3683], [2, 1]],
     [[2, 0.5134], [0, 0.0360], [1, 0.2231]]),
    (CENTROIDS, [[1, -1], [0, -2]], [[0, -3]], [[0, -4], [1, -2.5], [2, 1]],
     [[2, -2], [0, -5], [1, -2.6667]]),
    (DISTANCE, [[1, -2], [0, -4]], [[0, -6]], [[0, -8], [1, -5], [2, 1]],
     [[2, -4], [0, -10], [1, -5.3333]]),
    (BOXES, [[1, 0.9524], [0, 0.9070]], [[0, 0.8646]], [[0, 0.8246], [1, 0.8853], [2, 1]],
     [[2, 0.9070], [0, 0.7868], [1, 0.8794]]),
]  # fmt: skip
RECORDED_SHORT_WINDOW = (
    {"tracking_window_size": 2}, [[1, 0.8465], [0, 0.5134]], [[0, 0.2915]],
    [[0, 0.2915], [1, 0.5134], [2, 1]], [[2, 0.5134], [0, 0.2915], [1, 0.8465]],
)  # fmt: skip
RECORDED_MAX_TRACKS = (
    {**LOCAL, "max_tracks": 2}, [[1, 0.8465], [0, 0.5134]], [[0, 0.2915]],
    [[0, 0.1951], [1, 0.3683]], [[0, 0.1464], [1, 0.3797]],
)  # fmt: skip


def numbered(sequence):
    return [replace(one, frame_index=index) for index, one in enumerate(sequence)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        *[(case[0], case[1:]) for case in RECORDED],
        *[({**case[0], **LOCAL}, case[1:]) for case in RECORDED],
        *[({**case[0], "track_matching_method": "greedy"}, case[1:]) for case in RECORDED],
        (RECORDED_SHORT_WINDOW[0], RECORDED_SHORT_WINDOW[1:]),
        (RECORDED_MAX_TRACKS[0], RECORDED_MAX_TRACKS[1:]),
    ],
)
def test_the_recorded_sequence_is_reproduced(options, expected):
    out = track(SEQUENCE, **options)
    assert ids(out)[0] == [0, 1]
    assert out[0].tracking_scores.tolist() == [1, 1]
    for one, pairs in zip(out[1:], expected, strict=True):
        assert one.track_ids.tolist() == [track_id for track_id, _ in pairs]
        np.testing.assert_allclose(one.tracking_scores, [score for _, score in pairs], atol=5e-5)


@pytest.mark.parametrize(
    ("options", "n_empty", "after"),
    [({}, 3, [0, 1]), ({}, 4, [0, 1]), ({}, 5, [2, 3]), (LOCAL, 50, [0, 1])],
)
def test_a_window_of_empty_frames_erases_identities_of_the_fixed_window(options, n_empty, after):
    out = track([along_x(0, 100), *[EMPTY] * n_empty, along_x(1, 101)], **options)
    assert ids(out)[-1] == after


@pytest.mark.parametrize("options", METHODS)
def test_an_empty_start_and_frames_of_lost_poses_do_no_harm(options):
    out = track([EMPTY, frame([LOST, LOST]), along_x(0, 100), EMPTY, along_x(1, 101)], **options)
    assert ids(out) == [[], [], [0, 1], [], [0, 1]]


def test_a_far_jump_keeps_the_only_identity_with_score_zero():
    out = track([along_x(0), along_x(600)])
    assert ids(out) == [[0], [0]]
    assert out[1].tracking_scores[0] == pytest.approx(0, abs=1e-12)


def test_max_tracks_caps_the_tracks_and_drops_the_rest():
    out = track([along_x(0, 100), along_x(101, 1)], max_tracks=1)
    assert ids(out) == [[0], [0]]
    assert out[1].points[0, 0, 0] == 1


def test_only_real_tracks_own_columns():
    half = Q.copy()
    half[2:] = np.nan
    out = track([frame([np.add(Q, (200, 0)), half]), along_x(200, 0)], min_new_track_points=3)
    assert ids(out) == [[0], [0, 1]]


def test_point_limits_are_inclusive():
    half = Q.copy()
    half[2:] = np.nan
    assert ids(track([frame([half])], min_new_track_points=2)) == [[0]]
    assert ids(track([frame([half])], min_new_track_points=3)) == [[]]
    followed = track([frame([half]), frame([half])], min_match_points=2)
    assert ids(followed) == [[0], [0]]


def test_a_pair_that_cannot_be_judged_starts_a_track_if_it_may_else_keeps_it_with_score_zero():
    half = Q.copy()
    half[2:] = np.nan
    sequence = [frame([half]), along_x(0)]
    assert ids(track(sequence, min_match_points=3)) == [[0], [1]]
    forced = track(sequence, min_match_points=3, max_tracks=1)
    assert ids(forced) == [[0], [0]]
    assert forced[1].tracking_scores.tolist() == [0.0]


def test_one_missing_node_does_not_ruin_the_distance():
    seen = np.add(Q, (5, 0))
    seen[3] = np.nan
    out = track([along_x(0, 100), frame([np.add(Q, (101, 0)), seen])], **DISTANCE)
    assert ids(out)[1] == [1, 0]
    assert out[1].tracking_scores[1] == pytest.approx(-5 * math.sqrt(4))


def test_user_instances_are_never_dropped():
    tracker = Tracker(TrackerOptions(max_tracks=1, tracking_clean_instance_count=1))
    kept = tracker.track(along_x(0, 100), user_labeled=True)
    assert kept.track_ids.tolist() == [0, -1]
    assert np.isnan(kept.tracking_scores[1])


def test_videos_have_their_own_histories_and_share_the_names():
    first = [along_x(0, 100), along_x(1, 101)]
    second = [
        frame([Q, np.add(Q, (100, 0))], video_index=1),
        frame([np.add(Q, (99, 0)), np.add(Q, (1, 0))], video_index=1),
    ]
    apart = ids(track(first + second))
    assert apart == [[0, 1], [0, 1], [2, 3], [3, 2]]
    woven = list(chain.from_iterable(zip(first, second, strict=True)))
    assert ids(track(woven)) == [[0, 1], [2, 3], [0, 1], [3, 2]]


def test_a_video_that_ended_starts_anew():
    tracker = Tracker()
    tracker.track(along_x(0))
    tracker.end_video(0)
    assert tracker.track(along_x(0)).track_ids.tolist() == [1]
    assert tracker.track_names == ("track_0", "track_1")


def test_another_skeleton_is_refused():
    tracker = Tracker()
    tracker.track(along_x(0))
    with pytest.raises(DataError, match="poses of 3 nodes, those before had 4"):
        tracker.track(frame([Q[:3]]))


@pytest.mark.parametrize("options", [*METHODS, {**MOTION, "max_tracks": 2}])
@pytest.mark.parametrize("far", [2e9, -1e30, 3e38])
def test_a_node_that_is_in_no_image_is_refused_and_leaves_no_trace(options, far):
    absurd = np.array([Q, Q + 100])
    absurd[1, 2] = far, 3
    tracker, other = Tracker(**options), Tracker(**options)
    words = rf"Frame 5 of video 0: node 2 of instance 1 is at \({far:g}, 3\) px, where no image is"
    with pytest.raises(DataError, match=words.replace("+", r"\+")):
        tracker.track(replace(frame(absurd), frame_index=5))
    for index in (0, 1):
        one = replace(along_x(0, 100), frame_index=index)
        assert ids([tracker.track(one)]) == ids([other.track(one)])


def test_infinite_coordinates_are_missing_ones():
    found = {}
    for value in (np.nan, np.inf, -np.inf):
        poses = np.array([Q, Q + 100])
        poses[1, 2, 0] = value
        found[value] = ids(track([frame(poses), along_x(1, 101)], **MOTION))
    assert found[np.inf] == found[-np.inf] == found[np.nan]


def test_the_input_is_left_alone():
    given_frame = along_x(0, 100)
    before = given_frame.points.copy()
    track([given_frame, given_frame])
    np.testing.assert_array_equal(given_frame.points, before)
    assert given_frame.track_ids.tolist() == [-1, -1]


@pytest.mark.parametrize("options", [{"use_flow": True}, {"features": "image", **DISTANCE}])
def test_a_missing_image_is_named(options):
    with pytest.raises(DataError, match="Frame 0 of video 0"):
        track([along_x(0)], **options)


def test_breaks_are_connected_while_tracking():
    sequence = [along_x(0, 100), *[along_x(0)] * 5, along_x(1, 101)]
    assert ids(track(sequence))[-1] == [0, 2]
    joined = track(sequence, post_connect_single_breaks=True, tracking_target_instance_count=2)
    assert ids(joined)[-1] == [0, 1]


PLAIN = [
    (plain_tracker.oks, {}),
    (oracles.keypoint_distance, DISTANCE),
    (plain_tracker.centroid_distance, CENTROIDS),
    (plain_tracker.box_overlap, BOXES),
]


@pytest.mark.parametrize("counts", [{}, {"max_tracks": 4}])
@pytest.mark.parametrize("candidates", ["fixed_window", "local_queues"])
@pytest.mark.parametrize(("score", "options"), PLAIN)
def test_whole_tracks_match_plain_loops(score, options, candidates, counts):
    """Animals and nodes come and go; with `max_tracks` both candidate methods are local_queues."""
    crowd = Crowd(n_animals=4, n_nodes=5, n_frames=60, miss=0.2, miss_node=0.6, body_px=60, seed=9)
    _, sequence = draw(crowd)
    sequence = numbered([*sequence[:30], *[EMPTY_OF_5] * 5, *sequence[30:]])
    plain = plain_tracker.PlainTracker(score, "local_queues" if counts else candidates, **counts)
    expected = [plain.track(one.points.astype(float).tolist()) for one in sequence]
    found = ids(track(sequence, **options, **counts, candidates_method=candidates))
    assert found == [[name for name in row if name is not None] for row in expected]


@pytest.mark.parametrize("options", METHODS)
def test_two_runs_are_equal_to_the_last_bit(options):
    _, sequence = draw(Crowd(n_animals=6, n_frames=60, seed=3))
    for one, other in zip(track(sequence, **options), track(sequence, **options), strict=True):
        np.testing.assert_array_equal(one.track_ids, other.track_ids)
        np.testing.assert_array_equal(one.tracking_scores, other.tracking_scores)


@pytest.mark.parametrize("options", METHODS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_permuting_detections_permutes_tracks(options, data):
    _, sequence = draw(easy(Crowd(n_animals=5, n_frames=12, area_per_animal_px=120, seed=1)))
    orders = [data.draw(st.permutations(range(5))) for _ in sequence[1:]]
    shuffled = [one.take(np.array(order)) for one, order in zip(sequence[1:], orders, strict=True)]
    expected = ids(track(sequence, **options))[1:]
    found = ids(track([sequence[0], *shuffled], **options))[1:]
    assert found == [[row[i] for i in order] for row, order in zip(expected, orders, strict=True)]


@pytest.mark.parametrize("options", METHODS)
@settings(max_examples=10, deadline=None)
@given(shift=st.tuples(st.integers(-500, 500), st.integers(-500, 500)))
def test_identities_do_not_depend_on_where_the_arena_is(options, shift):
    _, sequence = draw(Crowd(n_animals=4, n_frames=15, seed=2))
    whole = [frame(np.round(one.points)) for one in sequence]  # whole px move without rounding
    moved = [frame(one.points + np.array(shift, np.float32)) for one in whole]
    assert ids(track(whole, **options)) == ids(track(moved, **options))


COORDINATES = st.one_of(st.just(math.nan), st.just(math.inf), st.floats(-1e6, 1e6, width=32))


@pytest.mark.parametrize(
    "options",
    [
        *METHODS,
        {**LOCAL, "max_tracks": 2},
        {"scoring_method": "cosine_sim"},
        {**MOTION, "max_tracks": 2},
        {"scoring_reduction": "robust_quantile", "robust_best_instance": 0.7},
        {"track_matching_method": "greedy", "min_match_points": 2, "min_new_track_points": 1},
    ],
)
@settings(max_examples=40, deadline=None)
@given(
    poses=st.lists(
        st.integers(0, 3).flatmap(lambda n: arrays(np.float32, (n, 3, 2), elements=COORDINATES)),
        max_size=6,
    )
)
def test_no_poses_break_it_and_no_track_is_given_twice(options, poses):
    sequence = [frame(one, n_nodes=3) for one in poses]
    for given_frame, out in zip(sequence, track(sequence, **options), strict=True):
        assert len(set(out.track_ids.tolist())) == len(out) <= len(given_frame)
        assert (out.track_ids >= 0).all()
        assert np.isfinite(out.tracking_scores).all()


@pytest.mark.parametrize("options", METHODS)
def test_animals_apart_from_each_other_keep_their_identities(options):
    truth, sequence = draw(easy(Crowd(n_animals=4, n_frames=60, area_per_animal_px=400, seed=5)))
    kept = measure(truth, labeled(track(sequence, **options)))
    assert (kept.switches, kept.idf1, kept.n_tracks) == (0, 1.0, 4)


def test_the_history_does_not_grow():
    _, sequence = draw(easy(Crowd(n_animals=3, n_frames=50, area_per_animal_px=400, seed=4)))
    for options in METHODS:
        tracker = Tracker(TrackerOptions(**options))
        sizes = []
        for round in range(4):
            for index, one in enumerate(sequence, 50 * round):
                tracker.track(replace(one, frame_index=index))
            sizes.append(_n_bytes(tracker))
        assert sizes[1] == sizes[-1]


def _n_bytes(tracker):
    associator = tracker._videos[0].associator
    held = vars(getattr(associator, "_history", None) or associator._bank)
    return sum(value.nbytes for value in held.values() if isinstance(value, np.ndarray))


def test_a_tracker_has_imported_all_it_needs_before_the_first_frame():
    program = """
import sys, numpy as np
from sleap_rt.instances import FrameInstances
from sleap_rt.tracking import Tracker, TrackerOptions
assert "scipy" not in sys.modules and "cv2" not in sys.modules, "heavy import for the options"
points = np.arange(24, dtype=np.float32).reshape(2, 6, 2)
frame = FrameInstances.untracked(
    frame_index=0, points=points, point_scores=points[..., 0], scores=points[:, 0, 0]
)
tracker = Tracker(TrackerOptions(use_flow=True))
before = set(sys.modules)
for _ in range(2):
    tracker.track(frame, np.zeros((40, 40), np.uint8))
print(sorted(name for name in set(sys.modules) - before if "." not in name))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_frames_are_tracked_as_they_come():
    consumed = []

    def source():
        for index in range(3):
            consumed.append(index)
            yield along_x(0)

    stream = track_frames(source())
    next(stream)
    assert consumed == [0]


def test_frames_out_of_their_order_are_refused():
    tracker = Tracker()
    for index in (0, 4, 4):  # again: who hands over frames of a camera may not count them
        tracker.track(replace(along_x(0, 100), frame_index=index))
    with pytest.raises(DataError, match="Frame 2 of video 0 comes behind frame 4"):
        tracker.track(replace(along_x(0, 100), frame_index=2))
    with pytest.raises(DataError, match="Frame -1 of video 1 cannot be; frames count from 0 on"):
        tracker.track(replace(along_x(0, 100), frame_index=-1, video_index=1))
    tracker.end_video(0)
    assert len(tracker.track(replace(along_x(0, 100), frame_index=0))) == 2


def test_what_has_no_track_has_no_name():
    assert Tracker.track_name(np.int64(3)) == "track_3"
    with pytest.raises(OptionError, match="track_id -1 stands for no track"):
        Tracker.track_name(-1)


def test_two_threads_in_one_tracker_are_refused():
    tracker = Tracker()
    with tracker._in_use, pytest.raises(DataError, match="in use by another thread"):
        tracker.track(along_x(0, 100))
    assert len(tracker.track(along_x(0, 100))) == 2
