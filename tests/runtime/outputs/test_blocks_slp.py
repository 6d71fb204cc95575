"""A `.slp` file that is written block by block is the one that sleap-io writes at once."""

import dataclasses

import numpy as np
import pytest
import sleap_io as sio
from hdf5_content import content
from made_results import made_results

from sleap_rt.runtime.outputs.blocks.slp import write_slp
from sleap_rt.runtime.outputs.labels import labels_of
from sleap_rt.runtime.outputs.symmetries import in_order


def whole(results, path):
    """The same results through sleap-io alone."""
    labels = labels_of(results)
    with in_order(labels.skeletons):
        labels.save(str(path), embed=False, restore_original_videos=False, verbose=False)
    return path


CASES = {
    "tracked": {},
    "not tracked": {"tracked": False},
    "one video": {"n_videos": 1},
    "nobody": {"most": 0},
    "many": {"n_frames": 300, "most": 5},
}


@pytest.mark.parametrize("case", CASES)
def test_all_datasets_and_attributes_are_those_that_sleap_io_writes(tmp_path, monkeypatch, case):
    monkeypatch.setattr("sleap_rt.runtime.outputs.results._POINTS_PER_BLOCK", 100)
    results = made_results(**CASES[case])
    write_slp(results, tmp_path / "blocks.slp")
    expected = content(whole(results, tmp_path / "whole.slp"))
    found = content(tmp_path / "blocks.slp")
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == value, name


def test_results_without_a_frame_can_be_written(tmp_path):
    results = dataclasses.replace(
        made_results(most=0), n_frames=0, n_instances=0, stored=[], track_positions={}
    )
    write_slp(results, tmp_path / "blocks.slp")
    assert content(tmp_path / "blocks.slp") == content(whole(results, tmp_path / "whole.slp"))


def test_sleap_io_reads_what_was_found(tmp_path):
    results = made_results()
    write_slp(results, tmp_path / "blocks.slp")
    labels = sio.load_slp(str(tmp_path / "blocks.slp"), open_videos=False)
    assert len(labels) == results.n_frames
    assert [track.name for track in labels.tracks] == list(results.track_names)
    assert labels.skeleton.node_names == list(results.skeleton.node_names)
    assert labels.provenance["made"] == "by hand"
    for frame, expected in zip(labels, results, strict=True):
        assert frame.frame_idx == expected.frame_index
        assert labels.videos.index(frame.video) == expected.video_index
        for i, instance in enumerate(frame):
            np.testing.assert_array_equal(instance.numpy(), expected.points[i])
            np.testing.assert_array_equal(instance.points["score"], expected.point_scores[i])
            assert instance.score == expected.scores[i]
            track = expected.track_ids[i]
            name = None if track < 0 else results.track_names[track]
            assert (instance.track and instance.track.name) == name
            np.testing.assert_equal(instance.tracking_score, expected.tracking_scores[i])


def test_equal_results_give_equal_bytes(tmp_path):
    paths = [tmp_path / f"{number}.slp" for number in range(5)]
    for path in paths:
        write_slp(made_results(), path)
    assert len({path.read_bytes() for path in paths}) == 1
