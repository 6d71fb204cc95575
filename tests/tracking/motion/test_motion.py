from pathlib import Path

import numpy as np
import pytest

from sleap_rt.tracking import Tracker
from sleap_rt.tracking.motion import associator
from tracking.crowds import Crowd, crossing, draw
from tracking.frames import frame, ids, labeled, track
from tracking.identities import measure
from tracking.labels_files import read_labels

MOTION = {"motion_model": "kalman"}
CENTROIDS = {"features": "centroids", "scoring_method": "euclidean_dist"}
LOCAL = {"candidates_method": "local_queues"}
POSE = np.array([(0, 0), (20, 5), (40, -5), (60, 0)], float)


def walk(start, step, n_frames):
    return [POSE + np.add(start, np.multiply(step, i)) for i in range(n_frames)]


def test_animals_that_cross_while_one_is_hidden_keep_their_identities():
    right, left = walk((0, 0), (8, 0), 40), walk((312, 10), (-8, 0), 40)
    sequence = [
        frame([b] if 15 <= i < 25 else [a, b])
        for i, (a, b) in enumerate(zip(right, left, strict=True))
    ]
    tracked = ids(track(sequence, **MOTION, max_tracks=2))
    assert tracked[14] == [0, 1]
    assert tracked[20] == [1]
    assert tracked[30:] == [[0, 1]] * 10


def test_nodes_attached_to_the_wrong_animal_still_lead_to_the_right_one():
    moving, still = walk((100, 0), (6, 0), 30), walk((0, 200), (0, 0), 30)
    sequence = [frame([a, b]) for a, b in zip(moving[:10], still[:10], strict=True)]
    for a, b in zip(moving[10:20], still[10:20], strict=True):
        mixed = b.copy()
        mixed[3] = a[3]
        sequence.append(frame([mixed]))
    sequence += [frame([a, b]) for a, b in zip(moving[20:], still[20:], strict=True)]
    tracked = ids(track(sequence, **MOTION, max_tracks=2))
    assert all(one == [1] for one in tracked[10:20])
    assert tracked[20:] == [[0, 1]] * 10


def test_a_lost_animal_turns_up_elsewhere_once_it_can_have_got_there():
    """848 px at a body's 60.8 px per frame, and one to start with, take 13 frames."""
    near, elsewhere = frame([POSE, POSE + 300]), frame([POSE, POSE + 900])
    out = track([near] * 5 + [elsewhere] * 20, **MOTION, max_tracks=2)
    assert ids(out) == [[0, 1]] * 5 + [[0]] * 12 + [[0, 1]] * 8
    believed = [one.tracking_scores[-1] for one in out[17:]]
    assert believed[:3] == [0.0] * 3
    assert min(believed[3:]) > 0.9


def test_why_a_pose_got_no_track_is_told_apart():
    """One far from the free track, a third animal, one of too few nodes: by frames of each."""
    two, far, third = [POSE, POSE + 300], [POSE, POSE + 5000], [POSE, POSE + 300, POSE + 600]
    small = POSE.copy()
    small[1:] = np.nan
    tracker = Tracker(**MOTION, max_tracks=2)
    for poses in [two] * 5 + [far, third, third, two]:
        tracker.track(frame(poses))
    unlikely, taken = tracker.notes
    assert unlikely.startswith("1 prediction in 1 frame left out (motion_model kalman, max_tracks")
    assert "too far from where these were expected" in unlikely
    assert (
        taken
        == "2 predictions in 2 frames left out (max_tracks 2), since no track was free for them"
    )
    tracker = Tracker(**MOTION, min_new_track_points=2)
    tracker.track(frame([POSE, small + 300]))
    assert tracker.notes == (
        "1 prediction in 1 frame left out (min_new_track_points 2), since they fit no track and "
        "have too few visible nodes to start one",
    )


def test_a_detection_is_named_by_guess_only_if_no_other_animal_can_be_meant():
    """Both animals, or one of them, are lost; a body's 60.8 px, twice, is how far they get."""
    near, between = frame([POSE, np.add(POSE, (0, 200))]), np.add(POSE, (0, 100))
    both = track([near] * 5 + [frame([between])], **MOTION, max_tracks=2)
    assert ids(both)[-1] == []
    one = track([near] * 5 + [frame([POSE, between])], **MOTION, max_tracks=2)
    assert ids(one)[-1] == [0, 1]
    assert one[-1].tracking_scores[1] == 0.0
    beside_the_other = track(
        [near] * 5 + [frame([POSE, np.add(POSE, (0, 50))])], **MOTION, max_tracks=2
    )
    assert ids(beside_the_other)[-1] == [0]


def test_without_a_count_a_stranger_gets_a_track_of_its_own():
    out = track([frame([POSE])] * 5 + [frame([POSE, POSE + 500])], **MOTION)
    assert ids(out)[-1] == [0, 1]


def test_without_a_count_false_alarms_are_forgotten_and_animals_are_not():
    sequence = [frame([POSE])] * 5 + [frame([])] * 10 + [frame([POSE])]
    assert ids(track(sequence, **MOTION))[-1] == [0]
    short = [frame([POSE])] * 1 + [frame([])] * 10 + [frame([POSE])]
    assert ids(track(short, **MOTION))[-1] == [1]


@pytest.mark.parametrize("n_nodes", [1, 2, 5])
def test_it_needs_no_particular_skeleton(n_nodes):
    truth, sequence = draw(
        Crowd(
            n_animals=3, n_frames=80, n_nodes=n_nodes, area_per_animal_px=300, seed=8, miss_node=0
        )
    )
    kept = measure(truth, labeled(track(sequence, **MOTION, max_tracks=3)))
    assert kept.switches <= 2
    assert kept.idf1 > 0.9


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_identities_do_not_depend_on_the_magnification(scale):
    _, sequence = draw(Crowd(n_animals=5, n_frames=60, seed=6))
    zoomed = [frame(one.points * scale * 10) for one in sequence]
    plain = [frame(one.points * 10) for one in sequence]
    options = {**MOTION, "max_tracks": 5}
    assert ids(track(zoomed, **options)) == ids(track(plain, **options))


CROWDS = [
    crossing(n_frames=300, seed=100),
    crossing(n_frames=300, seed=101),
    Crowd(n_animals=5, n_frames=150, seed=102),
    Crowd(n_animals=5, n_frames=150, area_per_animal_px=80, miss=0.1, noise_px=2.0, seed=103),
    Crowd(n_animals=20, n_frames=100, seed=104),
    Crowd(n_animals=20, n_frames=100, area_per_animal_px=80, miss=0.1, noise_px=2.0, seed=105),
    Crowd(n_animals=50, n_frames=80, seed=106),
]  # seeds that no constant and no rule of the model was chosen on


@pytest.mark.parametrize("crowd", CROWDS, ids=lambda crowd: f"{crowd.n_animals}-{crowd.seed}")
def test_no_other_method_keeps_identities_better(crowd):
    truth, sequence = draw(crowd)
    count = {"max_tracks": crowd.n_animals}
    by_motion = measure(truth, labeled(track(sequence, **MOTION, **count)))
    for other in ({}, CENTROIDS, {**LOCAL, **count}, {**LOCAL, **CENTROIDS, **count}):
        plain = measure(truth, labeled(track(sequence, **other)))
        assert by_motion.idf1 >= plain.idf1, other
        assert by_motion.switches <= plain.switches, other
    assert by_motion.idf1 > measure(truth, labeled(track(sequence))).idf1


CONSTANTS = sorted(
    name
    for name, value in vars(associator).items()
    if name.isupper() and isinstance(value, float) and name != "_FAR_PX"
)


@pytest.mark.parametrize("factor", [0.7, 1.3])
@pytest.mark.parametrize("constant", CONSTANTS)
def test_no_single_number_of_the_model_decides(constant, factor, monkeypatch):
    monkeypatch.setattr(associator, constant, getattr(associator, constant) * factor)
    truth, sequence = draw(crossing(n_frames=150, seed=107))
    kept = measure(truth, labeled(track(sequence, **MOTION, max_tracks=2)))
    assert kept.switches == 0
    assert kept.idf1 > 0.95


def test_the_crossing_animals_of_the_sample_scene_keep_their_identities():
    """Tracked by their true poses, of which a tenth is missed, with noise and hidden nodes."""
    scene = Path(__file__).resolve().parents[3] / "samples" / "crawlers.slp"
    if not scene.is_file():
        pytest.skip("the sample scene is not in this checkout")
    poses, truth = read_labels(scene)
    rng = np.random.default_rng(0)
    sequence = []
    for one in poses:
        seen = one.points[rng.random(len(one)) > 0.1]
        seen = seen + rng.normal(0, 1.5, seen.shape)
        seen[rng.random(seen.shape[:2]) < 0.05] = np.nan
        sequence.append(frame(seen, n_nodes=one.points.shape[1]))
    n_animals = len({animal for one in truth for animal in one.ids.tolist()})
    for count in ({}, {"max_tracks": n_animals}):
        kept = measure(truth, labeled(track(sequence, **MOTION, **count)))
        assert (kept.switches, kept.n_tracks) == (0, n_animals)
