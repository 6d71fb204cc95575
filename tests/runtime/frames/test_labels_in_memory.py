"""Labels in memory whose videos are closed, lists of what is open, and arrays in files."""

import shutil

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.open_input import open_input

ANY = SelectionOptions()


@pytest.fixture
def moved(tmp_path, request):
    """The sample labels; their video is beside them, and not where they say."""
    samples = request.config.rootpath / "samples"
    shutil.copy(samples / "crawlers.mp4", tmp_path / "crawlers.mp4")
    labels = sio.load_slp(str(samples / "crawlers.slp"), open_videos=False)
    labels.videos[0].replace_filename("elsewhere/crawlers.mp4", open=False)
    sio.save_slp(labels, str(tmp_path / "moved.slp"), embed=False)
    return tmp_path / "moved.slp"


def test_videos_are_found_beside_the_file_that_labels_were_read_from(moved):
    labels = sio.load_slp(str(moved), open_videos=False)
    with open_input(labels, ANY) as opened:
        assert opened.files == (moved.parent / "crawlers.mp4",)
        assert opened.source.read(FrameRef(0, 3)).any()


def test_a_video_that_is_in_neither_place_is_told_with_both(moved):
    labels = sio.load_slp(str(moved), open_videos=False)
    (moved.parent / "crawlers.mp4").unlink()
    with pytest.raises(DataError, match="missing where the labels say and beside them"):
        open_input(labels, ANY)


def test_labels_that_are_of_no_file_are_looked_for_where_they_say(moved):
    labels = sio.load_slp(str(moved), open_videos=False)
    labels.provenance.clear()
    with pytest.raises(DataError, match=r"elsewhere/crawlers\.mp4 does not exist"):
        open_input(labels, ANY)


@pytest.mark.parametrize("kind", ["Labels", "Video"])
def test_a_list_of_what_is_open_is_told_to_give_one_by_one(kind):
    one = sio.Labels() if kind == "Labels" else sio.Video("a.mp4", open_backend=False)
    with pytest.raises(OptionError, match=f"list with {kind} .* in memory one by one"):
        open_input([one, one], ANY)


def test_arrays_in_a_file_are_told_how_to_be_given(tmp_path):
    np.save(tmp_path / "v.npy", np.zeros((2, 8, 8, 1), np.uint8))
    with pytest.raises(DataError, match=r"v\.npy: not a video .* `numpy\.load`"):
        open_input(tmp_path / "v.npy", ANY)
