"""Packages: `.slp` files that hold images of some frames, drawn where there is one."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import PIL.Image
import pytest
import sleap_io as sio

import sleap_rt
from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.video import VideoFile


@pytest.fixture
def package(prepared, tmp_path, monkeypatch):
    """`some.pkg.slp`: poses in frames 2, 3 and 7, images of 3 and 7; beside it the video."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(prepared / "clip.mp4", "clip.mp4")
    labels = sio.load_slp(str(prepared / "found.slp"))
    video = labels.videos[0]
    sio.save_slp(labels, "some.pkg.slp", embed=[(video, 3), (video, 7)], verbose=False)
    return Path("some.pkg.slp")


def test_frames_with_an_image_are_drawn_and_the_others_told(package, call):
    code, out, err = call(package, "-o", "overlay.mp4")
    assert (code, out[:8]) == (0, "2 frames"), err
    assert err == (
        "Note: some.pkg.slp has no image of 1 frame, left out: 2; if the video is there, name it "
        "with --video_path\n"
    )
    code, _, err = call(package, "-o", "one.png")
    assert "has no image of 1 frame, left out: 2" in err
    drawn = np.asarray(PIL.Image.open("one.png"))
    with VideoFile(Path("clip.mp4")) as clip:  # frame 3, the first with poses and an image
        assert (drawn[160:] == clip.read(3)[160:]).all()


def test_frames_that_were_asked_for_are_drawn_without_a_word_on_others(package, call):
    assert call(package, "-o", "some.png", "--frames", "3,7")[::2] == (0, "")
    code, _, err = call(package, "-o", "more.png", "--frames", "2-3")
    assert code == 0
    assert "1 frame asked for does not exist; the video has frames 3, 7" in err
    assert call(package, "-o", "none.png", "--frames", "2")[0] == 1


def test_the_video_itself_has_all_of_them(package, call):
    code, out, err = call(package, "-o", "all.mp4", "--video_path", "clip.mp4")
    assert (code, out[:8]) == (0, "3 frames"), err
    assert "no image" not in err


def test_a_preview_shows_what_it_can(package):
    done = sleap_rt.run_inference(package, tracking=True, output_path="again.slp", preview=True)
    assert len(done) == 3
    assert Path("again.preview.png").is_file()


def test_it_is_refused_where_no_frame_with_poses_has_an_image(package):
    with h5py.File(package, "a") as file:
        file["video0/frame_numbers"][:] = [100, 101]
    with pytest.raises(DataError) as error:
        sleap_rt.render(package, "none.mp4")
    assert str(error.value) == (
        "some.pkg.slp has no image of a frame with poses: it holds images of frames 100-101, and "
        "poses in frames 2-3, 7. Name the video with video_path."
    )
    assert not Path("none.mp4").exists()
