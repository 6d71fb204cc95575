"""`benchmarks/gpu_proof.py`, run as on a machine with NumPy, our package and an engine alone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PROOF = ROOT / "benchmarks/gpu_proof.py"
# Every process of `run` reads this when it starts.
SITE = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {missing}:
            raise ModuleNotFoundError(f"{{name}} is not installed here", name=name)
sys.meta_path.insert(0, Missing())
"""
MISSING = (
    "av", "click", "cv2", "h5py", "onnx", "PIL", "platformdirs", "rich_click", "scipy", "sleap_io",
    "tifffile", "torch", "tqdm",
)  # fmt: skip


def proof(folder, *words):
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    command = [sys.executable, str(PROOF), *map(str, words)]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(sample_graphs, tmp_path_factory):
    """Frames, made by a whole installation; then a folder whose Python has next to nothing."""
    folder = tmp_path_factory.mktemp("proof")
    shutil.copytree(sample_graphs("centroid", "centered_instance")[0].parent, folder / "pair")
    words = ("frames", ROOT / "samples/crawlers.mp4", "pair", "--n_frames", "6")
    made = proof(folder, *words)
    assert made.returncode == 0, made.stderr
    (folder / "sitecustomize.py").write_text(SITE.format(missing=MISSING))
    return folder


def run(folder, *words):
    done = proof(folder, "run", "pair", "--seconds", "0.1", "--batch_sizes", "1", "2", *words)
    report = json.loads((folder / "proof.json").read_text())
    return done, report["runs"], (folder / "proof.md").read_text()


def test_poses_and_times_of_an_engine_with_little_installed(folder):
    assert "av is not installed here" in proof(folder, "frames", "x", "pair").stderr
    done, runs, table = run(folder, "--cpu", "--engines", "ort", "trt")
    assert done.returncode == 0, done.stderr
    (ran,) = (one for one in runs if one["device"] == "cpu")
    assert ran["verdict"] == "the CPU's"
    assert ran["poses"]["n_points"] > 50
    assert ran["poses"]["px_max"] == 0
    assert [batch["batch_size"] for batch in ran["batches"]] == [1, 2]
    for batch in ran["batches"]:
        parts = batch["copy_ms"] + batch["graph_ms"] + batch["group_ms"]
        assert 0 < parts < 1.5 * batch["max_ms"]
    assert len([line for line in table.splitlines() if "ort on cpu" in line]) == 2
    assert [one for one in runs if one["engine"] == "trt"]


def test_other_poses_than_the_cpu_gave_end_with_1(folder):
    with np.load(folder / "frames.npz") as file:
        content = dict(file)
    content["instances"][4, :, 0] += 0.5
    np.savez(folder / "moved.npz", **content)
    words = ("--cpu", "--engines", "ort", "--frames", "moved.npz")
    done, runs, table = run(folder, *words)
    assert done.returncode == 1
    (ran,) = (one for one in runs if one["device"] == "cpu")
    assert ran["verdict"] == "DIFFERENT"
    assert ran["poses"]["px_max"] == pytest.approx(0.5, abs=1e-3)
    assert "DIFFERENT" in table


def test_a_run_that_fails_is_told_and_ends_with_1(folder):
    done, runs, table = run(folder, "--cpu", "--engines", "ort", "--frames", "nowhere.npz")
    assert done.returncode == 1
    assert "nowhere.npz" in done.stderr
    assert [one for one in runs if "failed" in one]
    assert "FAILED" in table
