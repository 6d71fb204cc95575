"""Parts of a run, predicted apart: merged, they are the run; what does not fit is refused."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import sleap_io as sio
from fakes import BrightBlocks, graph_contract
from whole_runs import STACK, completed, content, same

from sleap_rt.errors import DataError, OptionError
from sleap_rt.instances import ImageState
from sleap_rt.options import (
    NO_OVERRIDES,
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    FrameRange,
    ModelOverrides,
    RunOptions,
    SelectionOptions,
)
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.pipeline.journal import Journal
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.parts.merge import MergeOptions, merge_parts
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.running.run import Run

N_PARTS = 3


class BlocksOf(BrightBlocks):
    """The same model with other weights."""

    def __init__(self, weights):
        super().__init__()
        contract = graph_contract()
        provenance = replace(contract.provenance, weights_sha256=weights * 64)
        self.models = GraphSet((replace(contract, provenance=provenance),), (Path("a.onnx"),))


class OfTrained(BrightBlocks):
    """As of a trained model that was exported into the cache."""

    def __init__(self):
        super().__init__()
        self.models = replace(self.models, trained=(Path("models/bottomup"),))


@pytest.fixture
def images(tmp_path):
    """Images of two sizes in turn, one of which cannot be read."""
    folder = tmp_path / "images"
    folder.mkdir()
    for index, image in enumerate(STACK):
        wide = np.concatenate([image, image[:, ::-1]], axis=1) if index // 5 % 2 else image
        cv2.imwrite(str(folder / f"{index:03}.png"), wide)
    (folder / "013.png").write_bytes(b"damaged")
    return folder


@pytest.fixture
def run(images, tmp_path):
    """`run(name, part, **options)`: a whole run, or a part of it; the path of its output."""

    def run(name, part=None, predictor=None, n_parts=N_PARTS, overrides=NO_OVERRIDES, **given):
        options = PredictionOptions(
            output_path=tmp_path / name,
            frame_range_of=None if part is None else FrameRange(part, n_parts),
            run=RunOptions(batch_size=given.pop("batch_size", 4), queue_maxsize=2),
            **{"reproducible": True, **given},
        )
        run.summary = completed(images, options, predictor, overrides)  # type: ignore[attr-defined]
        return options.output_path

    return run


@pytest.fixture
def parts(run):
    return [run(f"{number}.part", number) for number in (1, 2, 3)]


def merged(paths, tmp_path, **given):
    output = tmp_path / "merged.slp"
    merge_parts(paths, MergeOptions(output_path=output, **given))
    return output.read_bytes()


def test_a_folder_or_a_pattern_stands_for_its_parts(parts, tmp_path):
    one_by_one = merged(parts, tmp_path)
    assert merged([tmp_path], tmp_path) == one_by_one
    assert merged([tmp_path / "[12].part", parts[2]], tmp_path) == one_by_one


TRACKED = {
    "tracking": TrackerOptions(candidates_method="local_queues"),
    "filters": FilterOptions(filter_min_instance_score=0.1),
    "no_empty_frames": True,
}
CHOSEN_FRAMES = {
    "selection": SelectionOptions(frames=(0, 2, 3, *range(5, 21))),
    "batch_size": None,
    "overrides": ModelOverrides(input_scale=0.5, head_ckpt_path=Path("head.ckpt")),
}
CHOSEN = {**CHOSEN_FRAMES, "engine": EngineOptions(engine="ort", threads=1)}


@pytest.mark.parametrize(
    ("predictor", "settings"), [(BrightBlocks, TRACKED), (BrightBlocks, CHOSEN), (OfTrained, {})]
)
def test_merged_parts_are_the_bytes_of_a_whole_run(run, tmp_path, predictor, settings):
    whole = run("whole.slp", None, predictor(), **settings).read_bytes()
    paths = [run(f"{number}.part", number, predictor(), **settings) for number in (3, 1, 2)]
    assert merged(paths, tmp_path) == whole


def test_a_merged_file_says_what_was_asked_of_all_parts(run, tmp_path):
    engines = [EngineOptions(engine="ort", threads=n) for n in (1, 2, 1)]
    paths = [run(f"{n}.part", n, engine=engines[n - 1], **CHOSEN_FRAMES) for n in (1, 2, 3)]
    merged(paths, tmp_path)
    made = sio.load_slp(tmp_path / "merged.slp", open_videos=False).provenance
    assert made["engine_options"]["threads"] == [1, 2]
    assert made["engine_options"]["batch_size"] == "auto"
    assert made["frame_selection"]["frames"] == "0, 2-3, 5-20"
    assert made["frame_selection"]["frames_processed"] == 19
    assert made["model_overrides"]["input_scale"] == 0.5
    assert Path(made["model_overrides"]["head_ckpt_path"]) == Path("head.ckpt").resolve()


def test_tracking_can_be_chosen_when_parts_are_merged(run, parts, tmp_path):
    tracking = TrackerOptions(max_tracks=1)
    assert (
        merged(parts, tmp_path, tracking=tracking) == run("t.slp", tracking=tracking).read_bytes()
    )
    assert merged(parts, tmp_path) == run("plain.slp").read_bytes()


def test_flow_reads_the_images_that_parts_do_not_have(run, images, tmp_path):
    for index, image in enumerate(STACK):
        cv2.imwrite(str(images / f"{index:03}.png"), image)
    settings = {"tracking": TrackerOptions(use_flow=True)}
    paths = [run(f"{number}.part", number, **settings) for number in (1, 2, 3)]
    assert merged(paths, tmp_path) == run("whole.slp", **settings).read_bytes()


def test_a_part_has_the_poses_of_its_range_and_no_tracks(run, images, tmp_path):
    whole = completed(images, PredictionOptions(run=RunOptions(batch_size=4))).labels
    options = PredictionOptions(
        output_path=tmp_path / "2.part",
        frame_range_of=FrameRange(2, N_PARTS),
        tracking=TrackerOptions(),
        run=RunOptions(batch_size=4),
    )
    part = completed(images, options)
    assert [frame.frame_idx for frame in part.labels] == list(range(8, 16))  # of 23, by fours
    assert repr(content(part.labels)) == repr(content(whole)[8:16])
    assert part.damaged.by_kind(part.videos)[ImageState.UNREADABLE.name.lower()]
    assert part.paths == (tmp_path / "2.part",)


def test_more_parts_than_places_to_cut_leaves_empty_ones(run, tmp_path):
    paths = [run(f"{n}.part", n, n_parts=9) for n in range(1, 10)]
    assert merged(paths, tmp_path) == run("whole.slp").read_bytes()


def test_a_part_that_was_cut_off_is_continued(run, parts, tmp_path):
    with pytest.raises(KeyboardInterrupt, match=r"4 of 8 frames are kept in .*again\.part"):
        run("again.part", 2, BrightBlocks(fail_at=2, error=KeyboardInterrupt()))
    assert not (tmp_path / "again.part").exists()
    run("again.part", 2, resume=True)
    assert run.summary.n_resumed == 4
    assert merged([parts[0], tmp_path / "again.part", parts[2]], tmp_path) == merged(
        parts, tmp_path
    )


def test_merging_gives_labels_without_a_file(images, parts):
    whole = completed(images, PredictionOptions(run=RunOptions(batch_size=4))).labels
    same(merge_parts(parts, MergeOptions(), keeps_labels=True).labels, whole)


def other_model(run, parts):
    return [*parts[:2], run("other.part", 3, BlocksOf("1"))]


def other_options(run, parts):
    filters = FilterOptions(filter_min_instance_score=0.5)
    return [*parts[:2], run("other.part", 3, filters=filters)]


def other_batch(run, parts):
    return [*parts[:2], run("other.part", 3, batch_size=2)]


def other_number(run, parts):
    return [*parts[:2], run("other.part", 3, n_parts=4)]


def other_tracking(run, parts):
    return [*parts[:2], run("other.part", 3, tracking=TrackerOptions())]


def twice(run, parts):
    return [*parts, shutil.copy(parts[1], parts[1].with_name("copy.part"))]


def a_gap(run, parts):
    return [parts[0], parts[2]]


def one_of_many(run, parts):
    return [run("1of20.part", 1, n_parts=20)]


def cut_off(run, parts):
    parts[1].write_bytes(parts[1].read_bytes()[:-50])
    return parts


def bits_flipped(run, parts):
    content = bytearray(parts[1].read_bytes())
    content[-60] ^= 1
    parts[1].write_bytes(content)
    return parts


def a_journal(run, parts):
    predictor = BrightBlocks(fail_at=2, error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run("whole.slp", predictor=predictor)
    return [*parts, parts[0].with_name("whole.slp.journal")]


def no_part(run, parts):
    parts[1].write_text("hello")
    return parts


def results(run, parts):
    return [run("a.slp"), *parts[1:]]


def a_folder(run, parts):
    return [parts[0].with_name("images"), *parts[1:]]


def unfinished(run, parts):
    predictor = BrightBlocks(fail_at=2, error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run("again.part", 2, predictor)
    return [parts[0], parts[0].with_name("again.part.journal"), parts[2]]


def no_match(run, parts):
    return [parts[0].with_name("*.parts")]


def missing(run, parts):
    return [*parts, parts[0].with_name("4.part")]


def input_changed(run, parts):
    image = parts[0].with_name("images") / "000.png"
    image.write_bytes(image.read_bytes() + b"0")
    return parts


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (other_model, r"other\.part does not belong to .*1\.part, and was made otherwise: models "),
        (other_options, r"otherwise: filter_min_instance_score was 0\.0, and is 0\.5 now\."),
        (other_batch, r"otherwise: batch_size was \d, and is \d now\."),
        (other_number, r"otherwise: number of parts was 3, and is \d+ now\."),
        (other_tracking, r"otherwise: tracking was not given, and is given now\."),
        (twice, r"2\.part and .*copy\.part are both part 2 of 3; give each part once"),
        (a_gap, r"1 of 3 parts are missing: 2/3\. Predict them"),
        (one_of_many, r"19 of 20 parts are missing: 2/20, 3/20, .*9/20, \.\.\.\. Predict"),
        (cut_off, r"2\.part is damaged: 7 of its 8 frames can be read; predict this part again"),
        (bits_flipped, r"2\.part is damaged: 7 of its 8 frames"),
        (a_journal, r"whole\.slp\.journal is the journal of a run, not a part of one"),
        (no_part, r"2\.part is neither the journal of a run nor a part of one"),
        (results, r"a\.slp is a result; expected parts"),
        (a_folder, "is a folder; expected parts"),
        (
            unfinished,
            r"is the journal of a part that is not finished: 4 of its 8 frames are .*resume=True",
        ),
        (no_match, r"\*\.parts does not exist; expected a part"),
        (missing, r"4\.part does not exist; expected a part"),
        (input_changed, r"000\.png is not what the parts were made from any more"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(given, words, run, parts, tmp_path):
    paths = given(run, parts)
    with pytest.raises(DataError, match=words):
        merge_parts(paths, MergeOptions(output_path=tmp_path / "merged.slp"))
    assert not (tmp_path / "merged.slp").exists()


def test_a_part_replaces_only_a_part_of_the_same_input(run, parts, tmp_path):
    run("1.part", 1)
    (tmp_path / "1.part").write_text("notes")
    with pytest.raises(DataError, match=r"1\.part exists and is no part of this input"):
        run("1.part", 1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"part": 2}, r"is part 1/3 of this input, not part 2/3\. It is not replaced"),
        ({"n_parts": 4}, r"is part 1/3 of this input, not part 1/4\."),
        (
            {"selection": SelectionOptions(frames=(1, 2, 9))},
            r"is a part of other frames of this input: frames was not given, and is .* now\.",
        ),
    ],
)
def test_a_part_is_not_replaced_by_another_one(run, given, words, tmp_path):
    before = run("1.part", 1).read_bytes()
    with pytest.raises(DataError, match=words):
        run("1.part", **{"part": 1, **given})
    assert (tmp_path / "1.part").read_bytes() == before
    run("1.part", **{"part": 1, "overwrite": True, **given})


def test_a_part_that_is_predicted_again_otherwise_is_told(run, caplog, tmp_path):
    caplog.set_level(logging.INFO, "sleap_rt")
    run("1.part", 1)
    run("1.part", 1)
    assert not [one for one in caplog.messages if "be replaced" in one]
    run("1.part", 1, decode=DecodeOptions(peak_threshold=0.1), tracking=TrackerOptions())
    assert [one for one in caplog.messages if "be replaced" in one] == [
        f"{tmp_path / '1.part'} will be replaced, which was made otherwise: peak_threshold was "
        "0.2, and is 0.1 now; tracking was not given, and is given now"
    ]


def test_the_result_of_a_part_must_be_called_one(run):
    with pytest.raises(OptionError, match=r"a part \(frame_range_of\) must end in \.part"):
        run("out.slp", 1)


def test_arrays_have_no_parts(tmp_path):
    options = PredictionOptions(output_path=tmp_path / "1.part", frame_range_of=FrameRange(1, 2))
    with pytest.raises(OptionError, match="frame_range_of: takes files"):
        completed(STACK, options)


def test_parts_without_tracks_do_not_go_into_nwb(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(Run, "complete", None)  # refused ahead of it
    with pytest.raises(OptionError, match="nwb: it holds one instance per track and frame"):
        merge_parts(parts, MergeOptions(output_path=tmp_path / "merged.nwb"))


def test_parts_by_different_devices_are_told(run, parts, caplog):
    predictor = BrightBlocks()
    predictor.device = "cuda:0"
    merge_parts([*parts[:2], run("gpu.part", 3, predictor)], MergeOptions())
    (told,) = caplog.messages
    assert told.startswith("the parts were predicted by different engines or devices (")
    assert "cuda:0: 3/3" in told


def test_a_journal_may_be_renamed_only_when_it_is_whole(tmp_path):
    with Journal(tmp_path / "a.journal", print) as journal:
        journal.begin({}, resume=None)
        assert journal.kept_as(tmp_path / "a.part").exists()
    assert not (tmp_path / "a.journal").exists()
