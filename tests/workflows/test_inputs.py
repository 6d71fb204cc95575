"""Which inputs paths, folders and patterns stand for, and where their results go."""

import errno
import os
from pathlib import Path

import pytest
import sleap_io as sio

from sleap_rt.errors import DataError, ModelError, OptionError
from sleap_rt.model_files import kind_in_place_of_model, model_source
from sleap_rt.runtime.outputs.formats import write_labels
from sleap_rt.runtime.outputs.origin.input_files import files_fingerprint
from sleap_rt.runtime.outputs.origin.origin import Origin, name_of_file
from sleap_rt.workflows.many.inputs import find_inputs, result_paths


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def files(*names):
        for name in names:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).touch()

    return files


def found(*given):
    inputs = find_inputs([Path(path) for path in given])
    return [path.as_posix() for path in inputs.paths], inputs.is_many


def test_one_file_or_folder_of_images_is_itself(files):
    files("a.mp4", "images/1.png", "odd [1].mp4", "empty/notes.txt")
    for name in ("a.mp4", "images", "odd [1].mp4", "missing.mp4", "empty"):
        assert found(name) == ([name], False)


def test_a_folder_of_videos_is_its_videos_in_order_of_their_numbers(files):
    files("v/cam10.mp4", "v/cam2.AVI", "v/cam1.mkv", "v/._cam1.mkv", "v/notes.txt", "v/sub/x.mp4")
    files("v/cam1.predictions.slp")
    assert found("v") == (["v/cam1.mkv", "v/cam2.AVI", "v/cam10.mp4"], True)


def test_a_folder_of_videos_that_holds_a_graph_is_an_input_and_a_model_as_asked(files):
    files("v/a.mp4", "v/bottomup.onnx", "w/bottomup.onnx", "w/._a.mp4")
    assert found("v") == (["v/a.mp4"], True)
    assert model_source(Path("v")) == "exported"
    with pytest.raises(OptionError, match="w is a model; give it with model_paths"):
        found("w")


def test_a_pattern_is_what_it_matches(files):
    files("v/a.mp4", "v/b.mp4", "v/a.slp", "v/.hidden.mp4", "w/x/c.mp4")
    assert found("v/*.mp4") == (["v/a.mp4", "v/b.mp4"], True)
    assert found("v/*") == (["v/a.mp4", "v/b.mp4"], True)
    assert found("v/*.slp") == (["v/a.slp"], True)
    assert found("**/*.mp4") == (["v/a.mp4", "v/b.mp4", "w/x/c.mp4"], True)


def test_an_input_that_is_named_twice_is_taken_once(files, tmp_path):
    files("v/a.mp4", "v/b.mp4")
    assert found("v/b.mp4", "v", tmp_path / "v/a.mp4")[0] == [
        "v/b.mp4",
        (tmp_path / "v/a.mp4").as_posix(),
    ]


def test_an_input_that_is_given_twice_is_a_slip(files, tmp_path):
    files("v/a.mp4")
    for again in ("v/a.mp4", "v/../v/a.mp4", tmp_path / "v/a.mp4"):
        with pytest.raises(OptionError, match="was given twice; give it once"):
            found("v/a.mp4", again)
    with pytest.raises(OptionError, match="was given twice"):
        found("v", "v")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("none/*.mp4", "matches no file"),
        ("none/*", "matches no video"),
        ("mixed", "mixed holds 1 video and 2 images; name what is meant"),
        ("mixed/*.png", "matches images; name their folder"),
    ],
)
def test_what_is_unclear_is_refused(files, given, words):
    files("mixed/a.mp4", "mixed/1.png", "mixed/2.png")
    with pytest.raises(DataError, match=words):
        find_inputs([Path(given)])


def test_no_input_is_wrong_use():
    with pytest.raises(OptionError, match="No input was given"):
        find_inputs([])


@pytest.mark.parametrize(
    ("inputs", "folder", "expected"),
    [
        (["d/a.mp4", "d/b.mp4"], None, ["d/a.predictions.slp", "d/b.predictions.slp"]),
        (["d1/a.mp4", "d2/a.mp4"], None, ["d1/a.predictions.slp", "d2/a.predictions.slp"]),
        (["d1/a.mp4", "d2/a.mp4"], "out", ["out/d1.a.predictions.slp", "out/d2.a.predictions.slp"]),
        (["d/a.mp4", "d/a.avi"], None, ["d/a.mp4.predictions.slp", "d/a.avi.predictions.slp"]),
        (
            ["x/d/a.mp4", "y/d/a.mp4", "y/b.mp4"],
            "out",
            ["out/x.d.a.predictions.slp", "out/y.d.a.predictions.slp", "out/b.predictions.slp"],
        ),
        (
            ["d/a.mp4", "d/a.avi", "e/a.avi"],
            "out",
            [f"out/{name}.predictions.slp" for name in ("d.a.mp4", "d.a.avi", "e.a.avi")],
        ),
    ],
)
def test_results_have_distinct_names(inputs, folder, expected):
    paths = result_paths([Path(path) for path in inputs], folder and Path(folder), "slp")
    assert [path.as_posix() for path in paths] == expected


def test_what_may_not_be_looked_at_is_told_as_an_input_and_as_a_model(monkeypatch, tmp_path):
    locked, stat = tmp_path / "locked", os.stat

    def refused(path, **how):
        if str(path).startswith(str(locked)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", refused)
    monkeypatch.setattr(Path, "stat", refused)  # Python 3.10 keeps the function of its own start
    assert kind_in_place_of_model(locked / "model") is None
    with pytest.raises(ModelError, match=r"locked.model cannot be read: Permission denied"):
        model_source(locked / "model")
    with pytest.raises(DataError, match=r"locked.clips cannot be read: Permission denied"):
        find_inputs([locked / "clips"])


def written(path, input_path, format_name="slp"):
    there = Path(input_path).is_file()
    asked = {"input": files_fingerprint([Path(input_path)])} if there else {}
    origin = Origin(input_name=name_of_file(Path(input_path)), asked=asked)
    labels = sio.Labels(skeletons=[sio.Skeleton(["head"])])
    write_labels(labels, Path(path), format_name, origin)


def test_results_of_the_other_inputs_are_left_out_with_a_note(files):
    files(
        "v/a.mp4", "v/b.avi", "v/mine.slp", "v/notes.csv", "v/a.predictions.csv", "v/c.overlay.mp4"
    )
    files("v/a.predictions.overlay.mp4", "v/picture.preview.png")
    written("v/b.avi.predictions.coco.json", "v/b.avi", "coco")
    written("v/a.predictions.slp", "v/a.mp4")
    written("v/a.again.slp", "v/a.predictions.slp")
    written("v/other.slp", "elsewhere.mp4")
    Path("v/a.1of2.part").write_text("sleap-rt journal 5 ")
    Path("v/x.journal").write_text("a person's")
    Path("v/a.predictions.preview.png").write_bytes(b"\x89PNG..Software\0sleap-rt preview")
    assert not find_inputs(sorted(Path("v").iterdir()), takes_named=True).left_out
    inputs = find_inputs(sorted(Path("v").iterdir()))
    kept = ["a.mp4", "b.avi", "c.overlay.mp4", "mine.slp", "notes.csv", "other.slp"]
    assert [path.name for path in inputs.paths] == [*kept, "picture.preview.png", "x.journal"]
    assert {path.name for path in inputs.left_out} == {
        *("a.predictions.slp", "a.again.slp", "a.predictions.csv", "b.avi.predictions.coco.json"),
        *("a.predictions.overlay.mp4", "a.1of2.part", "a.predictions.preview.png"),
    }
    (note,) = inputs.notes
    assert note.startswith("7 results of earlier runs over the other inputs are left out: v/a.1of2")
    Path("v/picture.preview.png").unlink()
    assert [path.name for path in find_inputs([Path("v")]).paths] == kept[:3]


def test_results_that_were_moved_with_their_videos_are_left_out(files):
    files("v/a.mp4", "v/b.mp4")
    for name in ("a", "b"):
        Path(f"v/{name}.mp4").write_text(name)
        written(f"v/{name}.predictions.slp", f"v/{name}.mp4")
    Path("v").rename("w")
    assert [path.name for path in find_inputs(sorted(Path("w").iterdir())).paths] == [
        "a.mp4",
        "b.mp4",
    ]
    Path("w/b.mp4").write_text("another recording")
    assert [path.name for path in find_inputs(sorted(Path("w").iterdir())).left_out] == [
        "a.predictions.slp"
    ]


def test_a_result_that_is_given_by_itself_is_an_input(files):
    files("a.mp4")
    written("a.predictions.slp", "a.mp4")
    written("b.predictions.slp", "b.mp4")
    assert found("a.predictions.slp", "b.predictions.slp")[0] == [
        "a.predictions.slp",
        "b.predictions.slp",
    ]


def test_images_that_are_named_one_by_one_are_told_to_be_inputs_each(tmp_path):
    images = [tmp_path / f"{number}.png" for number in range(3)]
    for image in images:
        image.touch()
    (note,) = find_inputs(images).notes
    assert note.startswith("3 images are 3 inputs, each by itself")
    assert not find_inputs(images[:1]).notes


def test_a_folder_of_videos_and_images_names_a_pattern_for_each_kind_of_video(tmp_path):
    for name in ("a.mp4", "b.MP4", "c.avi", "arena.png"):
        (tmp_path / name).touch()
    with pytest.raises(DataError) as refusal:
        find_inputs([tmp_path])
    for pattern in ("*.MP4", "*.avi", "*.mp4"):
        assert f'"{tmp_path / pattern}"' in str(refusal.value)
