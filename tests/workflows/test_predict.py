"""A whole run: what is written, and what is left when it is cut off."""

import dataclasses
import os
import shutil

import numpy as np
import pytest
import sleap_io as sio
from fakes import BrightBlocks
from whole_runs import N_FRAMES, completed, content, folder_of_images, same

from sleap_rt.errors import DataError, OptionError, options_are_typed
from sleap_rt.instances import ImageState
from sleap_rt.options import EngineOptions, FilterOptions, RunOptions, SelectionOptions
from sleap_rt.runtime.pipeline.journal import Journal
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.planning.options import PredictionOptions


@pytest.fixture
def video(tmp_path):
    return folder_of_images(tmp_path / "images")


@pytest.fixture
def run(video, tmp_path):
    """`run(output name, predictor, **options)`: predict, and load what was written."""

    def run(name="out.slp", predictor=None, on_error="continue", **given):
        options = PredictionOptions(
            output_path=tmp_path / name,
            run=RunOptions(batch_size=4, queue_maxsize=2, on_error=on_error),
            **given,
        )
        run.summary = completed(video, options, predictor)  # type: ignore[attr-defined]
        return sio.load_slp(str(options.output_path))

    return run


def test_every_frame_is_written_also_empty_ones(run):
    labels = run()
    assert [frame.frame_idx for frame in labels] == list(range(N_FRAMES))
    assert [len(frame) for frame in labels] == [0 if i % 5 == 4 else 2 for i in range(N_FRAMES)]
    assert labels.skeleton.node_names == ["head", "tail"]
    assert run.summary.n_frames == N_FRAMES
    assert run.summary.n_instances == 38
    full = [frame.frame_idx for frame in run(no_empty_frames=True)]
    assert full == [index for index in range(N_FRAMES) if index % 5 != 4]


def test_filters_come_ahead_of_tracking(run):
    filters = FilterOptions(filter_min_instance_score=0.5)
    labels = run(tracking=TrackerOptions(), filters=filters)
    assert [track.name for track in labels.tracks] == ["track_0"]
    assert len(run("unfiltered.slp", tracking=TrackerOptions()).tracks) == 2


def test_tracks_and_their_scores_are_written(run):
    labels = run(tracking=TrackerOptions(max_tracks=1, candidates_method="local_queues"))
    assert {one.track.name for frame in labels for one in frame.instances} == {"track_0"}
    assert all(np.isfinite(one.tracking_score) for frame in labels for one in frame.instances)
    assert run.summary.n_tracks == 1


def test_identities_of_the_model_are_kept_when_tracking_is_asked_for(run):
    predictor = BrightBlocks(class_names=("female", "male"))
    labels = run(predictor=predictor, tracking=TrackerOptions())
    assert [track.name for track in labels.tracks] == ["male", "female"]  # in order of first use
    for frame in labels:
        assert [one.track.name for one in frame.instances] in (["male", "female"], [])
        assert {one.tracking_score for one in frame.instances} <= {0.5}


@pytest.mark.parametrize("n_batches", [1, 3, 5])
@pytest.mark.parametrize("images", [False, True])
def test_a_run_that_goes_on_ends_as_one_that_was_never_cut_off(run, tmp_path, n_batches, images):
    options = TrackerOptions(features="image", scoring_method="cosine_sim") if images else None
    tracking = options or TrackerOptions()
    whole = run("whole.slp", tracking=tracking)
    with pytest.raises(KeyboardInterrupt, match=f"{4 * n_batches} of 23 frames are kept in"):
        run(predictor=BrightBlocks(n_batches, KeyboardInterrupt()), tracking=tracking)
    assert not (tmp_path / "out.slp").exists()
    rest = BrightBlocks()
    same(run(predictor=rest, tracking=tracking, resume=True), whole)
    assert rest.calls[0][0] == 4 * n_batches
    assert run.summary.n_resumed == 4 * n_batches
    assert sorted(path.name for path in tmp_path.glob("*.slp*")) == ["out.slp", "whole.slp"]


def test_an_interrupt_tells_how_to_go_on_as_the_run_was_called(run):
    interrupted = BrightBlocks(1, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt, match="pass resume=True to the same call to continue"):
        run(predictor=interrupted)
    with options_are_typed(), pytest.raises(KeyboardInterrupt, match="pass --resume to the same c"):
        run(predictor=BrightBlocks(1, KeyboardInterrupt()), resume=False)


def test_auto_goes_on_if_there_is_something_to_go_on_with(run):
    whole = run("whole.slp", resume="auto")
    with pytest.raises(KeyboardInterrupt):
        run(predictor=BrightBlocks(2, KeyboardInterrupt()), resume="auto")
    rest = BrightBlocks()
    same(run(predictor=rest, resume="auto"), whole)
    assert rest.calls[0][0] == 8


def test_a_record_that_was_written_by_half_is_predicted_again(run, tmp_path):
    whole = run("whole.slp")
    with pytest.raises(KeyboardInterrupt):
        run(predictor=BrightBlocks(3, KeyboardInterrupt()))
    journal = tmp_path / "out.slp.journal"
    journal.write_bytes(journal.read_bytes()[:-7])
    rest = BrightBlocks()
    same(run(predictor=rest, resume=True), whole)
    assert rest.calls[0][0] == 8


def test_a_journal_is_neither_overwritten_nor_mixed_up_with_another_run(run, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(predictor=BrightBlocks(2, KeyboardInterrupt()))
    with pytest.raises(DataError, match="Pass resume=True to continue it, or resume=False"):
        run()
    with pytest.raises(
        DataError, match=r"filter_min_visible_nodes was 0, and is 1 now.*resume=False"
    ):
        run(resume=True, filters=FilterOptions(filter_min_visible_nodes=1))
    with pytest.raises(DataError, match="frames was 23 frames from 0 to 22, and is"):
        run(resume=True, selection=SelectionOptions(frames=(1, 2)))
    assert len(run(resume=False)) == N_FRAMES
    assert not (tmp_path / "out.slp.journal").exists()
    with pytest.raises(DataError, match="nothing to go on with"):
        run(resume=True)


@pytest.mark.parametrize("resume", [None, True, False])
def test_a_second_run_on_the_same_output_is_refused_at_once(run, tmp_path, resume):
    with pytest.raises(KeyboardInterrupt):
        run(predictor=BrightBlocks(2, KeyboardInterrupt()))
    second = BrightBlocks()
    with (
        Journal(tmp_path / "out.slp.journal", pytest.fail),
        pytest.raises(DataError, match=r"Another run is writing .*out\.slp"),
    ):
        run(predictor=second, resume=resume)
    assert second.calls == []
    assert len(run(resume=True)) == N_FRAMES


class Deleting(BrightBlocks):
    """Deletes a folder or file at its third call."""

    def __init__(self, path):
        super().__init__()
        self._path = path

    def predict(self, frames, frame_indices, known=None):
        if len(self.calls) == 2:
            shutil.rmtree(self._path) if self._path.is_dir() else self._path.unlink()
        return super().predict(frames, frame_indices, known)


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no open files")
@pytest.mark.parametrize("deleted", ["to", "to/out.slp.journal"])
def test_results_survive_the_deletion_of_their_folder(run, tmp_path, deleted, caplog, monkeypatch):
    monkeypatch.setattr("sleap_rt.runtime.pipeline.journal.SYNC_SECONDS", 0.0)
    whole = run("whole.slp")
    same(run("to/out.slp", predictor=Deleting(tmp_path / deleted)), whole)
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["out.slp"]
    assert "out.slp.journal was deleted" in caplog.text


def test_what_is_cut_off_a_damaged_journal_is_told(run, tmp_path, caplog):
    whole = run("whole.slp")
    with pytest.raises(KeyboardInterrupt):
        run(predictor=BrightBlocks(3, KeyboardInterrupt()))
    journal = tmp_path / "out.slp.journal"
    journal.write_bytes(journal.read_bytes()[:-40] + bytes(40))
    same(run(resume=True), whole)
    assert "its first 8 frames are kept, an unfinished batch is cut off" in caplog.text


def test_a_damaged_image_stays_empty_and_is_told(run, video):
    whole = run("whole.slp")
    for name in ("000", "009", "010"):
        (video / f"{name}.png").write_bytes(b"no image")
    labels = run()
    assert [frame.frame_idx for frame in labels] == list(range(N_FRAMES))
    assert [len(labels[index]) for index in (0, 9, 10, 11)] == [0, 0, 0, 2]
    assert repr(content(labels)[12:]) == repr(content(whole)[12:])  # batches are the same
    assert run.summary.damaged.n(ImageState.UNREADABLE) == 3
    (warning,) = run.summary.damaged.warnings(labels.videos)
    assert warning.endswith(
        "images: 3 frames cannot be read and got no instances (000.png, 009.png, 010.png)"
    )
    (listed,) = labels.provenance["damaged_frames"]["unreadable"].values()
    assert listed == "0, 9-10"


@pytest.mark.parametrize("images", [False, True])
def test_damage_is_told_also_where_the_run_was_cut_off_behind_it(run, video, images):
    options = TrackerOptions(features="image", scoring_method="cosine_sim") if images else None
    (video / "002.png").write_bytes(b"no image")
    whole = run("whole.slp", tracking=options)
    with pytest.raises(KeyboardInterrupt):
        run(predictor=BrightBlocks(3, KeyboardInterrupt()), tracking=options)
    same(run(tracking=options, resume=True), whole)
    assert run.summary.damaged.n(ImageState.UNREADABLE) == 1


def test_what_came_before_a_damaged_frame_is_saved(run, video, tmp_path):
    whole = run("whole.slp")
    good = (video / "009.png").read_bytes()
    (video / "009.png").write_bytes(b"x" * len(good))
    with pytest.raises(DataError, match=r"frame 9 cannot be read.* The 9 frames before it"):
        run(on_error="stop")
    labels = sio.load_slp(str(tmp_path / "out.slp"))
    assert [frame.frame_idx for frame in labels] == list(range(9))
    (video / "009.png").write_bytes(good)
    rest = BrightBlocks()
    same(run(predictor=rest, resume=True), whole)
    assert rest.calls[0] == [8, 9, 10, 11]


def test_an_interrupt_ahead_of_the_first_result_leaves_nothing(run, tmp_path):
    with pytest.raises(KeyboardInterrupt, match="nothing was predicted yet"):
        run(predictor=BrightBlocks(0, KeyboardInterrupt()))
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_provenance_has_the_tracking_that_ran(run):
    made = run(tracking=TrackerOptions(max_tracks=2)).provenance
    assert made["tracking_config"]["candidates_method"] == "local_queues"


def test_provenance_says_how_it_was_made(run, video):
    selection = SelectionOptions(frames=(1, 2, 99))
    engine = EngineOptions(engine="ort", device="cpu", threads=2)
    made = run(selection=selection, tracking=TrackerOptions(), engine=engine).provenance
    assert made["model_type"] == "bottomup"
    assert made["frame_selection"] == {
        "method": "specified",
        "frames": "1-2, 99",
        "frames_processed": 2,
        "frames_total": N_FRAMES,
    }
    assert made["video_decoder"].startswith("Pillow")
    assert made["inference_config"]["peak_threshold"] == 0.2
    assert made["tracking_config"]["features"] == "keypoints"
    assert made["device"] == "cpu"
    assert made["engine_options"] == {
        "engine": "ort",
        "device": "cpu",
        "threads": 2,
        "batch_size": made["inference_config"]["batch_size"],
    }
    assert made["output_options"] == {"centroid_output": "instance", "no_empty_frames": False}
    assert "model_overrides" not in made
    assert run.summary.n_skipped == 1
    assert "input_provenance" not in made


def test_a_very_long_choice_of_frames_is_recorded_in_part(run):
    selection = SelectionOptions(frames=tuple(range(1, 100_001, 2)))
    recorded = run(selection=selection).provenance["frame_selection"]["frames"]
    assert recorded.startswith("1, 3, 5, 7, ")
    assert recorded.endswith(", ...")
    assert len(recorded) < 20_010


@pytest.mark.parametrize(
    ("output_format", "suffix"),
    [("slp", ".slp"), ("analysis_h5", ".h5"), ("csv", ".csv"), ("nwb", ".nwb"), ("coco", ".json")],
)
def test_a_reproducible_run_gives_the_same_bytes(pytestconfig, tmp_path, output_format, suffix):
    video = pytestconfig.rootpath / "samples/crawlers.mp4"  # NWB takes no folder of images
    options = PredictionOptions(
        output_path=tmp_path / f"out{suffix}",
        output_format=output_format,
        selection=SelectionOptions(frames=(0, 1, 2, 3)),
        tracking=TrackerOptions(),
        overwrite=True,
        reproducible=True,
    )
    written = []
    for _ in range(3):
        completed(video, options)
        written.append(options.output_path.read_bytes())
    assert written.count(written[0]) == 3
    timed = dataclasses.replace(options, reproducible=False)
    completed(video, timed)
    if output_format in ("slp", "analysis_h5", "nwb"):  # these hold the provenance
        assert b"inference_start_timestamp" in options.output_path.read_bytes()
        assert b"inference_start_timestamp" not in written[0]


def test_an_input_is_never_overwritten(run, video, tmp_path):
    labels = run()
    again = PredictionOptions(
        selection=SelectionOptions(frames=(0,)), output_path=tmp_path / "out.slp"
    )
    with pytest.raises(DataError, match="input itself"):
        completed(tmp_path / "out.slp", again)
    same(sio.load_slp(str(tmp_path / "out.slp")), labels)
    for name in ("out.txt", "out"):
        with pytest.raises(OptionError, match=r"in \.slp"):
            completed(video, dataclasses.replace(again, output_path=tmp_path / name))


@pytest.mark.parametrize(
    ("name", "given", "n_warnings"),
    [
        ("out.h5", {}, 1),
        ("out.h5", {"tracking": TrackerOptions()}, 0),
        ("out.h5", {"filters": FilterOptions(filter_min_instance_score=0.5)}, 0),  # one a frame
        ("out.slp", {}, 0),
        ("out.csv", {}, 0),
        ("out.json", {}, 0),
    ],
)
def test_rows_that_are_no_identities_are_told(video, tmp_path, name, given, n_warnings):
    summary = completed(video, PredictionOptions(output_path=tmp_path / name, **given))
    warnings = [words for words in summary.warnings if "untracked_0 to untracked_1" in words]
    assert len(warnings) == n_warnings
    assert all("no identities" in words and "--tracking" in words for words in warnings)
