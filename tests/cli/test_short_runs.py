"""A short run does not wait for what it has no use for."""

import subprocess
import sys
from pathlib import Path

import pytest
import sleap_io as sio

from sleap_rt.runtime.engines import ort

ROOT = Path(__file__).resolve().parents[2]
_LOADED = """
import sys
from sleap_rt.cli import main

try:
    main(sys.argv[1:])
except SystemExit as left:
    if left.code:
        raise
print(*sys.modules)
"""


def loaded_by(*words):
    """Modules that a command leaves loaded, by its last line."""
    command = [sys.executable, "-c", _LOADED, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.e2e
def test_one_frame_loads_what_it_uses(sample_graphs, tmp_path):
    (graph,) = sample_graphs("bottomup")
    words = ["track", "-i", "samples/crawlers.mp4", "-m", graph, "--engine", "ort"]
    loaded = loaded_by(*words, "--frames", "20", "-o", tmp_path / "out.slp")
    assert len(sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)[0]) == 3
    assert {"numpy", "av", "h5py", "onnxruntime", "sleap_io.io.slp"} <= loaded
    assert not loaded & {"scipy", "aiohttp", "cv2", "torch", "pandas", "tifffile"}
    assert not loaded & {
        "sleap_rt.tracking.tracker",
        "sleap_rt.workflows.cluster.predictions",
        "sleap_rt.workflows.many.predictions",
    }


def test_help_loads_nothing_that_computes():
    loaded = loaded_by("--help")
    assert "sleap_rt.cli.track" in loaded
    assert not loaded & {"numpy", "av", "h5py", "onnxruntime", "sleap_io"}


@pytest.mark.e2e
def test_an_export_is_described_without_what_reads_videos_and_labels(sample_graphs):
    (graph,) = sample_graphs("bottomup")
    assert not loaded_by("info", graph) & {"av", "h5py", "onnxruntime", "sleap_io", "scipy"}


def test_sleap_io_has_aiohttp_where_it_asks_for_it():
    code = (
        "import sys, sleap_rt, sleap_io.io.main, sleap_io.io.video_reading\n"
        "assert 'aiohttp' not in sys.modules\n"
        "import aiohttp\n"
        "assert aiohttp.ClientSession\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.e2e
@pytest.mark.parametrize(("frames", "threads"), [("20", [2]), ("20-27", [1, 1])])
def test_no_session_is_opened_that_does_not_run(
    frames, threads, call, sample_graphs, tmp_path, monkeypatch
):
    (graph,) = sample_graphs("bottomup")
    opened = []

    def open_one(model, options):
        opened.append(options.threads)
        return ort.OrtEngine(model, options)

    words = ["track", "-i", ROOT / "samples/crawlers.mp4", "-m", graph, "--engine", "ort"]
    words += ["--device", "cpu", "--threads", 2, "--frames", frames]
    assert call(*words, "-o", tmp_path / "first.slp").code == 0  # replays the sample, maybe
    monkeypatch.setattr(ort, "open_engine", open_one)
    assert call(*words, "-o", tmp_path / "second.slp").code == 0
    assert opened == threads
