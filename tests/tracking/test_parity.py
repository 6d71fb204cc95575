"""The identities that the reference reaches on real data, and what the motion model adds."""

from dataclasses import dataclass

import numpy as np
import pytest

from sleap_rt.instances import FrameInstances
from tracking import oracles
from tracking.frames import labeled, track
from tracking.identities import Identities, Labeled, measure
from tracking.labels_files import read_labels
from tracking.plain_tracker import PlainTracker, distance_ruined_by_a_missing_node

pytestmark = pytest.mark.parity

CENTROIDS = {"features": "centroids", "scoring_method": "euclidean_dist"}
BOXES = {"features": "bboxes", "scoring_method": "iou"}
DISTANCE = {"scoring_method": "euclidean_dist"}
LOCAL = {"candidates_method": "local_queues"}

# switches, IDF1 and tracks as recorded (specification, section 14)
RECORDED = [
    ({}, 20, 0.800, 3),
    (CENTROIDS, 11, 0.810, 3),
    (BOXES, 22, 0.801, 3),
    (LOCAL, 18, 0.911, 2),
    ({**LOCAL, **CENTROIDS}, 12, 0.702, 2),
    ({**LOCAL, **BOXES}, 20, 0.913, 2),
    ({"tracking_window_size": 10}, 16, 0.911, 2),
    ({**LOCAL, "oks_stddev": 0.1, "max_tracks": 2}, 20, 0.699, 2),
]
SAME = [{}, {"scoring_reduction": "max"}, {"track_matching_method": "greedy"}]
QUANTILE = {"scoring_reduction": "robust_quantile", "robust_best_instance": 0.95}


@dataclass(frozen=True)
class Clip:
    predictions: list[FrameInstances]  # 2 nodes
    truth: list[Labeled]  # the same 2 nodes
    user: list[FrameInstances]  # 13 nodes
    user_truth: list[Labeled]


@pytest.fixture(scope="module")
def clip(shared_data) -> Clip:
    predictions, _ = read_labels(shared_data / "labels" / "clip.predictions.slp")
    user, user_truth = read_labels(shared_data / "labels" / "clip.slp")
    truth = [Labeled(one.points[:, :2], one.ids) for one in user_truth]
    return Clip(predictions, truth, user, user_truth)


def _rounded(found: Identities) -> tuple[int, float, int]:
    return found.switches, round(found.idf1, 3), found.n_tracks


@pytest.mark.parametrize(("options", "switches", "idf1", "n_tracks"), RECORDED)
def test_recorded_identities_are_reproduced(clip, options, switches, idf1, n_tracks):
    found = measure(clip.truth, labeled(track(clip.predictions, **options)))
    assert _rounded(found) == (switches, idf1, n_tracks)


@pytest.mark.parametrize("variant", [*SAME, QUANTILE])
def test_matchers_and_reductions_that_the_reference_finds_equal_are_equal(clip, variant):
    found = measure(clip.truth, labeled(track(clip.predictions, **variant)))
    assert _rounded(found) == (20, 0.8, 3)


@pytest.mark.parametrize("candidates", [{}, LOCAL])
@pytest.mark.parametrize("features", [{}, CENTROIDS, BOXES, DISTANCE])
def test_true_poses_keep_their_identities(clip, features, candidates):
    """Keypoint distance too: one missing node no longer ruins it (section 16, departure 2)."""
    found = measure(clip.user_truth, labeled(track(clip.user, **features, **candidates)))
    assert _rounded(found) == (0, 1.0, 2)


# Keypoint distance, where a rule changes what the reference does: a missing node ruins no distance
# (section 5.2). Release 0.3.3 gives a pose without distances the track that is left, 0.3.5 starts
# one. Candidates, data, whether it is 0.3.3, recorded.
RECORDED_DISTANCE = [
    ("fixed_window", "predictions", True, (20, 0.699, 3)),
    ("fixed_window", "predictions", False, (122, 0.688, 154)),
    ("local_queues", "predictions", True, (16, 0.913, 2)),
    ("local_queues", "predictions", False, (120, 0.887, 144)),
    ("fixed_window", "user", True, (68, 0.751, 2)),
    ("fixed_window", "user", False, (602, 0.538, 520)),
]


@pytest.mark.parametrize(("candidates", "data", "keeps", "recorded"), RECORDED_DISTANCE)
def test_keypoint_distance_without_the_rule_is_the_reference_s(
    clip, candidates, data, keeps, recorded
):
    reference = PlainTracker(
        distance_ruined_by_a_missing_node, candidates, keeps_pairs_without_score=keeps
    )
    assert _by_plain_loops(clip, data, reference) == recorded


@pytest.mark.parametrize(
    ("candidates", "with_the_rule"),
    [("fixed_window", (28, 0.701, 3)), ("local_queues", (28, 0.765, 2))],
)
def test_keypoint_distance_with_the_rule_alone_is_the_tracker_s(clip, candidates, with_the_rule):
    """All else as in the reference: what differs from the recorded rows is due to the rule."""
    reference = PlainTracker(oracles.keypoint_distance, candidates, keeps_pairs_without_score=True)
    assert _by_plain_loops(clip, "predictions", reference) == with_the_rule
    out = track(clip.predictions, **DISTANCE, candidates_method=candidates)
    assert _rounded(measure(clip.truth, labeled(out))) == with_the_rule


def _by_plain_loops(clip: Clip, data: str, tracker: PlainTracker) -> tuple[int, float, int]:
    frames, truth = {
        "predictions": (clip.predictions, clip.truth),
        "user": (clip.user, clip.user_truth),
    }[data]
    out = []
    for one in frames:
        tracks = tracker.track(one.points.astype(float).tolist())
        kept = [row for row, name in enumerate(tracks) if name is not None]
        names = np.array([tracks[row] for row in kept], np.int64)
        out.append(Labeled(one.points[kept].astype(float), names))
    return _rounded(measure(truth, out))


def test_the_motion_model_beats_every_recorded_row(clip):
    options = {"motion_model": "kalman", "max_tracks": 2}
    found = measure(clip.truth, labeled(track(clip.predictions, **options)))
    assert found.switches < 11
    assert found.idf1 > 0.913
    assert found.n_tracks == 2
    n_left = sum(len(one) for one in track(clip.predictions, **options))
    assert n_left > 0.98 * 2948  # the score is not bought by leaving detections out


def test_the_motion_model_keeps_true_poses_with_and_without_a_count(clip):
    for count in ({}, {"max_tracks": 2}):
        out = track(clip.user, motion_model="kalman", **count)
        assert _rounded(measure(clip.user_truth, labeled(out))) == (0, 1.0, 2)
