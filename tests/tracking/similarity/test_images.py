"""Optical flow and appearance, on images drawn from known motion."""

from typing import Any

import cv2
import numpy as np
import pytest

from sleap_rt.errors import DataError
from sleap_rt.tracking import Tracker, TrackerOptions, track_frames
from sleap_rt.tracking.similarity.appearance import appearances
from sleap_rt.tracking.similarity.flow import FlowShifter, gray_image
from tracking.frames import frame, ids

RNG_SIZE = 400
FLOW_ATOL = 0.5  # px; what LK leaves on smooth texture moved by whole px
POSE = np.array([(150, 150), (190, 150), (150, 180), (190, 180)], float)


@pytest.fixture(scope="module")
def texture():
    noise = np.random.default_rng(0).uniform(0, 255, (RNG_SIZE, RNG_SIZE)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.uint8(cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX))


def flow(texture, past, points, step, **options):
    shifter = FlowShifter(**{"scale": 1.0, "window_size": 21, "max_levels": 3, **options})
    numbers = np.zeros((1, 1), np.int64)
    shifter.remember(0, shifter.prepare(past), numbers)
    return shifter.shift(points[None, None], numbers, shifter.prepare(np.roll(texture, step, 1)))


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_flow_moves_poses_with_their_pixels(texture, scale):
    moved = flow(texture, texture, POSE, 9, scale=scale)
    np.testing.assert_allclose(moved[0, 0], POSE + np.array([9, 0]), atol=FLOW_ATOL / scale)


def test_flow_needs_no_memory_of_its_own_for_each_image(texture):
    """A camera's library may fill one buffer again and again."""
    buffer = texture.copy()
    shifter = FlowShifter(scale=1.0, window_size=21, max_levels=3)
    numbers = np.zeros((1, 1), np.int64)
    shifter.remember(0, shifter.prepare(buffer), numbers)
    buffer[:] = np.roll(texture, 9, 1)
    moved = shifter.shift(POSE[None, None], numbers, shifter.prepare(buffer))
    np.testing.assert_allclose(moved[0, 0], POSE + np.array([9, 0]), atol=FLOW_ATOL)


def test_flow_leaves_missing_nodes_missing(texture):
    pose = POSE.copy()
    pose[1] = np.nan
    moved = flow(texture, texture, pose, 5)
    assert np.isnan(moved[0, 0, :, 0]).tolist() == [False, True, False, False]


def test_flow_follows_steps_that_similarity_confuses(texture):
    """Two animals a step apart, moving by one step: where one was, the other is now."""
    images = [texture, np.roll(texture, 30, axis=1)]
    sequence = [
        frame([POSE, POSE + np.array([30, 0])], frame_index=0),
        frame([POSE + np.array([60, 0]), POSE + np.array([30, 0])], frame_index=1),
    ]
    moved = track_frames(
        sequence, TrackerOptions(use_flow=True), image_of=lambda one: images[one.frame_index]
    )
    assert ids(moved) == [[0, 1], [1, 0]]
    still = track_frames([sequence[0], sequence[1].take(np.array([1]))], TrackerOptions())
    assert ids(still) == [[0, 1], [1]]  # without flow it is taken for the other one


def test_frames_of_another_size_are_refused_in_words(texture):
    """Folders of images may hold several sizes; OpenCV would only tell of an assertion."""
    images = [texture, texture[:300]]
    sequence = [frame([POSE], frame_index=0), frame([POSE], frame_index=1)]
    with pytest.raises(DataError, match="A frame of 400 x 300 px follows frames of 400 x 400 px"):
        ids(
            track_frames(
                sequence,
                TrackerOptions(use_flow=True),
                image_of=lambda one: images[one.frame_index],
            )
        )
    options = TrackerOptions(features="image", scoring_method="cosine_sim")
    assert ids(track_frames(sequence, options, image_of=lambda one: images[one.frame_index])) == [
        [0],
        [0],
    ]


def test_only_images_that_candidates_come_from_are_kept(texture):
    for method in ("fixed_window", "local_queues"):
        tracker = Tracker(
            TrackerOptions(use_flow=True, candidates_method=method, tracking_window_size=3)
        )
        for index in range(8):
            tracker.track(frame([POSE], frame_index=index), texture)
        associator: Any = tracker._videos[0].associator
        assert len(associator._flow._images) == 3


def test_images_are_read_only_where_they_are_needed():
    def image_of(one):
        raise AssertionError("read")

    assert ids(track_frames([frame([POSE])] * 2, image_of=image_of)) == [[0], [0]]


def test_colour_becomes_gray_and_other_shapes_are_understood(texture):
    assert gray_image(texture[..., None]).shape == texture.shape
    assert gray_image(texture[None, ..., None]).shape == texture.shape
    np.testing.assert_array_equal(gray_image(texture.astype(float) + 0.7), texture)
    colour = np.zeros((4, 5, 3), np.uint8)
    colour[..., 0] = 200
    assert gray_image(colour).tolist() == [[60] * 5] * 4  # 0.299 of red


def test_appearance_does_not_depend_on_place_heading_or_light(texture):
    turned = np.rot90(texture)  # (x, y) -> (y, size - 1 - x)
    pose = np.array([(140, 200), (170, 206), (200, 195), (230, 200)], float)
    turned_pose = np.stack((pose[:, 1], RNG_SIZE - 1 - pose[:, 0]), axis=1)
    darker = np.uint8(np.round(turned * 0.5 + 20))
    one = appearances(pose[None], texture)[0]
    other = appearances(turned_pose[None], darker)[0]
    elsewhere = appearances(pose[None] + 60, texture)[0]
    assert one @ other > 0.98
    assert abs(one @ elsewhere) < 0.5


def test_appearance_is_nan_without_a_pose_or_without_contrast(texture):
    lost = np.full((1, 4, 2), np.nan)
    assert np.isnan(appearances(lost, texture)).all()
    assert np.isnan(appearances(POSE[None], np.full_like(texture, 7))).all()


@pytest.mark.parametrize("scoring_method", ["cosine_sim", "euclidean_dist"])
def test_appearance_tells_animals_apart_that_change_places(texture, scoring_method):
    here, there = POSE, POSE + np.array([120, 100])
    swapped = texture.copy()
    swapped[120:220, 120:220], swapped[220:320, 240:340] = (
        texture[220:320, 240:340],
        texture[120:220, 120:220],
    )
    images = [texture, swapped]
    sequence = [frame([here, there], frame_index=index) for index in (0, 1)]
    options = TrackerOptions(features="image", scoring_method=scoring_method)
    out = track_frames(sequence, options, image_of=lambda one: images[one.frame_index])
    assert ids(out) == [[0, 1], [1, 0]]


BY_IMAGE = [{"use_flow": True}, {"features": "image", "scoring_method": "cosine_sim"}]


@pytest.mark.parametrize("options", BY_IMAGE, ids=["flow", "appearance"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda image: image / 255,
            "has gray levels from 0 to 255; .* Multiply it by 255, or hand",
        ),
        (lambda image: np.full(image.shape, np.nan), "has nan to nan"),
        (lambda image: image.astype(float) - 1, r"\(400, 400\), has -1 to 254"),
        (lambda image: image.astype(np.uint16) * 256, "has 0 to 65280"),
        (lambda image: image > 100, "got bool"),
        (lambda image: image[:0], r"got uint8 \(0, 400\)"),
        (lambda image: image[:10, :10], r"has 10 x 10 px, and a pose begins at \(150, 150\) px"),
    ],
)
def test_what_cannot_be_the_image_of_a_frame_is_told(texture, options, change, words):
    tracker = Tracker(**options)
    with pytest.raises(DataError, match=words):
        tracker.track(frame([POSE]), change(texture))
    assert tracker.track(frame([POSE]), texture).track_ids.tolist() == [0]


@pytest.mark.parametrize("options", BY_IMAGE, ids=["flow", "appearance"])
def test_a_dark_image_and_a_pose_that_sticks_out_are_taken(texture, options):
    tracker = Tracker(**options)
    beside = [POSE, POSE + np.array([300, -200])]
    for index, image in enumerate((texture, np.zeros(texture.shape), texture.astype(np.float32))):
        assert len(tracker.track(frame(beside, frame_index=index), image)) == 2
