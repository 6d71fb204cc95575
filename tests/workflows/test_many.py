"""Many inputs in one go: one that fails stops no other, and nothing is done or replaced twice."""

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copytree, rmtree

import h5py
import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.errors import DataError, EngineError, OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.outputs.formats import FORMATS, write_file, write_labels
from sleap_rt.runtime.outputs.names import default_output
from sleap_rt.runtime.outputs.origin.origin import Origin, add_origin, name_of_file
from sleap_rt.runtime.pipeline.journal import Journal
from sleap_rt.workflows.many.inputs import Inputs
from sleap_rt.workflows.many.options import ManyOptions, many_options
from sleap_rt.workflows.many.plan import Ahead, plan_many
from sleap_rt.workflows.many.run import CannotRunError, ManyReport
from sleap_rt.workflows.run_identity.asked import with_input

WORKED_ON: list[tuple[str, bool | None]] = []
DOCS = Path(__file__).resolve().parents[2] / "docs/track.md"


@dataclass(frozen=True)
class Done:
    """What the work gives back here."""

    paths: tuple[Path, ...] = ()
    n_frames: int = 3
    labels: sio.Labels = field(default_factory=sio.Labels)


@pytest.fixture
def clips(tmp_path):
    paths = [tmp_path / f"{name}.mp4" for name in "abcd"]
    for path in paths:
        path.touch()
    return paths


def result(clip):
    """A result of an input as it is written, empty."""
    output = clip.with_suffix(".predictions.slp")
    write_labels(sio.Labels(), output, "slp", Origin(input_name=name_of_file(clip)))
    return output


def carried_out(clips, options, failures=None):
    """The run; `WORKED_ON` has the inputs that were worked on, and how to resume them."""
    run = plan_many(clips, options)
    WORKED_ON.clear()

    def work(task):
        WORKED_ON.append((task.path.stem, task.resume))
        if failures and task.path.stem in failures:
            raise failures[task.path.stem]
        return Done(paths=(task.output,))

    run.carry_out(work, ManyReport())
    return run


def statuses(run):
    return [task.status for task in run.tasks]


@pytest.mark.parametrize("error", [DataError("torn"), OptionError("no"), ZeroDivisionError("odd")])
def test_one_that_fails_stops_no_other(clips, tmp_path, error):
    summary = tmp_path / "run.json"
    run = carried_out(clips, ManyOptions(summary=summary), {"b": error})
    assert statuses(run) == ["done", "failed", "done", "done"]
    assert run.missing
    facts = json.loads(summary.read_text())
    assert [one["status"] for one in facts["inputs"]] == statuses(run)
    assert (facts["n_inputs"], facts["n_done"], facts["n_failed"]) == (4, 3, 1)
    assert facts["inputs"][1]["error"]["type"] == type(error).__name__
    assert facts["inputs"][0]["outputs"] == [str(tmp_path / "a.predictions.slp")]


def test_wrong_use_is_told_once(clips):
    with pytest.raises(OptionError, match="no such"):
        carried_out(clips, ManyOptions(), {"a": OptionError("no such")})
    assert WORKED_ON == [("a", None)]


def test_models_that_cannot_be_opened_stop_the_run(clips, tmp_path):
    summary = tmp_path / "run.json"
    failure = CannotRunError(EngineError("no GPU"))
    with pytest.raises(EngineError, match="no GPU"):
        carried_out(clips, ManyOptions(summary=summary), {"a": failure})
    assert json.loads(summary.read_text())["n_waiting"] == 3


def test_an_interrupt_is_in_the_summary(clips, tmp_path):
    summary = tmp_path / "run.json"
    with pytest.raises(KeyboardInterrupt):
        carried_out(clips, ManyOptions(summary=summary), {"b": KeyboardInterrupt()})
    found = [one["status"] for one in json.loads(summary.read_text())["inputs"]]
    assert found == ["done", "interrupted", "waiting", "waiting"]


@pytest.mark.parametrize("format_name", ["slp", "csv"])
def test_an_interrupt_says_what_goes_on_with_many_tables(clips, format_name):
    options = ManyOptions(output_format=format_name)
    with pytest.raises(KeyboardInterrupt) as stopped:
        carried_out(clips, options, {"b": KeyboardInterrupt("pass resume=True to go on")})
    beside = ", with skip_existing=True for the tables that are done"
    assert str(stopped.value) == "pass resume=True to go on" + beside * (format_name == "csv")


def test_existing_results_can_be_left_out(clips):
    result(clips[1])
    run = carried_out(clips, ManyOptions(skip_existing=True))
    assert statuses(run) == ["done", "existing", "done", "done"]
    assert not run.missing


def test_a_run_that_was_cut_off_goes_on_where_it_was(clips):
    result(clips[0])
    clips[1].with_suffix(".predictions.slp.journal").touch()
    with pytest.raises(DataError, match=r"Nothing was run.*b\.predictions\.slp\.journal"):
        plan_many(clips, ManyOptions())
    run = carried_out(clips, ManyOptions(resume=True))
    assert statuses(run) == ["existing", "done", "done", "done"]
    assert WORKED_ON == [("b", True), ("c", None), ("d", None)]


@pytest.mark.parametrize("has_table", [True, False])
def test_beside_a_journal_leaving_out_what_is_there_is_not_enough(clips, has_table):
    clips[1].with_suffix(".predictions.csv.journal").touch()
    if has_table:
        clips[0].with_suffix(".predictions.csv").write_text("track,frame_idx")
    options = ManyOptions(output_format="csv")
    with pytest.raises(DataError, match=r"Pass resume=True .*Pass skip_existing=True as well to"):
        plan_many(clips, options)
    with pytest.raises(DataError, match=r"or resume=False to begin anew\.$"):
        plan_many(clips, replace(options, skip_existing=True))
    plan_many(clips, replace(options, resume=True, skip_existing=True))


@pytest.mark.parametrize("resume", [None, True, False])
def test_a_file_in_place_of_a_journal_is_told_before_anything_is_run(clips, resume):
    clips[1].with_suffix(".predictions.slp.journal").write_text("a person's notes")
    with pytest.raises(DataError, match=r"Nothing was run.*b\..*is no journal of a run"):
        plan_many(clips, ManyOptions(resume=resume))


@pytest.mark.parametrize("resume", [None, True])
def test_tables_are_left_out_as_done_only_where_that_is_said(clips, resume):
    clips[0].with_suffix(".predictions.csv").write_text("track,frame_idx")
    options = ManyOptions(output_format="csv", resume=resume)
    words = (
        r"Nothing was run\. .*does not tell what it was made from\. "
        rf"Pass skip_existing=True{' as well' if resume else ''} to leave out inputs"
    )
    with pytest.raises(DataError, match=words):
        plan_many(clips, options)
    run = plan_many(clips, replace(options, skip_existing=True))
    assert statuses(run) == ["existing", *["waiting"] * 3]
    assert statuses(plan_many(clips, replace(options, overwrite=True))) == ["waiting"] * 4


@pytest.mark.parametrize("resume", [None, True])
def test_files_that_are_not_ours_are_refused_before_anything_is_run(clips, resume):
    for clip in clips[1:3]:
        clip.with_suffix(".predictions.slp").write_text("labels of a person")
    words = r"Nothing was run.*b\.pred.*, like 1 more, exists and is not a result as .*overwrite=T"
    with pytest.raises(DataError, match=words):
        plan_many(clips, ManyOptions(resume=resume))
    assert len(plan_many(clips, ManyOptions(resume=resume, overwrite=True)).tasks) == 4


def test_results_of_more_frames_are_told_before_anything_is_run(clips):
    output = clips[1].with_suffix(".predictions.slp")
    origin = Origin(input_name=name_of_file(clips[1]), n_frames=80)
    write_labels(sio.Labels(), output, "slp", origin)
    inputs, values = Inputs(tuple(clips), is_many=True), {"frames": range(10)}
    options = many_options(inputs, None, values, names_output=True)
    assert options is not None
    with pytest.raises(DataError, match=r"Nothing was run.*b\.predictions\.slp holds 80 frames"):
        plan_many(clips, options)
    assert statuses(plan_many(clips, replace(options, overwrite=True))) == ["waiting"] * 4
    assert statuses(plan_many(clips, replace(options, most_frames=None))) == ["waiting"] * 4


def test_labels_are_not_held(clips):
    run = plan_many(clips, ManyOptions())
    frame = sio.LabeledFrame(video=sio.Video("a.mp4", open_backend=False), frame_idx=0)
    run.carry_out(lambda task: Done(labels=sio.Labels([frame])), ManyReport())
    assert all(task.done and len(task.done.labels) == 0 for task in run.tasks)


def test_a_summary_replaces_no_other_file(clips, tmp_path):
    other = tmp_path / "notes.json"
    other.write_text('{"mine": 1}')
    with pytest.raises(DataError, match="exists and is no summary"):
        plan_many(clips, ManyOptions(summary=other))
    with pytest.raises(DataError, match="is an input"):
        plan_many(clips, ManyOptions(summary=clips[0]))
    for _ in range(2):
        carried_out(clips, ManyOptions(summary=tmp_path / "run.json", overwrite=True))


def test_the_keys_of_the_summary_are_documented(clips, tmp_path):
    summary = tmp_path / "run.json"
    carried_out(clips, ManyOptions(summary=summary))
    facts = json.loads(summary.read_text())
    text = DOCS.read_text(encoding="utf8")
    for key in (*facts, *facts["inputs"][0]):
        assert f"`{key}`" in text


@pytest.mark.parametrize(
    ("is_many", "output", "values", "words"),
    [
        (True, "out.slp", {}, "one file for 4 inputs; name a folder"),
        (True, None, {"video_index": 0}, "video_index: give it with one input"),
    ],
)
def test_what_needs_one_input_is_refused(clips, is_many, output, values, words):
    with pytest.raises(OptionError, match=words):
        many_options(
            Inputs(tuple(clips), is_many), output and Path(output), values, names_output=True
        )


def test_one_input_needs_no_more_than_before(clips, tmp_path):
    one = Inputs((clips[0],), is_many=False)
    assert many_options(one, None, {}, names_output=True) is None
    assert many_options(one, tmp_path / "out.slp", {}, names_output=True) is None
    to_folder = many_options(one, tmp_path, {}, names_output=True)
    assert to_folder is not None
    assert plan_many(one.paths, to_folder).tasks[0].output == tmp_path / "a.predictions.slp"
    said = many_options(one, tmp_path / "x.csv", {"skip_existing": True}, names_output=True)
    assert said is not None
    assert plan_many(one.paths, said).tasks[0].output == tmp_path / "x.csv"


FOUND = FrameInstances.untracked(
    frame_index=0,
    video_index=0,
    points=np.zeros((0, 2, 2), np.float32),
    point_scores=np.zeros((0, 2), np.float32),
    scores=np.zeros(0, np.float32),
)
ASKED = {"peak_threshold": 0.2, "models": "abc", "called": {"models": "exports/flies"}}


def made_by(clip, format_name="slp", n_wanted=3, **asked):
    """A result of an input that was made by a run of which so much was asked."""
    output = clip.with_suffix(FORMATS[format_name].default_suffix)
    name, asked = name_of_file(clip), {**ASKED, **asked}
    origin = Origin(input_name=name, n_frames=3, n_wanted=n_wanted, asked=asked)
    skeleton = sio.Skeleton(["head"])
    write_labels(sio.Labels(skeletons=[skeleton]), output, format_name, origin)
    return output


@pytest.mark.parametrize("content", [b"longer than it was", b"VIDEO"])
def test_another_recording_of_the_same_name_is_not_left_out_as_done(clips, content):
    for clip in clips:
        clip.write_bytes(b"video")
        made_by(clip, **with_input(ASKED, [clip]))
    clips[1].write_bytes(content)
    words = f"of another run: input changed: {clips[1]} is not what it was"
    with pytest.raises(DataError, match=re.escape(words)):
        plan_many(clips, ManyOptions(resume=True), Ahead(lambda: ASKED))


def test_a_result_that_knows_only_the_size_of_its_input_is_left_out_by_it(clips):
    for clip in clips:
        asked = with_input(ASKED, [clip])
        made_by(clip, **{**asked, "input": asked["input"].partition(".")[0]})
    run = plan_many(clips, ManyOptions(resume=True), Ahead(lambda: ASKED))
    assert statuses(run) == ["existing"] * 4


def test_an_input_that_is_gone_is_told_at_its_turn_though_its_result_is_there(clips):
    for clip in clips:
        made_by(clip, **with_input(ASKED, [clip]))
    clips[1].unlink()
    run = plan_many(clips, ManyOptions(resume=True), Ahead(lambda: ASKED))
    assert statuses(run) == ["existing", "waiting", "existing", "existing"]


@pytest.mark.parametrize(
    ("happened", "status"),
    [
        ("moved", "existing"),
        ("copied", "not of this input"),
        ("replaced", "not of this input"),
        ("lengthened", "not of this input"),
    ],
)
def test_results_follow_videos_that_were_moved(tmp_path, happened, status):
    there, now = tmp_path / "there/a.mp4", tmp_path / "now/a.mp4"
    there.parent.mkdir()
    there.write_bytes(bytes(1 << 18))
    made_by(there, **with_input(ASKED, [there]))
    copytree(there.parent, now.parent)
    if happened != "copied":
        rmtree(there.parent)
    if happened == "replaced":
        now.write_bytes(b"1" * (1 << 18))
    if happened == "lengthened":  # its ends are the same
        now.write_bytes(bytes(1 << 19))
    go_on = ManyOptions(resume=True)
    if status == "existing":
        assert statuses(plan_many([now], go_on, Ahead(lambda: ASKED))) == ["existing"]
        with pytest.raises(DataError, match=r"peak_threshold was 0\.2, and is 0\.3 now"):
            plan_many([now], go_on, Ahead(lambda: ASKED | {"peak_threshold": 0.3}))
    else:
        with pytest.raises(DataError, match=rf"is the result of .*there/a\.mp4, {status}"):
            plan_many([now], go_on, Ahead(lambda: ASKED))
    usual = default_output(now, input_name=name_of_file(now)).name
    assert usual == ("a.predictions.slp" if status == "existing" else "a.mp4.predictions.slp")


@pytest.mark.parametrize("folder", ["results", "now"])
def test_results_that_name_the_earlier_place_of_videos_are_told(tmp_path, caplog, folder):
    for name in ("there", "results"):
        (tmp_path / name).mkdir()
    videos = [tmp_path / f"there/{name}.mp4" for name in "ab"]
    for video in videos:
        video.write_bytes(bytes(1 << 18))
        result = made_by(video, **with_input(ASKED, [video]))
        if folder == "results":
            result.rename(tmp_path / folder / result.name)
    (tmp_path / "there").rename(tmp_path / "now")
    moved = [tmp_path / "now" / video.name for video in videos]
    go_on = ManyOptions(resume=True, folder=tmp_path / folder)
    assert statuses(plan_many(moved, go_on, Ahead(lambda: ASKED))) == ["existing", "existing"]
    told = [one.getMessage() for one in caplog.records]
    if folder == "now":  # beside them the videos are found
        assert not told
    else:
        (line,) = told
        assert "a.predictions.slp, like 1 more, stays and names its video where it was" in line
        assert name_of_file(videos[0]) in line


@pytest.mark.parametrize("options", [{"skip_existing": True}, {"resume": True}])
def test_files_of_several_videos_are_the_result_of_their_input(clips, options):
    """`a.mp4` stands for labels with two videos; `a.c.mp4`, say, has files of like names."""
    for name, clip in (("a.one", clips[0]), ("a.two", clips[0]), ("b.one", clips[2])):
        path = clips[0].with_name(f"{name}.analysis.h5")
        with h5py.File(path, "w") as file:
            file["tracks"] = np.zeros(3)
        asked = with_input(ASKED, [clip])
        add_origin(path, Origin(input_name=name_of_file(clip), n_frames=3, n_wanted=3, asked=asked))
    many = ManyOptions(output_format="analysis_h5", **options)
    run = plan_many(clips[:2], many, Ahead(lambda: ASKED))
    assert statuses(run) == ["existing", "waiting"]
    first = run.tasks[0].facts()
    assert [Path(path).name for path in first["outputs"]] == [
        "a.one.analysis.h5",
        "a.two.analysis.h5",
    ]


@pytest.mark.parametrize("options", [{"skip_existing": True}, {"resume": True}])
def test_a_file_of_several_videos_that_was_deleted_is_missed(clips, options):
    def write(path):
        for name in ("a.one.analysis.h5", "a.two.analysis.h5"):
            with h5py.File(path.with_name(name), "w") as file:
                file["tracks"] = np.zeros(3)

    asked = with_input(ASKED, clips[:1])
    origin = Origin(input_name=name_of_file(clips[0]), n_frames=3, n_wanted=3, asked=asked)
    files = write_file(write, clips[0].with_suffix(".analysis.h5"), "analysis_h5", origin)
    many = ManyOptions(output_format="analysis_h5", **options)
    assert statuses(plan_many(clips[:1], many, Ahead(lambda: ASKED))) == ["existing"]
    files[1].unlink()
    assert statuses(plan_many(clips[:1], many, Ahead(lambda: ASKED))) == ["waiting"]


def test_folders_of_images_are_left_out_as_done_while_they_hold_the_same(tmp_path):
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
        images = [folder / "2.png", folder / "10.png"]
        for image in images:
            image.write_bytes(b"image")
        origin = Origin(
            input_name=name_of_file(images[0]), n_frames=2, asked=with_input(ASKED, images)
        )
        write_labels(sio.Labels(), folder.with_suffix(".predictions.slp"), "slp", origin)
    run = plan_many(folders, ManyOptions(resume=True), Ahead(lambda: ASKED))
    assert statuses(run) == ["existing"] * 2
    (folders[0] / "11.png").touch()
    with pytest.raises(DataError, match=r"a\.predictions\.slp is of another run: input changed"):
        plan_many(folders, ManyOptions(resume=True), Ahead(lambda: ASKED))


@pytest.mark.parametrize("format_name", ["slp", "coco"])
def test_a_result_that_is_not_whole_is_not_left_out_as_done(clips, format_name):
    """Its journal was deleted, in which the rest would have been predicted."""
    for clip in clips[:3]:
        made_by(clip, format_name, n_wanted=3 if clip is clips[0] else 4)
    options = ManyOptions(output_format=format_name, resume=True)
    run = plan_many(clips, options, Ahead(lambda: ASKED))
    assert statuses(run) == ["existing", *["waiting"] * 3]


@pytest.mark.parametrize("format_name", ["slp", "coco"])
def test_a_run_goes_on_with_results_of_its_own_alone(clips, format_name):
    made_by(clips[0], format_name)
    other = {"models": "def", "called": {"models": "exports/mice"}}
    paths = [made_by(clip, format_name, **other) for clip in clips[1:3]]
    go_on = ManyOptions(output_format=format_name, resume=True)
    words = (
        rf"Nothing was run\. {paths[0]} and 1 more are of another run: models was exports/mice, "
        r"and is exports/flies now\. Repeat that run's options .*, pass overwrite=True .*"
        r"skip_existing=True .*, or choose another output_path"
    )
    with pytest.raises(DataError, match=words):
        plan_many(clips, go_on, Ahead(lambda: ASKED))
    for options, expected in (
        (replace(go_on, overwrite=True), ["existing", *["waiting"] * 3]),
        (replace(go_on, skip_existing=True), [*["existing"] * 3, "waiting"]),
        (replace(go_on, resume=None), ["waiting"] * 4),
    ):
        assert statuses(plan_many(clips, options, Ahead(lambda: ASKED))) == expected


def test_journals_of_another_run_are_told_before_anything_is_run(clips):
    def refuse(task):
        raise DataError(f"{task.journal} belongs to another run.")

    with Journal(clips[1].with_suffix(".predictions.slp.journal"), pytest.fail) as journal:
        journal.begin(ASKED, resume=None)
        journal.append([FOUND])
        with pytest.raises(DataError, match=r"Another run is writing"):
            plan_many(clips, ManyOptions(resume=True), Ahead(lambda: ASKED, pytest.fail))
    with pytest.raises(DataError, match=r"Nothing was run\. .*b\.pred.* belongs to another run"):
        plan_many(clips, ManyOptions(resume=True), Ahead(lambda: ASKED, refuse))
    plan_many(clips, ManyOptions(resume=False), Ahead(lambda: ASKED, pytest.fail))


def test_models_are_read_only_where_a_run_goes_on(clips):
    made_by(clips[0])
    plan_many(clips, ManyOptions(), Ahead(pytest.fail))
    plan_many(clips[1:], ManyOptions(resume=True), Ahead(pytest.fail))
