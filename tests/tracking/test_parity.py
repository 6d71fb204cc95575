"""The identities that the reference reaches on real data, and what the motion model adds."""

from dataclasses import dataclass

import pytest

from sleap_rt.instances import FrameInstances
from tracking.frames import frame, labeled, track
from tracking.identities import Identities, Labeled, measure

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
    predictions, _ = _read(shared_data / "labels" / "clip.predictions.slp")
    user, user_truth = _read(shared_data / "labels" / "clip.slp")
    truth = [Labeled(one.points[:, :2], one.ids) for one in user_truth]
    return Clip(predictions, truth, user, user_truth)


def _read(path):
    import numpy as np
    import sleap_io as sio

    labels = sio.load_slp(str(path), open_videos=False)
    frames, truth = [], []
    for one in sorted(labels, key=lambda one: one.frame_idx):
        points = np.array([instance.numpy() for instance in one.instances])
        names = [labels.tracks.index(instance.track) for instance in one.instances]
        frames.append(frame(points, frame_index=one.frame_idx))
        truth.append(Labeled(points, np.array(names)))
    return frames, truth


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


@pytest.mark.parametrize("candidates", [{}, LOCAL])
def test_keypoint_distance_makes_no_tracks_for_missing_nodes(clip, candidates):
    found = measure(clip.truth, labeled(track(clip.predictions, **DISTANCE, **candidates)))
    assert found.n_tracks <= 3  # the newest reference: 154 and 144


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
