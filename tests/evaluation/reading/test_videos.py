"""Pairing videos of two files."""

import pytest

from sleap_rt.errors import DataError
from sleap_rt.evaluation.reading.videos import VideoFile, VideoSource, ambiguous_videos, pair_videos


def video(*paths, frame_size=None, crop=None):
    """A video at the last path, embedded in the earlier ones; `file:dataset` names a data set."""
    files = tuple(VideoFile((path.split("#")[0],), *path.split("#")[1:]) for path in paths)
    return VideoSource(files=files, frame_size=frame_size, crop=crop)


def pairs(truth, predicted):
    return pair_videos([video(path) for path in truth], [video(path) for path in predicted])


@pytest.mark.parametrize(
    ("truth", "predicted", "expected"),
    [
        (["a/v.mp4"], ["a/v.mp4"], {0: 0}),
        (["a/v.mp4"], ["b/c/v.mp4"], {0: 0}),  # other folder
        ([r"C:\lab\v.mp4"], ["/mnt/v.mp4"], {0: 0}),  # Windows separators
        (["a/v.mp4", "b/v.mp4"], ["/new/a/v.mp4", "/new/b/v.mp4"], {0: 0, 1: 1}),
        (["b/v.mp4", "a/v.mp4"], ["/new/a/v.mp4", "/new/b/v.mp4"], {0: 1, 1: 0}),
        (["a/v.mp4", "b/v.mp4"], ["c/v.mp4"], {}),  # two candidates, none better
        (["a/v.mp4", "v.mp4"], ["c/v.mp4"], {}),
        (["x/a/v.mp4", "y/a/v.mp4"], ["a/v.mp4"], {}),  # both agree in all there is
        (["a/V.mp4"], ["a/v.mp4"], {}),  # case matters
        (["a/v.mp4"], ["a/v.avi"], {}),  # extension matters
        (["a/v.mp4"], ["a/w.mp4"], {}),
        (["a/v.mp4", "b/w.mp4"], ["b/w.mp4"], {1: 0}),
        ([], ["a/v.mp4"], {}),
        (["a/v.mp4"], [], {}),
        (["x.h5#/one", "x.h5#/two"], ["x.h5#/two", "x.h5#/one"], {0: 1, 1: 0}),
        (["a/x.h5#/one"], ["b/x.h5#/two"], {}),
    ],
)
def test_paths(truth, predicted, expected):
    assert pairs(truth, predicted) == expected


@pytest.mark.parametrize(
    ("truth", "predicted", "unclear"),
    [
        (["a/v.mp4", "b/v.mp4"], ["c/v.mp4"], ["c/v.mp4"]),
        (["x/a/v.mp4", "y/a/v.mp4", "z/v.mp4"], ["a/v.mp4", "w.mp4"], ["a/v.mp4"]),
        (["a/v.mp4", "b/v.mp4"], ["/new/b/v.mp4"], []),
        (["a/v.mp4"], ["b/w.mp4"], []),
    ],
)
def test_videos_that_several_fit_are_found(truth, predicted, unclear):
    found = ambiguous_videos([video(p) for p in truth], [video(p) for p in predicted])
    assert found == [video(p) for p in unclear]


def test_an_embedded_video_is_its_original():
    truth = [video("labels.pkg.slp#video0/video", "clips/v.mp4")]
    assert pair_videos(truth, [video("clips/v.mp4")]) == {0: 0}
    assert pair_videos(truth, [video("/moved/v.mp4")]) == {0: 0}
    assert pair_videos([video("clips/v.mp4")], truth) == {0: 0}


def test_videos_embedded_in_one_file_are_told_apart():
    truth = [video("l.pkg.slp#video0/video"), video("l.pkg.slp#video1/video")]
    predicted = [video("l.pkg.slp#video1/video")]
    assert pair_videos(truth, predicted) == {1: 0}


def test_image_sequences_pair_by_all_names():
    def images(folder, *names):
        return VideoSource(files=(VideoFile(tuple(f"{folder}/{name}" for name in names)),))

    truth = [images("a", "0.png", "1.png"), images("a", "0.png", "2.png")]
    assert pair_videos(truth, [images("b", "0.png", "2.png")]) == {1: 0}
    assert pair_videos(truth, [images("b", "0.png")]) == {}


def test_another_frame_size_or_crop_is_another_video():
    truth = [video("a/v.mp4", frame_size=(100, 100)), video("b/v.mp4", frame_size=(50, 80))]
    assert pair_videos(truth, [video("c/v.mp4", frame_size=(50, 80))]) == {1: 0}
    assert pair_videos([video("v.mp4", crop=(0, 0, 9, 9))], [video("v.mp4")]) == {}


def test_the_same_file_under_two_names_is_paired(tmp_path):
    original = tmp_path / "v.mp4"
    original.write_bytes(b"frames")
    link = tmp_path / "w.mp4"
    link.symlink_to(original)
    assert pair_videos([video(str(original))], [video(str(link))]) == {0: 0}


def test_two_claims_to_one_video_are_an_error_that_names_the_files():
    with pytest.raises(DataError, match=r"a/v\.mp4 and b/v\.mp4, are both taken for x/v\.mp4"):
        pairs(["x/v.mp4"], ["a/v.mp4", "b/v.mp4"])
