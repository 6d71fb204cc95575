"""Files that are written block by block are those that sleap-io writes at once."""

import dataclasses

import h5py
import numpy as np
import pytest
from made_results import made_results

from sleap_rt.errors import DataError
from sleap_rt.runtime.outputs import formats
from sleap_rt.runtime.outputs.formats import write_labels, write_results
from sleap_rt.runtime.outputs.labels import labels_of
from sleap_rt.runtime.outputs.origin.origin import Origin

CASES = {
    "tracked": {},
    "many": {"n_frames": 300, "most": 5},
    "one video": {"n_videos": 1},
    "of known length": {"n_frames_of_video": 70},
    "one animal, not tracked": {"tracked": False, "most": 1},
    "not tracked": {"tracked": False},
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("sleap_rt.runtime.outputs.blocks.analysis_h5._BLOCK_BYTES", 2000)


def both(results, folder, name, format_name):
    """The files of both ways: written in blocks, written at once."""
    folders = folder / "blocks", folder / "whole"
    for one in folders:
        one.mkdir()
    paths = write_results(results, folders[0] / name, format_name)
    whole = write_labels(labels_of(results), folders[1] / name, format_name)
    assert [path.name for path in paths] == [path.name for path in whole]
    assert paths
    return zip(paths, whole, strict=True)


@pytest.mark.parametrize(("format_name", "suffix"), [("csv", ".csv"), ("coco", ".json")])
@pytest.mark.parametrize("case", CASES)
def test_text_is_equal_byte_by_byte(tmp_path, format_name, suffix, case):
    for blocks, whole in both(made_results(**CASES[case]), tmp_path, f"out{suffix}", format_name):
        assert blocks.read_bytes() == whole.read_bytes()


def test_images_of_a_folder_keep_their_names_in_coco(tmp_path):
    results = made_results(n_videos=1)
    results.videos[0].filename = [f"/nowhere/image {i}.png" for i in range(50)]
    ((blocks, whole),) = both(results, tmp_path, "out.json", "coco")
    assert blocks.read_bytes() == whole.read_bytes()
    assert "image 49.png" not in blocks.read_text()  # frame 49 is left out
    assert "image 48.png" in blocks.read_text()


@pytest.mark.parametrize("case", CASES)
def test_matrices_are_equal(tmp_path, case):
    for blocks, whole in both(made_results(**CASES[case]), tmp_path, "out.h5", "analysis_h5"):
        with h5py.File(blocks) as found, h5py.File(whole) as expected:
            assert found.keys() == expected.keys()
            assert found.attrs.keys() == expected.attrs.keys()
            for key in found.attrs:
                assert key == "sleap_rt_result" or found.attrs[key] == expected.attrs[key]
            for name, dataset in expected.items():
                assert found[name].dtype == dataset.dtype
                assert dict(found[name].attrs) == dict(dataset.attrs)
                np.testing.assert_array_equal(found[name][()], dataset[()], err_msg=name)


@pytest.mark.parametrize("format_name", ["analysis_h5"])
def test_instances_that_share_a_track_are_refused_in_the_same_words(tmp_path, format_name):
    results = made_results()
    frame = next(frame for frame in results.stored if len(frame) > 2)
    frame.track_ids[:] = frame.track_ids[0]
    with pytest.raises(DataError, match="one instance per track and frame") as blocks:
        write_results(results, tmp_path / "out.h5", format_name)
    with pytest.raises(DataError) as whole:
        write_labels(labels_of(results), tmp_path / "out.h5", format_name)
    assert str(blocks.value) == str(whole.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("tracked", [True, False])
def test_every_instance_without_a_track_is_in_a_row_that_says_so(tmp_path, tracked):
    results = made_results(n_videos=1, tracked=tracked)
    frame = next(frame for frame in results.stored if len(frame) > 2)
    frame.track_ids[:2] = -1
    for paths in both(results, tmp_path, "out.h5", "analysis_h5"):
        for path in paths:
            with h5py.File(path) as file:
                names = [name.decode() for name in file["track_names"][()]]
                places = file["tracks"][()].transpose(3, 0, 2, 1)  # frame, row, node, xy
            assert names[-2:] == ["untracked_0", "untracked_1"] or not tracked
            assert tracked or names == [f"untracked_{n}" for n in range(len(names))]
            for one in results:
                n_untracked = 0
                for points, track in zip(one.points, one.track_ids.tolist(), strict=True):
                    name = f"untracked_{n_untracked}" if track < 0 else results.track_names[track]
                    n_untracked += track < 0
                    found = places[one.frame_index, names.index(name)]
                    expected = np.where(np.isnan(points[:, :1]), np.nan, points)
                    np.testing.assert_array_equal(found, expected)


def test_a_single_animal_without_a_track_is_one_row_of_its_own_name(tmp_path):
    results = made_results(n_videos=1, tracked=False, most=1)
    for blocks, whole in both(results, tmp_path, "out.h5", "analysis_h5"):
        for path in (blocks, whole):
            with h5py.File(path) as file:
                assert file["track_names"][()].tolist() == [b"track_0"]


def test_labels_are_as_before_when_untracked_instances_have_been_written(tmp_path):
    labels = labels_of(made_results(n_videos=1, tracked=False))
    write_labels(labels, tmp_path / "out.h5", "analysis_h5")
    assert labels.tracks == []
    assert all(one.track is None for frame in labels.labeled_frames for one in frame.instances)


def test_equal_results_give_equal_bytes(tmp_path):
    names = {"slp": "out.slp", "csv": "out.csv", "coco": "out.json", "analysis_h5": "out.h5"}
    assert names.keys() == {n for n, form in formats.FORMATS.items() if form.write_blocks}
    for format_name, name in names.items():
        written = []
        for number in range(4):
            (tmp_path / f"{format_name}{number}").mkdir()
            path = tmp_path / f"{format_name}{number}" / name
            paths = write_results(made_results(), path, format_name)
            written.append([path.read_bytes() for path in paths])
        assert written.count(written[0]) == len(written), format_name


def test_a_file_is_marked_with_its_input_in_both_ways(tmp_path):
    results = dataclasses.replace(made_results(n_videos=1))
    write_results(results, tmp_path / "out.h5", "analysis_h5", Origin(input_name="/nowhere/a.mp4"))
    with h5py.File(tmp_path / "out.h5") as file:
        assert "/nowhere/a.mp4" in file.attrs["sleap_rt_result"]
