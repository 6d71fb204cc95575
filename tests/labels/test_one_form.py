"""A merged project in one form: each video, frame and node order once."""

import os

import numpy as np
import sleap_io as sio

from labels.projects import (
    TAIL_FIRST,
    frame,
    points_by_name,
    pose,
    predicted,
    project,
    skeleton,
    user,
    video,
)
from sleap_rt.labels import in_one_form


def test_labels_that_have_the_form_are_returned_as_they_are():
    where = video()
    labels = project(frame(where, 0, user(0)), frame(where, 1, user(0)))
    form = in_one_form(labels)
    assert form.labels is labels
    assert form.video_numbers == (0,)
    assert form.notes == ()


def test_nodes_go_by_name_and_the_first_order_stays():
    first, other, where = skeleton(), skeleton(TAIL_FIRST), video()
    labels = project(
        frame(where, 0, predicted(0, first)), frame(where, 1, predicted(5, other, 0.5))
    )
    form = in_one_form(labels)
    one, two = (f.instances[0] for f in form.labels.labeled_frames)
    assert two.skeleton is one.skeleton
    assert two.skeleton.node_names == ["head", "body", "tail"]
    np.testing.assert_array_equal(two.numpy(), pose(5))
    assert two.score == 0.5
    assert form.labels.skeletons == [one.skeleton]
    assert form.notes == ("the nodes of 1 instance were saved in another order; nodes go by name",)
    untouched = labels.labeled_frames[1].instances[0]
    assert untouched.skeleton is other
    np.testing.assert_array_equal(untouched.numpy(), pose(5, TAIL_FIRST))


def test_other_nodes_and_equal_orders_stay_apart():
    worm, twin, fly, where = skeleton(), skeleton(), skeleton(("head", "wing")), video()
    wing = sio.Instance.from_numpy(np.zeros((2, 2)), skeleton=fly)
    labels = project(frame(where, 0, user(0, worm), user(9, twin), wing))
    assert in_one_form(labels).labels is labels


def test_a_frame_saved_twice_is_one_frame_with_all_its_animals():
    of, where = skeleton(), video()
    labels = project(
        frame(where, 7, user(0, of), predicted(100, of)),
        frame(where, 8, user(3, of)),
        frame(where, 7, user(0, of), user(50, of)),
    )
    form = in_one_form(labels, in_place=True)
    seen = [
        (f.frame_idx, [(type(one).__name__, points_by_name(one)["tail"][0]) for one in f.instances])
        for f in form.labels.labeled_frames
    ]
    assert seen == [
        (7, [("Instance", 0), ("PredictedInstance", 100), ("Instance", 50)]),  # a copy counts once
        (8, [("Instance", 3)]),
    ]
    assert form.notes == ("1 frame saved more than once; the instances were put together",)


def test_a_frame_is_negative_only_without_a_persons_animal():
    of, a = skeleton(), video()
    labels = project(
        frame(a, 0, is_negative=True),
        frame(a, 0, predicted(0, of)),
        frame(a, 1, is_negative=True),
        frame(a, 1, user(0, of)),
    )
    frames = in_one_form(labels).labels.labeled_frames
    assert [f.is_negative for f in frames] == [True, False]


def test_a_file_is_one_video_whatever_it_is_called(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").write_bytes(b"a")
    (tmp_path / "b.mp4").write_bytes(b"b")
    os.symlink(tmp_path / "a.mp4", tmp_path / "link.mp4")
    names = ("a.mp4", "b.mp4", tmp_path / "a.mp4", "link.mp4", "gone/x.mp4", "gone/./x.mp4")
    videos, of = [video(name) for name in names], skeleton()
    labels = project(
        *(frame(one, n % 2, user(n, of)) for n, one in enumerate(videos)),
        videos=videos,
        suggestions=[sio.SuggestionFrame(video=videos[3], frame_idx=5)],
    )
    form = in_one_form(labels, in_place=True)
    assert form.video_numbers == (0, 1, 0, 0, 2, 2)
    assert [one.filename for one in form.labels.videos] == ["a.mp4", "b.mp4", "gone/x.mp4"]
    places = {id(one): n for n, one in enumerate(form.labels.videos)}
    seen = [
        (places[id(f.video)], f.frame_idx, [points_by_name(one)["tail"][0] for one in f.instances])
        for f in form.labels.labeled_frames
    ]
    assert seen == [(0, 0, [0, 2]), (1, 1, [1]), (0, 1, [3]), (2, 0, [4]), (2, 1, [5])]
    assert form.labels.suggestions[0].video is form.labels.videos[0]
    assert form.notes[0] == (
        "in the labels more than once, and taken as one video: a.mp4, gone/x.mp4"
    )


def test_one_name_in_two_folders_is_two_videos_and_so_are_two_datasets():
    embedded = [
        sio.Video(
            "p.pkg.slp",
            open_backend=False,
            backend_metadata={"type": "HDF5Video", "dataset": f"video{n}/video"},
        )
        for n in (0, 1)
    ]
    labels = project(videos=[video("day1/a.mp4"), video("day2/a.mp4"), *embedded])
    assert in_one_form(labels).video_numbers == (0, 1, 2, 3)
