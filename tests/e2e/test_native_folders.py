"""`track -m MODEL_FOLDER` against recorded predictions, and against the same graphs as files."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio
from tolerances import INSTANCE_SCORE, PX, SCORE

from sleap_rt.cli import main

pytestmark = [pytest.mark.parity, pytest.mark.e2e]

N_FRAMES = 6  # of each recording; all of them are compared through the graphs, in test_golden.py
CASES = [
    "native_single_instance",
    "native_single_instance_none",
    "native_bottomup",
    "native_bottomup_low",
    "native_topdown",
    "native_topdown_low",
    "native_topdown_max1",
    "flies_bottomup",
    "mice_topdown",
]


def track(*args: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["track", *map(str, args)])
    assert ended.value.code == 0


def values(labels: sio.Labels) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Frame -> points and their scores (n_instances, n_nodes, 3), instance scores."""
    n_nodes = len(labels.skeleton.nodes)
    return {
        frame.frame_idx: (
            np.reshape([i.numpy(scores=True) for i in frame.instances], (-1, n_nodes, 3)),
            np.array([i.score for i in frame.instances]),
        )
        for frame in labels
    }


def load(path: Path) -> sio.Labels:
    return sio.load_slp(str(path), open_videos=False)


def assert_as_recorded(found: sio.Labels, expected: sio.Labels, frames: list[int]) -> int:
    """Same instances in the same order within the limits; returns how many."""
    found_values, expected_values = values(found), values(expected)
    assert sorted(found_values) == frames
    for index in frames:
        (points, scores), (recorded, recorded_scores) = found_values[index], expected_values[index]
        assert points.shape == recorded.shape, index
        np.testing.assert_allclose(points[..., :2], recorded[..., :2], rtol=0, atol=PX)
        np.testing.assert_allclose(points[..., 2], recorded[..., 2], rtol=0, atol=SCORE)
        np.testing.assert_allclose(scores, recorded_scores, rtol=0, atol=INSTANCE_SCORE)
    return sum(len(found_values[index][1]) for index in frames)


@pytest.mark.parametrize("case", CASES)
def test_a_model_folder_is_tracked_as_recorded(case, shared_data, exported, tmp_path):
    recording = json.loads((shared_data / "golden/index.json").read_text())[f"{case}.predict"]
    expected = load(shared_data / f"golden/{case}.predict.slp")
    frames = sorted(frame.frame_idx for frame in expected)[:N_FRAMES]
    folders = [shared_data / model for model in recording["models"]]
    graphs = exported(folders)  # fills the cache that `track` looks into
    common = ["-i", shared_data / recording["source"], "--device", "cpu", *recording["options"]]
    common += ["--frames", f"{frames[0]}-{frames[-1]}"]
    for models, name in ((folders, "folder"), (graphs, "graphs")):
        given = [word for model in models for word in ("-m", model)]
        track(*common, *given, "-o", tmp_path / f"{name}.slp")
    by_folder, by_graphs = load(tmp_path / "folder.slp"), load(tmp_path / "graphs.slp")
    assert assert_as_recorded(by_folder, expected, frames) > 0
    for index, (points, scores) in values(by_folder).items():
        np.testing.assert_array_equal(points, values(by_graphs)[index][0])
        np.testing.assert_array_equal(scores, values(by_graphs)[index][1])


def test_the_installed_program_tracks_a_whole_recording(shared_data, exported, tmp_path):
    """Both models' folders in a process of its own, every recorded frame, best instance kept."""
    folders = [shared_data / "native" / name for name in ("centered_instance", "centroid")]
    exported(folders)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sleap_rt", "track", "--frames", "0-39"),
            *("-i", str(shared_data / "videos/centered_pair_small.mp4"), "-b", "7"),
            *("-m", str(folders[0]), "-m", str(folders[1]), "-o", str(tmp_path / "found.slp")),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    expected = load(shared_data / "golden/native_topdown.predict.slp")
    found = load(tmp_path / "found.slp")
    n_instances = assert_as_recorded(found, expected, list(range(40)))
    assert f"40 frames, {n_instances} instances" in done.stdout
    assert [node.name for node in found.skeleton.nodes] == [
        node.name for node in expected.skeleton.nodes
    ]
    # The training's skeleton layout is kept: same edges, by name.
    assert [(e.source.name, e.destination.name) for e in found.skeleton.edges] == [
        (e.source.name, e.destination.name) for e in expected.skeleton.edges
    ]
