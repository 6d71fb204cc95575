"""Programs are started without standard streams, by services, and with such that take nothing."""

import os
import shutil
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


@pytest.mark.parametrize(
    "args",
    [("info", MODEL), ("info", MODEL, "--json"), ("system",), ("completion", "bash")],
    ids=lambda args: " ".join(map(str, args)).replace(str(MODEL), "MODEL"),
)
def test_a_reader_that_has_seen_enough_stops_no_command(args):
    code, told = left_alone(*args)
    assert (code, "Error" in told) == (0, False)


def test_what_a_reader_leaves_is_still_done_and_told(sample_graphs, tmp_path):
    models = sample_graphs("single_instance")
    code, told = left_alone("verify", *models, "--engine", "ort")
    assert (code, told.splitlines()[-1].startswith("next, to run it: ")) == (0, True)
    clips = [shutil.copy(CLIP, tmp_path / name) for name in ("a.mp4", "b.mp4", "c.mp4")]
    words = ["track", *clips, "-m", *models, "--engine", "ort", "--frames", "0-3"]
    assert left_alone(*words, "-o", tmp_path / "out")[0] == 0
    assert len(list((tmp_path / "out").glob("*.slp"))) == 3


def test_a_reader_that_has_seen_enough_makes_no_failure_a_success(sample_graphs, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    words = ["track", CLIP, broken, "-m", *sample_graphs("single_instance"), "--engine", "ort"]
    code, told = left_alone(*words, "--frames", "0-3", "-o", tmp_path / "out")
    assert code == 1
    assert f"Failed: {broken}" in told


def left_alone(*args):
    """Exit code and standard error of `sleap-nn ARGS | true`, whose reader is gone at once."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "sleap_rt", *map(str, args)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    return done.returncode, done.stderr
