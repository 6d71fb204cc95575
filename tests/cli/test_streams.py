"""Programs are started without standard streams, by services, and with such that take nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "samples/models/single_instance"
LABELS = ROOT / "samples/one_crawler.slp"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell closes the streams")


def left(shell, *args):
    """Exit code and standard error of `sleap-nn ARGS SHELL`."""
    command = ["sh", "-c", f'"$0" -m sleap_rt "$@" {shell}', sys.executable, *map(str, args)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, stderr=subprocess.PIPE, text=True, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_stop_nothing(closed, tmp_path):
    picture = tmp_path / "picture.png"
    assert left(closed, "render", LABELS, "-o", picture) == (0, "")
    assert picture.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize("args", [("info", MODEL), ("info", MODEL, "--json"), ("--help",)])
def test_a_stream_that_takes_nothing_is_told_in_one_line(args):
    words = "Error: Standard output cannot be written: No space left on device\n"
    assert left(">/dev/full", *args) == (1, words)


CLIP = ROOT / "samples/one_crawler.mp4"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize("shell", [">/dev/full", "| true"])
def test_a_run_whose_progress_nobody_takes_says_how_to_go_on(shell, sample_graphs, tmp_path):
    out = tmp_path / "out.slp"
    words = ["track", CLIP, "-m", *sample_graphs("single_instance"), "-o", out, "--engine", "ort"]
    _, told = left(shell, *words, "--gui", "--quiet")
    (line,) = told.splitlines()
    assert line.startswith("Error: Standard output cannot be written: ")
    assert f"frames are kept in {out}.journal; pass --resume to the same command" in line
    assert not out.exists()
    assert left("", *words, "--resume", "--quiet") == (0, "")
    assert out.exists()


def test_json_that_a_closed_stream_loses_is_a_failure(sample_graphs, tmp_path):
    out = tmp_path / "out.slp"
    words = ["track", CLIP, "-m", *sample_graphs("single_instance"), "-o", out, "--frames", "0-3"]
    code, told = left(">&-", *words, "--json", "--quiet")
    assert code == 1
    assert "Error: Standard output is closed, and the JSON for it is lost" in told
    assert out.exists()
    assert left(">&-", "info", MODEL, "--json")[0] == 1
