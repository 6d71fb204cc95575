"""What is drawn, pixel by pixel, against colours and places that are known by hand."""

import numpy as np
import pytest

from sleap_rt.rendering import Animal, drawn, look_for

RED, BLUE, GREEN = (255, 100, 100), (100, 100, 255), (100, 255, 100)  # the first of the palette
GROUND = 90
IMAGE = np.full((60, 80, 1), GROUND, np.uint8)
A, B = Animal(np.array([[20, 10], [20, 40.0]]), ((0, 1),), 0), Animal(np.array([[60, 30.0]]), (), 1)


def look(color_by="track", **given):
    return look_for(
        **{"frame_side": 80, "animal_size": None, "line_width": 2, **given},
        color_by=color_by,
        n_colors=3,
    )


def test_each_animal_has_its_color_at_its_nodes_and_along_its_edges():
    picture = drawn(IMAGE, [A, B], look())
    assert picture.shape == (60, 80, 3)
    for x, y in ((20, 10), (20, 25), (20, 40)):
        assert tuple(picture[y, x]) == RED
    assert tuple(picture[30, 60]) == BLUE


def test_pixels_without_an_animal_stay():
    noise = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    picture = drawn(noise, [A], look())
    far = np.ones((60, 80), bool)
    far[2:49, 12:29] = False
    assert (picture[far] == noise[far]).all()
    assert (drawn(noise, [], look()) == noise).all()
    assert (drawn(IMAGE, [], look()) == GROUND).all()


def test_a_node_lies_in_the_middle_of_its_pixel():
    red = drawn(IMAGE, [Animal(A.points[:1], (), 0)], look())[..., 0].astype(float) - GROUND
    weights = np.where(red > 0, red, 0)
    rows, columns = np.indices(weights.shape)
    assert (weights * rows).sum() / weights.sum() == pytest.approx(10, abs=0.01)
    assert (weights * columns).sum() / weights.sum() == pytest.approx(20, abs=0.01)


def test_a_dark_seam_sets_poses_off_from_a_light_ground():
    picture = drawn(np.full_like(IMAGE, 255), [A], look(line_width=4))
    around = picture[25, 10:31].astype(int)
    assert around.min(axis=0).max() < 160
    assert (around[[0, -1]] == 255).all()


def test_missing_nodes_and_their_edges_are_not_drawn():
    points = np.array([[20, 10], [np.nan, np.nan], [60, 40.0]])
    picture = drawn(IMAGE, [Animal(points, ((0, 1), (1, 2)), 0)], look())
    assert tuple(picture[10, 20]) == tuple(picture[40, 60]) == RED
    assert (picture[20:30] == GROUND).all()
    assert (drawn(IMAGE, [Animal(points * np.nan, ((0, 1),), 0)], look()) == GROUND).all()


def test_a_crop_shows_that_part_of_the_same_picture():
    whole = drawn(IMAGE, [A, B], look())
    part = drawn(IMAGE, [A, B], look(), crop=(10, 5, 65, 50))
    assert (part == whole[5:50, 10:65]).all()


def test_a_larger_scale_moves_nodes_with_the_pixels():
    picture = drawn(IMAGE, [B], look(), scale=3)
    assert picture.shape == (180, 240, 3)
    assert tuple(picture[91, 181]) == BLUE  # the middle of pixel (60, 30)
    blue = (picture == BLUE).all(axis=2)
    rows, columns = np.nonzero(blue)
    assert (rows.mean(), columns.mean()) == pytest.approx((91, 181), abs=0.05)


def test_animals_without_a_track_are_pale_and_nodes_have_colors_of_their_own():
    untracked = Animal(A.points, A.edges, None)
    pale = drawn(IMAGE, [untracked, B], look())
    assert len(set(pale[10, 20].tolist())) == 1
    assert pale[10, 20, 0] > 200
    assert tuple(pale[30, 60]) == BLUE
    nodes = drawn(IMAGE, [Animal(A.points, A.edges, 1)], look("node"))
    assert tuple(nodes[10, 20]) == RED
    assert tuple(nodes[40, 20]) == BLUE


def test_names_stand_beside_animals_within_the_picture():
    named = Animal(np.array([[78, 2.0]]), (), 2, "third")
    plain, with_name = drawn(IMAGE, [named], look()), drawn(IMAGE, [named], look(names=True))
    differs = (plain != with_name).any(axis=2)
    assert differs.sum() > 20
    assert (with_name[differs] == GREEN).all(axis=1).any()
    assert not differs[:, -1].any()
    assert not differs[:, :20].any()


@pytest.mark.parametrize(
    ("side", "animal", "width"),
    [(384, 120, 1.2), (1024, 200, 3.2), (1024, 24, 1), (8000, None, 12)],
)
def test_lines_go_by_the_sizes_of_frames_and_animals(side, animal, width):
    chosen = look(line_width=None, frame_side=side, animal_size=animal)
    assert chosen.line_width == pytest.approx(width)
