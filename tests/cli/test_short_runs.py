"""A short run does not wait for libraries that it has no use for."""

import subprocess
import sys
from pathlib import Path

import pytest
import sleap_io as sio

ROOT = Path(__file__).resolve().parents[2]
_LOADED = """
import sys
from sleap_rt.cli import main

try:
    main(sys.argv[1:])
except SystemExit as left:
    if left.code:
        raise
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def loaded_by(*words):
    """Packages that a command leaves loaded, by its last line."""
    command = [sys.executable, "-c", _LOADED, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.e2e
def test_one_frame_needs_no_solver_and_no_network(sample_graphs, tmp_path):
    (graph,) = sample_graphs("bottomup")
    words = ["track", "-i", "samples/crawlers.mp4", "-m", graph, "--engine", "ort"]
    loaded = loaded_by(*words, "--frames", "20", "-o", tmp_path / "out.slp")
    assert len(sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)[0]) == 3
    assert {"numpy", "av", "h5py", "onnxruntime", "sleap_io"} <= loaded
    assert not loaded & {"scipy", "aiohttp", "cv2", "torch", "pandas"}


def test_sleap_io_has_aiohttp_where_it_asks_for_it():
    code = (
        "import sys, sleap_rt, sleap_io.io.main, sleap_io.io.video_reading\n"
        "assert 'aiohttp' not in sys.modules\n"
        "import aiohttp\n"
        "assert aiohttp.ClientSession\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
