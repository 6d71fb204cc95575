"""Every format has the values that `sio convert` makes of the `.slp` file of the same run."""

import json
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import sleap_io as sio
from made_results import made_results

from sleap_rt.runtime.outputs.formats import write_labels, write_results
from sleap_rt.runtime.outputs.labels import labels_of


@pytest.fixture
def both(tmp_path):
    """`both(results, format, suffix)`: our file, and that of `sio convert`."""

    def both(results, format_name, suffix):
        write_results(results, tmp_path / "run.slp", "slp")
        (ours,) = write_results(results, tmp_path / f"ours{suffix}", format_name)
        theirs = tmp_path / f"theirs{suffix}"
        convert = "from sleap_io.io.cli import cli; cli()"
        command = [sys.executable, "-c", convert, "convert", tmp_path / "run.slp", "-o", theirs]
        done = subprocess.run([*command, "--to", format_name], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return ours, theirs

    return both


def test_csv(both):
    ours, theirs = both(made_results(n_videos=1, n_unused=0), "csv", ".csv")
    found, expected = pd.read_csv(ours), pd.read_csv(theirs)
    nodes = ["head", "tail", "left, wing"]
    columns = [f"{node}.{part}" for node in nodes for part in ("x", "y", "score")]
    assert list(found.columns) == ["track", "frame_idx", "instance.score", *columns]
    pd.testing.assert_frame_equal(found, expected[found.columns], check_exact=True)
    assert len(found) > 50


def test_analysis_h5(both):
    ours, theirs = both(made_results(n_videos=1, n_unused=0), "analysis_h5", ".h5")
    with h5py.File(ours) as found, h5py.File(theirs) as expected:
        for name, dataset in expected.items():
            if name not in ("provenance", "labels_path"):  # these name the file converted
                np.testing.assert_array_equal(found[name][()], dataset[()], err_msg=name)


def test_coco(both):
    ours, theirs = both(made_results(n_videos=1, n_unused=0), "coco", ".json")
    found, expected = json.loads(ours.read_text()), json.loads(theirs.read_text())
    assert set(found.pop("info")) == {"sleap_rt_result"}  # what it was made from
    assert found == expected
    assert len(found["annotations"]) > 50


def test_nwb(both):
    ours, theirs = both(made_results(n_videos=1, n_unused=0, least=1, every=0), "nwb", ".nwb")
    with h5py.File(ours) as found, h5py.File(theirs) as expected:
        names = []
        expected.visit(names.append)
        series = [name for name in names if name.startswith("processing") and name in expected]
        datasets = [name for name in series if isinstance(expected[name], h5py.Dataset)]
        assert len([name for name in datasets if name.endswith("/data")]) == 5 * 3
        for name in datasets:
            if not name.endswith("scorer"):  # our provenance, and theirs of the file converted
                np.testing.assert_array_equal(found[name][()], expected[name][()], err_msg=name)


def test_nwb_has_the_numbers_of_frames_where_others_are_empty(tmp_path):
    results = made_results(n_videos=2)
    (path,) = write_results(results, tmp_path / "out.nwb", "nwb")
    track = results.track_names[0]
    expected = [
        (frame.video_index, frame.frame_index)
        for frame in results
        for i, number in enumerate(frame.track_ids)
        if number == 0 and np.isfinite(frame.points[i, 0]).all()
    ]
    found = []
    with h5py.File(path) as file:
        for number, video in enumerate("ab"):
            series = file[f"processing/SLEAP_VIDEO_{number:03}_{video}/track={track}/head"]
            found += [(number, int(time)) for time in series["timestamps"]]
    assert found == expected


def test_names_that_nwb_does_not_allow_are_replaced_aloud(tmp_path, caplog):
    labels = labels_of(made_results(n_videos=1))
    labels.skeleton.name, labels.skeleton.nodes[0].name = None, "L/R:head"
    labels.tracks[0].name = labels.tracks[1].name = "fly"
    labels.videos[0].filename = [f"/nowhere/2026:01/{i}.png" for i in range(60)]
    (path,) = write_labels(labels, tmp_path / "out.nwb", "nwb")
    with h5py.File(path) as file:
        names = []
        file.visit(names.append)
    assert "processing/SLEAP_VIDEO_000_2026_01/track=fly_1/L_R_head" in names
    rule = "no / and : are allowed there, and no two of one name"
    assert caplog.messages == [
        "several tracks are called fly: they are numbered",
        "node L/R:head is called L_R_head in the nwb file: " + rule,
        "a skeleton without a name is called skeleton in the nwb file: " + rule,
    ]
    assert labels.skeleton.nodes[0].name == "L/R:head"
    assert labels.skeleton.name is None


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (("a/b", "a:b", "a_b"), ("a_b_2", "a_b_3", "a_b")),  # what need not change does not
        ((".", "..", "b"), ("_", "__", "b")),
        (("ä b", "鼠", " "), ("ä b", "鼠", " ")),
    ],
)
def test_names_stay_apart_where_characters_are_replaced(given, written, tmp_path):
    labels = labels_of(made_results(n_videos=1, least=3, every=0))
    labels.skeleton.name = given[0]
    for items in (labels.skeleton.nodes, labels.tracks):
        for item, name in zip(items, given, strict=False):
            item.name = name
    (path,) = write_labels(labels, tmp_path / "out.nwb", "nwb")
    with h5py.File(path) as file:
        names = []
        file.visit(names.append)
    for track in written:
        for node in written:
            assert any(name.endswith(f"/track={track}/{node}") for name in names), (track, node)
    assert [node.name for node in labels.skeleton.nodes[: len(given)]] == list(given)
    assert labels.skeleton.name == given[0]


def test_a_persons_instances_are_in_the_table_as_well(tmp_path, request):
    labels = sio.load_slp(str(request.config.rootpath / "samples/crawlers.slp"))
    (ours,) = write_labels(labels, tmp_path / "ours.csv", "csv")
    sio.save_csv(labels, str(tmp_path / "theirs.csv"))
    found, expected = pd.read_csv(ours), pd.read_csv(tmp_path / "theirs.csv")
    pd.testing.assert_frame_equal(found[expected.columns], expected)


def test_tables_of_several_videos_tell_them_apart(tmp_path):
    results = made_results(n_videos=2)
    (path,) = write_results(results, tmp_path / "out.csv", "csv")
    table = pd.read_csv(path)
    counts = [
        sum(len(frame) for frame in results if frame.video_index == video) for video in (0, 1)
    ]
    assert table["video_path"].value_counts(sort=False).to_dict() == {
        "/nowhere/a.mp4": counts[0],
        "/nowhere/b.mp4": counts[1],
    }
    (whole,) = write_labels(labels_of(results), tmp_path / "whole.csv", "csv")
    assert whole.read_bytes() == path.read_bytes()
    read = sio.load_csv(str(path))
    assert [len(video) for video in (read.videos,)] == [2]


def test_a_table_without_rows_has_a_header(tmp_path):
    (path,) = write_results(made_results(most=0), tmp_path / "out.csv", "csv")
    (line,) = path.read_text().splitlines()
    assert line.startswith("video_path,track,frame_idx,instance.score,head.x,head.y,head.score")


def test_tracks_of_one_name_are_numbered_aloud(tmp_path, caplog):
    labels = labels_of(made_results(n_videos=1))
    for track in labels.tracks[:2]:
        track.name = "fly"
    (path,) = write_labels(labels, tmp_path / "out.csv", "csv")
    names = set(pd.read_csv(path)["track"])
    assert {"fly_1", "fly_2"} <= names
    assert "fly" not in names
    assert caplog.messages == ["several tracks are called fly: they are numbered"]
