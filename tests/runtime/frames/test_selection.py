"""Which frames of a project are processed: the specification's test vector, and what it forbids."""

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.selection import (
    candidates_of_labels,
    on_merged_videos,
    select_of_labels,
    select_of_video,
)

SKELETON = sio.Skeleton(["a"])
N_FRAMES = {0: 1100, 1: 50}


def instance(kind):
    return kind.from_numpy(np.array([[1.0, 1.0]]), skeleton=SKELETON)


@pytest.fixture(scope="module")
def project():
    """Video 0: frames 10 (user), 3 (predicted), 20 (both), 30 (empty); video 1: 7 (predicted)."""
    user, predicted = sio.Instance, sio.PredictedInstance
    videos = [sio.Video(f"{number}.mp4", open_backend=False) for number in range(2)]
    content = [
        (0, 10, [user]),
        (0, 3, [predicted]),
        (0, 20, [user, predicted]),
        (0, 30, []),
        (1, 7, [predicted]),
    ]
    frames = [
        sio.LabeledFrame(
            video=videos[number], frame_idx=index, instances=[instance(kind) for kind in kinds]
        )
        for number, index, kinds in content
    ]
    suggestions = [
        sio.SuggestionFrame(video=videos[number], frame_idx=index)
        for number, index in [(0, 10), (0, 40), (0, 3), (1, 9)]
    ]
    return sio.Labels(frames, videos=videos, skeletons=[SKELETON], suggestions=suggestions)


def selected(project, **options):
    selection = SelectionOptions(**options)
    candidates = candidates_of_labels(project, selection)
    numbers = N_FRAMES if selection.video_index is None else [selection.video_index]
    available = {number: range(N_FRAMES[number]) for number in numbers}
    return select_of_labels(project, selection, available, candidates, "project.slp")


VECTOR = [
    ({}, [(0, 3), (0, 10), (0, 20), (0, 30), (1, 7)]),
    ({"only_labeled_frames": True}, [(0, 10), (0, 20)]),
    ({"only_suggested_frames": True}, [(0, 3), (0, 40), (1, 9)]),
    ({"exclude_user_labeled": True}, [(0, 3), (0, 30), (1, 7)]),
    ({"only_predicted_frames": True}, [(0, 3), (0, 20), (1, 7)]),
    ({"only_labeled_frames": True, "only_predicted_frames": True}, [(0, 10), (0, 20)]),
    ({"video_index": 0}, [(0, index) for index in range(1100)]),
    ({"video_index": 0, "frames": (0, 10, 5000)}, [(0, 0), (0, 10)]),
    (
        {"video_index": 0, "exclude_user_labeled": True, "frames": (3, 10, 11)},
        [(0, 3), (0, 11)],
    ),
    # Frames are indices in every mode, not positions as in the reference.
    ({"frames": (0, 2)}, [(0, 0), (0, 2), (1, 0), (1, 2)]),
    ({"frames": (7, 60)}, [(0, 7), (0, 60), (1, 7)]),
    ({"only_predicted_frames": True, "frames": (7, 20)}, [(0, 20), (1, 7)]),
    ({"video_index": 1, "only_suggested_frames": True}, [(1, 9)]),
    ({"video_index": 0, "only_labeled_frames": True}, [(0, 10), (0, 20)]),
]


@pytest.mark.parametrize(("options", "expected"), VECTOR)
def test_frames_are_those_of_the_test_vector(project, options, expected):
    assert [tuple(ref) for ref in selected(project, **options).refs] == expected


def test_frames_that_do_not_exist_are_counted(project):
    assert selected(project, video_index=0, frames=(0, 10, 5000)).n_skipped == 1
    assert selected(project, frames=(7, 60)).n_skipped == 1
    words = "1 frame asked for does not exist; video 0 has frames 0 to 1099"
    assert selected(project, video_index=0, frames=(0, 5000)).skipped == words
    assert selected(project).skipped == ""


def test_frames_of_labels_without_an_image_were_not_asked_for(project):
    """As in a package of fewer images than frames with poses."""
    options = SelectionOptions(video_index=0)
    candidates = [FrameRef(0, 3), FrameRef(0, 10), FrameRef(0, 20)]
    found = select_of_labels(project, options, {0: [10]}, candidates, "a.pkg.slp")
    assert found.skipped == "2 frames of the labels have no image; video 0 has frame 10"
    with pytest.raises(DataError, match="; 3 frames of the labels have no image; video 0 has fra"):
        select_of_labels(project, options, {0: [900]}, candidates, "a.pkg.slp")


def test_nothing_left_is_an_error(project):
    of_all = (
        r"no frame is left to process; a person labelled \d+ of its \d+ frames in 2 videos, and"
    )
    with pytest.raises(DataError, match=of_all):
        selected(project, only_predicted_frames=True, frames=(0,))
    with pytest.raises(DataError, match="no frame is left"):
        selected(project, video_index=1, frames=(5000,))


def test_a_video_that_is_not_there_is_refused():
    with pytest.raises(OptionError, match="video_index 2: the labels have 2 videos, 0 to 1"):
        on_merged_videos(SelectionOptions(video_index=2), [0, 1])


def test_a_video_keeps_its_number_where_an_earlier_one_was_merged():
    assert on_merged_videos(SelectionOptions(video_index=3), [0, 1, 0, 2]).video_index == 2
    assert on_merged_videos(SelectionOptions(video_index=2), [0, 1, 0, 2]).video_index == 0
    assert on_merged_videos(SelectionOptions(), [0, 1, 0, 2]).video_index is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only_labeled_frames": True, "exclude_user_labeled": True}, "exclude each other"),
        ({"only_labeled_frames": True, "only_suggested_frames": True}, "exclude each other"),
        ({"video_index": -1}, "0 or more"),
        ({"frames": ()}, "none was given"),
        ({"frames": (3, -1)}, "0 or more"),
        ({"video_input_format": "channels"}, "channels_last"),
    ],
)
def test_contradictions_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        SelectionOptions(**options)


def test_frames_of_a_video_come_sorted_and_once():
    found = select_of_video(SelectionOptions(frames=(5, 2, 5, 99)), range(10), "video.mp4")
    assert [tuple(ref) for ref in found.refs] == [(0, 2), (0, 5)]
    assert found.n_skipped == 1


def test_the_frames_of_a_package_are_named_by_their_numbers_in_the_original():
    """An embedded video has the frames 100, 500, 900 of its original, and no others."""
    with pytest.raises(DataError, match=r"the video has frames 100, 500, 900\.$"):
        select_of_video(SelectionOptions(frames=(0, 1, 2)), [100, 500, 900], "a.pkg.slp")
    many = [7 * index for index in range(12)]
    words = r"frames 0, 7, 14, 21, 28, 35, 42, 49, 56, 63 and 2 more, up to 77\.$"
    with pytest.raises(DataError, match=words):
        select_of_video(SelectionOptions(frames=(1,)), many, "a.pkg.slp")
    assert select_of_video(SelectionOptions(frames=(500,)), [100, 500], "a").refs == [(0, 500)]


def test_a_video_has_no_labels_to_choose_by():
    for options in ({"only_labeled_frames": True}, {"video_index": 0}):
        with pytest.raises(OptionError, match="has no labels to choose by"):
            select_of_video(SelectionOptions(**options), range(10), "video.mp4")
    with pytest.raises(DataError, match="the video has frames 0 to 9"):
        select_of_video(SelectionOptions(frames=(10,)), range(10), "video.mp4")


def test_all_frames_of_a_long_video_take_no_memory():
    refs = select_of_video(SelectionOptions(), range(10**9), "video.mp4").refs
    assert len(refs) == 10**9
    assert tuple(refs[10**9 - 1]) == (0, 10**9 - 1)
    assert [tuple(ref) for ref in refs[5:8]] == [(0, 5), (0, 6), (0, 7)]
