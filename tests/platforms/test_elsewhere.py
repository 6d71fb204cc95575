"""Nothing that only POSIX or Linux has is taken for granted (simulated: elsewhere.py)."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sleap_io

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[1] / "samples"


@pytest.mark.e2e
@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_a_run_needs_nothing_that_only_linux_has(system, sample_graphs, tmp_path):
    (graph,) = sample_graphs("bottomup")
    out = tmp_path / "poses.slp"
    command = ["track", "-i", SAMPLES / "crawlers.mp4", "-m", graph, "-o", out, "-t"]
    done = subprocess.run(
        [sys.executable, HERE / "elsewhere.py", system, *map(str, command), "--frames", "0-9"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    labels = sleap_io.load_slp(str(out), open_videos=False)
    assert [frame.frame_idx for frame in labels] == list(range(10))
    assert np.isfinite(labels[0].instances[0].numpy()).any()
