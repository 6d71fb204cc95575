"""Crops that follow their animals between the frames in which centroids are found."""

import numpy as np
import pytest
from dots import dots_predictor, frame_of

from sleap_rt.runtime.predictors.carried import CarriedCrops, blocks_of


@pytest.mark.parametrize(
    ("indices", "size", "expected"),
    [
        ([0, 1, 2, 3, 4, 5, 6], 3, [[0, 1, 2], [3, 4, 5], [6]]),
        ([6, 7], 3, [[0, 1]]),
        ([0, 1, 3, 4], 4, [[0, 1], [2], [3]]),  # frame 2 could not be read
        ([7, 8, 0, 1], 10, [[0, 1], [2, 3]]),  # another video
        ([5, 6], 1, [[0], [1]]),
    ],
)
def test_blocks_begin_at_multiples_and_behind_missing_frames(indices, size, expected):
    assert [list(block) for block in blocks_of(indices, size)] == expected


def test_crops_go_on_with_the_speed_seen_last():
    crops = CarriedCrops(np.array([[10, 5], [40, 8]], np.float32))
    nan = np.nan
    for middles, expected in (
        ([[10, 5], [41, 8]], [[10, 5], [41, 8]]),  # no speed is known yet
        ([[12, 4], [nan, nan]], [[14, 3], [41, 8]]),  # the second one is hidden: its crop waits
        ([[15, 3], [42, 8]], [[18, 2], [42, 8]]),  # and is back: its speed is not known
        ([[15, 3], [44, 9]], [[15, 3], [46, 10]]),
    ):
        crops.move(np.array(middles, np.float32))
        np.testing.assert_array_equal(crops.centers, np.array(expected, np.float32))


def xs(results):
    """Where the animals of each frame are; all of them are in one row of pixels."""
    return [found.points[:, 0, 0].tolist() for found in results]


def test_crops_keep_up_with_an_animal_that_gets_faster(monkeypatch):
    places = [10, 12, 15, 19, 24, 30]  # from the fifth on, farther than a crop reaches
    predictor = dots_predictor(monkeypatch, 6)
    results = predictor.predict(np.stack([frame_of((x, 5)) for x in places]), range(6))
    assert xs(results) == [[x] for x in places]
    assert predictor.centroid_engine.seen == [1]
    assert predictor.crop_engine.seen == [1] * 6
    assert {float(score) for found in results for score in found.scores} == {0.75}


def test_animals_that_come_or_are_lost_are_found_with_the_next_detection(monkeypatch):
    predictor = dots_predictor(monkeypatch, 3)
    scene = [(10,), (10, 40), (10, 40), (10, 40), (20, 40), (20, 40), (20, 40)]
    frames = np.stack([frame_of(*((x, 5) for x in places)) for places in scene])
    results = predictor.predict(frames, range(7))
    assert xs(results) == [[10], [10], [10], [10, 40], [40], [40], [20, 40]]
    assert [found.n_nodeless for found in results] == [0, 0, 0, 0, 1, 1, 0]


def test_blocks_of_a_batch_run_side_by_side(monkeypatch):
    predictor = dots_predictor(monkeypatch, 2)
    predictor.predict(np.stack([frame_of((10, 5), (30, 5))] * 6), range(6))
    assert predictor.centroid_engine.seen == [3]
    assert predictor.crop_engine.seen == [6, 6]  # two animals in each of three frames


def test_frames_without_animals_give_empty_results(monkeypatch):
    predictor = dots_predictor(monkeypatch, 2)
    results = predictor.predict(np.stack([frame_of()] * 3), range(3))
    assert [(found.frame_index, len(found)) for found in results] == [(0, 0), (1, 0), (2, 0)]
