"""Reading a labels file, and saying what is wrong with one."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import sleap_io as sio

from labels.projects import frame, predicted, project, skeleton, user, video
from sleap_rt.cli import main
from sleap_rt.errors import DataError
from sleap_rt.labels import load_labels

SAMPLE = Path(__file__).resolve().parents[2] / "samples/crawlers.slp"


def test_a_missing_or_damaged_file_is_an_error_in_words(tmp_path):
    with pytest.raises(DataError, match="There is no labels file"):
        load_labels(tmp_path / "none.slp")
    with pytest.raises(DataError, match=r"is a folder; name a \.slp"):
        load_labels(tmp_path)
    with pytest.raises(DataError, match=r"none\*\.slp\. Patterns are not read here"):
        load_labels(tmp_path / "none*.slp")
    damaged = tmp_path / "damaged.slp"
    damaged.write_bytes(b"this is no HDF5 file")
    with pytest.raises(DataError, match=r"of this folder damaged\.slp$"):
        load_labels(tmp_path)
    with pytest.raises(DataError, match=r"damaged\.slp cannot be read"):
        load_labels(damaged)


@pytest.fixture
def small(tmp_path):
    """Two frames: a person's animal and a prediction, then one prediction; two tracks."""
    of, where = skeleton(), video()
    labels = project(
        frame(where, 3, user(0, of), predicted(50, of)),
        frame(where, 7, predicted(1, of)),
        frame(where, 8, is_negative=True),
        suggestions=[sio.SuggestionFrame(video=where, frame_idx=9)],
        tracks=[sio.Track("a"), sio.Track("b")],
    )
    path = tmp_path / "small.slp"
    labels.save(str(path), embed=False, verbose=False)
    return path


def changed(path, table, row, column, value):
    with h5py.File(path, "r+") as file:
        rows = file[table][()]
        rows[column][row] = value
        file[table][...] = rows


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "words"),
    [
        (
            "frames",
            1,
            "video",
            4,
            "table frames, row 1: video 4 is not there; the file has video 0",
        ),
        ("frames", 1, "instance_id_end", 9, "row 1: instances 2 to 9 are not there; .* has 3 rows"),
        ("frames", 1, "instance_id_start", 4, "row 1: instances 4 to 3 are not there"),
        ("instances", 2, "track", 2, "table instances, row 2: track 2 is not .* has track 0 to 1"),
        ("instances", 2, "track", -7, "track -7 is not there"),
        ("instances", 0, "skeleton", 1, "row 0: skeleton 1 is not there; the file has skeleton 0"),
        ("instances", 0, "instance_type", 3, "type 3; expected 0"),
        ("instances", 2, "instance_id", 1, "row 2: instance_id 1 is that of an earlier row"),
        ("instances", 2, "from_predicted", 77, "instance 77, which it was made from"),
        ("instances", 0, "point_id_end", 2, "row 0: points 0 to 2 for a skeleton of 3 nodes"),
        ("negative_frames", 0, "video_id", 1, "table negative_frames, row 0: video 1"),
    ],
)
def test_a_reference_to_nothing_names_table_and_row(small, table, row, column, value, words):
    load_labels(small)
    changed(small, table, row, column, value)
    with pytest.raises(DataError, match=rf"small\.slp cannot be read as a `\.slp` file: .*{words}"):
        load_labels(small)


def test_points_beyond_the_end_are_refused(small):
    with h5py.File(small, "r+") as file:
        rows = file["pred_points"][()][:-1]
        del file["pred_points"]
        file["pred_points"] = rows
    with pytest.raises(DataError, match=r"row 2: points 3 to 6 are not .* pred_points has 5 rows"):
        load_labels(small)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ({"video": "3", "frame_idx": 1}, "table suggestions_json, row 0: frame 1 of video 3"),
        ({"frame_idx": 1}, "suggestions_json, row 0: it names no frame"),
    ],
)
def test_suggestions_name_frames_of_the_file(small, text, words):
    with h5py.File(small, "r+") as file:
        del file["suggestions_json"]
        file["suggestions_json"] = [json.dumps(text)]
    with pytest.raises(DataError, match=words):
        load_labels(small)


def test_deep_texts_and_missing_ones_are_refused(small):
    with h5py.File(small, "r+") as file:
        attributes = file["metadata"].attrs
        attributes["json"] = np.bytes_("[" * 30_000 + "]" * 30_000)
    with pytest.raises(DataError, match="metadata: no readable JSON: it is nested too deep"):
        load_labels(small)
    with h5py.File(small, "r+") as file:
        del file["metadata"]
    with pytest.raises(DataError, match="it has no metadata"):
        load_labels(small)


@pytest.mark.parametrize("way", ["link", "virtual", "raw"])
def test_no_other_file_is_opened(small, tmp_path, way):
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["points"] = np.zeros(3)
    with h5py.File(small, "r+") as file:
        del file["points"]
        if way == "link":
            file["points"] = h5py.ExternalLink(str(other), "points")
        elif way == "virtual":
            layout = h5py.VirtualLayout((3,), float)
            layout[:] = h5py.VirtualSource(str(other), "points", (3,))
            file.create_virtual_dataset("points", layout)
        else:
            file.create_dataset("points", (3,), float, external=[(str(other), 0, 24)])
    with pytest.raises(DataError, match=r"link to another file|are in another file"):
        load_labels(small)


def test_rows_that_were_never_written_are_refused_at_once(small):
    """4 GB of points in a file of a few kB."""
    with h5py.File(small, "r+") as file:
        kind = file["points"].dtype
        del file["points"]
        file.create_dataset("points", (200_000_000,), kind, chunks=(1000,), compression="gzip")
    with pytest.raises(DataError, match="'/points' would unpack to 3,600,000,000 bytes"):
        load_labels(small)
    with h5py.File(small, "r+") as file:
        del file["points"]
        file.create_dataset("points", (3,), kind)
    with pytest.raises(DataError, match="points declares 3 rows, but holds none"):
        load_labels(small)


def test_videos_are_told_apart_by_their_datasets_where_frames_name_these(small, tmp_path):
    """As old packages do: frames of videos 2 and 3, which are the second and third there are."""
    with h5py.File(small, "r+") as file:
        named = (0, 2, 3)
        for number in named:
            file[f"video{number}/video"] = np.zeros((1, 4, 4, 1), np.uint8)
        del file["videos_json"]
        file["videos_json"] = [
            json.dumps({"backend": {"filename": ".", "dataset": f"video{number}/video"}})
            for number in named
        ]
        rows = file["frames"][()]
        rows["video"] = [2, 3, 0]
        file["frames"][...] = rows
        del file["negative_frames"]
    labels = load_labels(small)
    numbers = [labels.videos.index(one.video) for one in labels.labeled_frames]
    assert numbers == [1, 2, 0]
    assert all(one.backend is None for one in labels.videos)


@pytest.mark.parametrize(
    "words", ["track -t -i {slp}", "eval -g {slp} -p {good}", "eval -g {good} -p {slp}"]
)
def test_every_command_says_it_in_one_line(words, tmp_path, capfd):
    shutil.copy(SAMPLE, tmp_path / "bad.slp")
    changed(tmp_path / "bad.slp", "instances", 5, "track", 99)
    with pytest.raises(SystemExit) as left:
        main(words.format(slp=tmp_path / "bad.slp", good=SAMPLE).split())
    assert left.value.code == 1
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert "table instances, row 5: track 99 is not there; the file has track 0 to 2" in line
