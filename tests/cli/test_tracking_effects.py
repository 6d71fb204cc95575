"""Every tracking option of the command does what it says, on poses made for it."""

import numpy as np
import pytest
import sleap_io as sio

SKELETON = sio.Skeleton(["a", "b", "c", "d"])
SQUARE = np.array([(0, 0), (40, 0), (0, 30), (40, 30)], float)


def pose(x, n_visible=4, score=0.9):
    points = SQUARE + np.array([x, 0])
    points[n_visible:] = np.nan
    return sio.PredictedInstance.from_numpy(points, skeleton=SKELETON, score=score)


def save(path, *frames):
    video = sio.Video("none.mp4", open_backend=False)
    labels = sio.Labels(
        [
            sio.LabeledFrame(video=video, frame_idx=index, instances=instances)
            for index, instances in enumerate(frames)
        ]
    )
    labels.save(str(path), verbose=False)
    return path


@pytest.fixture
def tracked(call, tmp_path):
    """Track frames with options; the track numbers and scores of each frame."""

    def tracked(frames, options):
        source = frames if not isinstance(frames, list) else save(tmp_path / "in.slp", *frames)
        out = tmp_path / "out.slp"
        done = call("track", "-i", source, "-t", "-o", out, *options.split())
        assert done.code == 0, done.err
        labels = sio.load_slp(str(out), open_videos=False)
        numbers = [[int(one.track.name[6:]) for one in frame.instances] for frame in labels]
        scores = [[one.tracking_score for one in frame.instances] for frame in labels]
        return numbers, scores

    return tracked


def leaves_and_returns():
    """One of two animals is not seen for three frames."""
    return [[pose(0), pose(200)], [pose(1)], [pose(2)], [pose(3)], [pose(4), pose(201)]]


NUMBERS = [
    ("", leaves_and_returns, [0, 1]),
    ("--tracking_window_size 2", leaves_and_returns, [0, 2]),
    ("--tracking_window_size 2 --candidates_method local_queues", leaves_and_returns, [0, 1]),
    ("", lambda: [[pose(0), pose(200, 2)]], [0, 1]),
    ("--min_new_track_points 3", lambda: [[pose(0), pose(200, 2)]], [0]),
    ("", lambda: [[pose(0, 2)], [pose(0)]], [0]),
    ("--min_match_points 3", lambda: [[pose(0, 2)], [pose(0)]], [1]),
    ("", lambda: [[pose(0), pose(200)], [pose(0), pose(200), pose(400)]], [0, 1, 2]),
    (
        "--candidates_method local_queues --max_tracks 2",
        lambda: [[pose(0), pose(200)], [pose(0), pose(200), pose(400)]],
        [0, 1],
    ),
    # Distances of the detections at 9 and 21 to the tracks at 0 and 10: (9, 1) and (21, 11).
    (
        "--features centroids --scoring_method euclidean_dist",
        lambda: [[pose(0), pose(10)], [pose(9), pose(21)]],
        [0, 1],
    ),
    (
        "--features centroids --scoring_method euclidean_dist --track_matching_method greedy",
        lambda: [[pose(0), pose(10)], [pose(9), pose(21)]],
        [1, 0],
    ),
    # A track ends and another begins: the same animal, if there are two.
    (
        "--tracking_window_size 1",
        lambda: [[pose(0), pose(200)], [pose(0)], [pose(0), pose(400)]],
        [0, 2],
    ),
    (
        "--tracking_window_size 1 --post_connect_single_breaks --tracking_target_instance_count 2",
        lambda: [[pose(0), pose(200)], [pose(0)], [pose(0), pose(400)]],
        [0, 1],
    ),
    (
        "--tracking_target_instance_count 1 --tracking_pre_cull_to_target 1",
        lambda: [[pose(0, score=0.3), pose(200, score=0.9)]],
        [0],
    ),
    ("--tracking_clean_instance_count 1", lambda: [[pose(0), pose(200, score=0.3)]], [0]),
    ("--motion_model kalman --max_tracks 1", lambda: [[pose(0), pose(200)]], [0]),
]


@pytest.mark.parametrize(("options", "frames", "expected"), NUMBERS)
def test_options_decide_who_is_who(tracked, options, frames, expected):
    numbers, _ = tracked(frames(), options)
    assert numbers[-1] == expected


def steps():
    """One animal that moves by (1, 3, 6) px: it is 1, 4 and 10 px away from where it was."""
    return [[pose(0)], [pose(6)], [pose(9)], [pose(10)]]


SCORES = [
    ("--features centroids --scoring_method euclidean_dist", -(10 + 4 + 1) / 3),
    ("--features keypoints --scoring_method euclidean_dist", -(10 + 4 + 1) / 3 * 2),
    ("--features centroids --scoring_method euclidean_dist --scoring_reduction max", -1),
    (
        "--features centroids --scoring_method euclidean_dist --scoring_reduction robust_quantile "
        "--robust_best_instance 0.5",
        -4,
    ),
    ("--features centroids --scoring_method euclidean_dist --tracking_window_size 1", -1),
    # Boxes of 41 x 31 px, counted with both edges.
    ("--features bboxes --scoring_method iou --tracking_window_size 1", 40 / 42),
    # The size is that of the earlier pose: 40 x 30 px; a step of 1 px at every node.
    ("--tracking_window_size 1 --oks_stddev 0.05", np.exp(-1 / (2 * 4 * 0.05**2 * 1200))),
    ("--features centroids --scoring_method cosine_sim --tracking_window_size 1", None),
]


@pytest.mark.parametrize(("options", "expected"), SCORES)
def test_options_decide_how_poses_are_compared(tracked, options, expected):
    _, scores = tracked(steps(), options)
    (score,) = scores[-1]
    if expected is None:
        before, now = (SQUARE.mean(axis=0) + np.array([x, 0]) for x in (9, 10))
        expected = before @ now / np.linalg.norm(before) / np.linalg.norm(now)
    assert score == pytest.approx(expected, abs=1e-5)


def test_optical_flow_and_its_options_change_the_comparison(tracked, request, tmp_path):
    source = request.config.rootpath / "samples/crawlers.slp"
    seen = set()
    for options in (
        "",
        "--use_flow",
        "--use_flow --of_img_scale 0.5",
        "--use_flow --of_window_size 9",
        "--use_flow --of_max_levels 0",
        "--features image --scoring_method cosine_sim",
    ):
        numbers, scores = tracked(source, f"--frames 0-2 {options}")
        assert [len(frame) for frame in numbers] == [3, 3, 3]
        seen.add(repr(np.round(scores[1:], 6).tolist()))
    assert len(seen) == 6


def test_filters_apply_without_a_model_too(tracked):
    frames = [[pose(0), pose(1, score=0.5), pose(200, 1), pose(400, score=0.2)]]
    assert tracked(frames, "")[0] == [[0, 1, 2, 3]]
    assert tracked(frames, "--filter_overlapping")[0] == [[0, 1, 2]]
    assert tracked(frames, "--filter_min_visible_nodes 2 --filter_min_instance_score 0.4")[0] == [
        [0, 1]
    ]
