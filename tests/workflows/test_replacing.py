"""What is there is replaced by no less, and never without a word."""

import logging

import pytest
import sleap_io as sio
from fakes import BrightBlocks
from whole_runs import N_FRAMES, completed, folder_of_images

from sleap_rt.errors import DataError
from sleap_rt.options import DecodeOptions, RunOptions, SelectionOptions
from sleap_rt.runtime.outputs.origin.origin import origin_of
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.planning.options import PredictionOptions


@pytest.fixture
def images(tmp_path):
    return folder_of_images(tmp_path / "images")


@pytest.fixture
def run(images, tmp_path):
    """`run("out.slp", **options)`: predict; a frame that cannot be read stops it."""

    def run(name, predictor=None, **given):
        options = PredictionOptions(
            output_path=tmp_path / name,
            output_format="slp" if name.endswith(".slp") else "analysis_h5",
            run=RunOptions(batch_size=4, on_error="stop"),
            **given,
        )
        return completed(images, options, predictor)

    return run


def damage(images, index):
    """Give back what makes the image whole again."""
    path = images / f"{index:03}.png"
    good = path.read_bytes()
    path.write_bytes(b"x" * len(good))
    return lambda: path.write_bytes(good)


@pytest.mark.parametrize("name", ["out.slp", "out.h5"])
def test_a_run_that_ends_early_keeps_a_longer_result_and_goes_on_later(run, images, tmp_path, name):
    run(name)
    before = (tmp_path / name).read_bytes()
    mend = damage(images, 9)
    words = (
        r"frame 9 cannot be read.* holds 23 frames of this input, and this run has 9\. It is not "
        r"replaced: .* 8 of 23 frames are kept in .*\.journal; pass resume=True"
    )
    with pytest.raises(DataError, match=words):
        run(name)
    assert (tmp_path / name).read_bytes() == before
    mend()
    done = run(name, resume=True)
    assert (done.n_frames, done.n_resumed) == (N_FRAMES, 8)


def test_a_run_that_ends_early_replaces_a_longer_result_if_told_to(run, images, tmp_path):
    run("out.slp")
    damage(images, 9)
    with pytest.raises(DataError, match="The 9 frames before it are saved in"):
        run("out.slp", overwrite=True)
    assert len(sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)) == 9


@pytest.mark.parametrize("is_there", [False, True])
def test_a_run_that_ends_at_its_first_frame_writes_nothing(run, images, tmp_path, is_there):
    if is_there:
        run("out.slp")
    before = {path.name for path in tmp_path.iterdir()}
    damage(images, 0)
    with pytest.raises(DataError, match=r"frame 0 cannot be read.* Nothing was predicted yet\."):
        run("out.slp")
    assert {path.name for path in tmp_path.iterdir()} == before


def test_frames_in_which_nothing_was_found_count(run):
    run("out.slp", no_empty_frames=True)  # 19 of the 23 are stored
    with pytest.raises(DataError, match="holds 23 frames of this input, and this run has 20"):
        run("out.slp", selection=SelectionOptions(frames=tuple(range(20))))


class Meanwhile(BrightBlocks):
    """While it predicts, somebody saves the earlier result again."""

    def predict(self, *args, **kwargs):
        labels = sio.load_slp("out.slp", open_videos=False)
        labels.save("out.slp", verbose=False)
        return super().predict(*args, **kwargs)


def test_a_result_that_was_proofread_during_the_run_is_kept(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("out.slp")
    with pytest.raises(DataError, match=r"is not a result as sleap-rt left it.* 23 of 23 frames"):
        run("out.slp", predictor=Meanwhile())


@pytest.mark.parametrize("name", ["out.slp", "out.h5"])
def test_what_is_replaced_is_told_where_it_was_made_otherwise(run, tmp_path, caplog, name):
    caplog.set_level(logging.INFO, "sleap_rt")
    run(name, tracking=TrackerOptions())
    run(name, tracking=TrackerOptions())
    assert not [one for one in caplog.messages if "be replaced" in one]
    run(name, decode=DecodeOptions(peak_threshold=0.1))
    assert [one for one in caplog.messages if "be replaced" in one] == [
        f"{tmp_path / name} will be replaced, which was made otherwise: peak_threshold was 0.2, "
        "and is 0.1 now; tracking was given, and is not given now"
    ]


@pytest.mark.parametrize("name", ["out.slp", "out.h5"])
def test_frames_that_the_new_result_would_not_have_are_kept(run, name):
    run(name, selection=SelectionOptions(frames=(0, 1, 2, 3, 900)))  # of which 900 is none
    words = "holds frames 0-3,900 of this input, which the new result would not all have"
    with pytest.raises(DataError, match=words):
        run(name, selection=SelectionOptions(frames=(2, 3, 4, 5, 6)))
    run(name, selection=SelectionOptions(frames=tuple(range(6))))
    run(name, selection=SelectionOptions(frames=tuple(range(6))))
    assert run(name).n_frames == N_FRAMES


def test_many_scattered_frames_are_told_by_their_ends(run):
    scattered = tuple(range(0, N_FRAMES, 2)) + tuple(range(100, 200, 2))
    run("out.slp", selection=SelectionOptions(frames=scattered))
    with pytest.raises(DataError, match="holds 62 frames from 0 to 198 of this input, which"):
        run("out.slp", selection=SelectionOptions(frames=tuple(range(1, 15))))


def test_scattered_frames_of_which_the_new_result_would_have_fewer_are_kept(run):
    scattered = (*range(0, N_FRAMES, 2), *range(100, 200, 2))
    run("out.slp", selection=SelectionOptions(frames=scattered))
    run("out.slp", selection=SelectionOptions(frames=scattered))
    with pytest.raises(DataError, match="holds 62 frames from 0 to 198 of this input, which"):
        run("out.slp", selection=SelectionOptions(frames=(*range(N_FRAMES), 198)))


def test_a_result_that_is_not_whole_tells_so(run, images, tmp_path):
    damage(images, 9)
    with pytest.raises(DataError, match="The 9 frames before it are saved in"):
        run("out.slp")
    assert origin_of(tmp_path / "out.slp").is_partial
    run("whole.slp", selection=SelectionOptions(frames=tuple(range(9))))
    assert not origin_of(tmp_path / "whole.slp").is_partial


def test_another_recording_of_the_same_name_is_told(run, images, caplog):
    caplog.set_level(logging.INFO, "sleap_rt")
    run("out.slp")
    image = images / "000.png"
    image.write_bytes(image.read_bytes() + b"longer")
    run("out.slp")
    (told,) = [one for one in caplog.messages if "be replaced" in one]
    assert told.endswith(f"input changed: {image} is not what it was")
