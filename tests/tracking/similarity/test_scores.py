import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tolerances import FLOAT64

from sleap_rt.geometry import oks_matrix, pose_boxes
from sleap_rt.tracking import features
from sleap_rt.tracking.similarity import scores
from tracking import oracles

Q = np.array([(0, 0), (40, 0), (0, 30), (40, 30)], float)
C = Q + np.array([3, 4])
COORDINATES = st.one_of(st.just(math.nan), st.integers(-50, 50).map(float))


@st.composite
def poses(draw, n_nodes=4, max_count=4):
    count = draw(st.integers(1, max_count))
    points = draw(arrays(np.float64, (count, n_nodes, 2), elements=COORDINATES))
    points[np.isnan(points).any(axis=-1)] = np.nan
    return points


def table(function, detections, candidates):
    return [[function(d, c) for c in candidates] for d in detections]


def without(pose, *nodes):
    pose = pose.copy()
    pose[list(nodes)] = np.nan
    return pose


@pytest.mark.parametrize(
    ("stddev", "expected"), [(0.025, 0.0155038536), (0.05, 0.3528660815), (0.1, 0.7707303812)]
)
def test_oks_has_the_recorded_values(stddev, expected):
    assert oks_matrix(Q[None], C[None], stddev=stddev)[0, 0] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("detection", "candidate", "expected"),
    [
        (Q, without(C, 3), 0.0116278902),
        (without(Q, 3), C, 0.0155038536),
        (without(Q, 0, 2), C, 0.0),
        (without(Q, 0, 2), Q, 1.0),
    ],
)
def test_oks_with_missing_nodes_has_the_recorded_values(detection, candidate, expected):
    found = oks_matrix(detection[None], candidate[None], stddev=0.025)[0, 0]
    assert found == pytest.approx(expected, abs=1e-10)


def test_distances_and_boxes_have_the_recorded_values():
    q, c = Q[None], C[None]
    assert scores.euclidean_dist(q, c)[0, 0] == pytest.approx(-10)
    centers = features.centroids(q), features.centroids(c)
    assert scores.euclidean_dist(*centers)[0, 0] == pytest.approx(-5)
    boxes = pose_boxes(q), pose_boxes(c)
    assert scores.euclidean_dist(*boxes)[0, 0] == pytest.approx(-7.0710678119)
    assert scores.iou(*boxes)[0, 0] == pytest.approx(1026 / 1516)


def test_a_centroid_is_the_median_and_not_the_mean():
    assert features.centroids(np.array([[(0, 0), (10, 0), (100, 0)]], float)).tolist() == [[10, 0]]


@given(points=poses(n_nodes=5))
def test_features_match_plain_loops(points):
    np.testing.assert_array_equal(
        features.centroids(points), [oracles.centroid(pose) for pose in points.tolist()]
    )
    np.testing.assert_array_equal(
        pose_boxes(points), [oracles.bbox(pose) for pose in points.tolist()]
    )


@given(detections=poses(), candidates=poses(), stddev=st.sampled_from([0.025, 0.1, 0.5]))
def test_oks_matches_plain_loops(detections, candidates, stddev):
    expected = table(
        lambda d, c: oracles.oks(d, c, stddev), detections.tolist(), candidates.tolist()
    )
    found = oks_matrix(detections, candidates, stddev=stddev)
    np.testing.assert_allclose(found, expected, atol=FLOAT64)


@pytest.mark.parametrize("stddev", [0.025, 0.1, 0.5])
def test_oks_of_a_crowd_matches_plain_loops(stddev):
    """Enough pairs that far ones are left out: none of them may have any similarity."""
    rng = np.random.default_rng(5)

    def crowd(n):
        drawn = rng.uniform(0, 400, (n, 1, 2)) + rng.uniform(-20, 20, (n, 5, 2))
        drawn[rng.random((n, 5)) < 0.2] = np.nan
        drawn[0], drawn[1, 1:] = np.nan, np.nan  # no node; one node, whose box has no area
        return drawn

    detections, candidates = crowd(30), crowd(90)
    expected = table(
        lambda d, c: oracles.oks(d, c, stddev), detections.tolist(), candidates.tolist()
    )
    found = oks_matrix(detections, candidates, stddev=stddev)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)
    assert (found[2:] > 0).any()


@given(detections=poses(), candidates=poses())
def test_keypoint_distance_matches_plain_loops(detections, candidates):
    expected = table(oracles.keypoint_distance, detections.tolist(), candidates.tolist())
    found = scores.euclidean_dist(detections, candidates)
    np.testing.assert_allclose(found, expected, atol=FLOAT64)


@given(detections=poses(), candidates=poses())
def test_cosine_matches_plain_loops(detections, candidates):
    flat = detections.reshape(len(detections), -1), candidates.reshape(len(candidates), -1)
    expected = table(oracles.cosine, *(each.tolist() for each in flat))
    np.testing.assert_allclose(scores.cosine_sim(detections, candidates), expected, atol=FLOAT64)


@given(detections=poses(), candidates=poses())
def test_iou_matches_plain_loops(detections, candidates):
    boxes = pose_boxes(detections), pose_boxes(candidates)
    expected = table(oracles.iou, *(each.tolist() for each in boxes))
    np.testing.assert_allclose(scores.iou(*boxes), expected, atol=FLOAT64)


@given(detections=poses(), candidates=poses(), shift=st.tuples(*[st.integers(-99, 99)] * 2))
def test_scores_between_poses_do_not_depend_on_where_they_are(detections, candidates, shift):
    moved = detections + shift, candidates + shift
    for score in (scores.euclidean_dist, lambda d, c: oks_matrix(d, c, stddev=0.1)):
        np.testing.assert_allclose(score(*moved), score(detections, candidates), atol=FLOAT64)
