import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sleap_rt.tracking.culling import cull
from tracking import oracles
from tracking.frames import frame, track

POSES = arrays(np.float64, (5, 3, 2), elements=st.integers(0, 30).map(float))
SCORES = st.lists(st.sampled_from([0.2, 0.5, 0.9]), min_size=5, max_size=5)


@given(poses=POSES, scores=SCORES, n=st.integers(0, 6), overlap=st.sampled_from([0, 0.3, 0.8]))
def test_culling_matches_plain_loops(poses, scores, n, overlap):
    keep = cull(poses, np.array(scores), max_count=n, overlap_threshold=overlap)
    assert np.flatnonzero(keep).tolist() == oracles.cull(poses.tolist(), scores, n, overlap)


def test_the_best_instances_stay_in_input_order_and_empty_frames_stay_empty():
    square = np.array([(0, 0), (10, 0), (0, 10), (10, 10)])
    poses = [square, square + 100, square + 200]
    out = track(
        [frame([]), frame(poses, scores=[0.2, 0.5, 0.9]), frame([])],
        tracking_pre_cull_to_target=1,
        tracking_target_instance_count=2,
    )
    assert [len(one) for one in out] == [0, 2, 0]
    assert out[1].points[:, 0, 0].tolist() == [100, 200]


def test_culling_after_tracking_lets_the_tracker_see_all_and_keeps_the_best():
    square = np.array([(0, 0), (10, 0), (0, 10), (10, 10)])
    sequence = [frame([square, square + 100], scores=[0.2, 0.9]) for _ in range(2)]
    out = track(sequence, tracking_clean_instance_count=1)
    assert [one.track_ids.tolist() for one in out] == [[1], [1]]


def test_identity_and_not_an_equal_pose_decides_what_goes():
    square = np.array([(0, 0), (10, 0), (0, 10), (10, 10)])
    keep = cull(
        np.array([square] * 3, float),
        np.array([0.5, 0.9, 0.5]),
        max_count=2,
        overlap_threshold=0.0,
    )
    assert keep.tolist() == [True, True, False]
