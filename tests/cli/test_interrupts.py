"""However the program is ended from outside, it says how to go on and leaves no traceback."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sleap_rt.cli.app import main

pytestmark = pytest.mark.usefixtures("ctrl_c_raises")
ROOT = Path(__file__).resolve().parents[2]
VIDEO = ROOT / "samples/one_crawler.mp4"
SLOW = """
import time
from sleap_rt.runtime.predictors.single_instance import SingleInstancePredictor as Predictor
plain = Predictor.begin
Predictor.begin = lambda *args: (time.sleep(0.2), plain(*args))[1]
from sleap_rt.__main__ import main
main()
"""
INTERRUPTED_IMPORT = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == {name!r}:
            {act}
sys.meta_path.insert(0, Interrupting())
from sleap_rt.__main__ import main
main()
"""
AT_ONCE = "os.kill(os.getpid(), signal.SIGINT)"
AS_NUMPY_DOES = f"""try: {AT_ONCE}
            except KeyboardInterrupt: raise ImportError("initialization failed")"""

AS_DATACLASSES_DO = f"exec('{AT_ONCE}; 1')"


@pytest.fixture
def started(tmp_path):
    """`started(script, "info", path)`: the program under way, as `python -m` runs it."""

    def started(script, *args):
        (tmp_path / "program.py").write_text(script)
        env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
        command = [sys.executable, "-m", "program", *map(str, args)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=env, text=True, **pipes)

    return started


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize(
    ("name", "times", "code"),
    [("SIGINT", 1, 130), ("SIGINT", 5, 130), ("SIGTERM", 2, 143), ("SIGHUP", 1, 129)],
)
def test_a_signal_ends_a_run_in_order(name, times, code, started, sample_graphs, tmp_path):
    (graph,) = sample_graphs("single_instance")
    out = tmp_path / "out.slp"
    args = ["track", "-i", VIDEO, "-m", graph, "-o", out, "-d", "cpu", "--engine", "ort", "-b", "2"]
    process = started(SLOW, *args, "--json")
    journal = tmp_path / "out.slp.journal"
    until = time.monotonic() + 60
    while not (journal.exists() and journal.stat().st_size > 3000):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    for _ in range(times):
        process.send_signal(getattr(signal, name))
        time.sleep(0.05)
    told, words = process.communicate(timeout=60)
    assert process.returncode == code
    (cut_off,) = json.loads(told)["inputs"]
    assert (cut_off["status"], cut_off["journal"]) == ("interrupted", str(journal))
    assert "Traceback" not in words
    *_, last = words.splitlines()
    assert last.startswith("interrupted: " if name == "SIGINT" else f"ended by {name}: ")
    assert "frames are kept in" in last
    assert last.endswith("pass --resume to the same command to continue")


@pytest.mark.parametrize("name", ["click", "sleap_rt.cli.info", "numpy"])
@pytest.mark.parametrize("act", [AT_ONCE, AS_NUMPY_DOES, AS_DATACLASSES_DO])
def test_an_interrupt_while_libraries_are_imported_is_no_error_of_theirs(started, name, act):
    process = started(INTERRUPTED_IMPORT.format(name=name, act=act), "info", "nowhere")
    _, words = process.communicate(timeout=60)
    assert (process.returncode, words.strip()) == (130, "interrupted")


SIGNAL_AT_THE_END = """
import os, signal
import sleap_rt.__main__ as program
program._leave_at_once = lambda code: os.kill(os.getpid(), signal.SIGINT)
program.main()
"""


def test_a_signal_at_the_very_end_changes_nothing(started):
    process = started(SIGNAL_AT_THE_END, "--version")
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0


REPEATED = """
import signal, sys
from sleap_rt.interrupts import Interrupts
with Interrupts() as outer:
    try:
        with Interrupts():
            signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        signal.raise_signal(signal.SIGTERM)
        sys.exit(outer.words)
"""
WHILE_DELETING = """
import signal, sys, time
from sleap_rt.interrupts import Interrupts
class Deleted:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)
with Interrupts() as interrupts:
    try:
        Deleted()
        time.sleep(60)
    except KeyboardInterrupt:
        sys.exit(interrupts.words)
"""
HELD_BACK = """
import signal, sys
from sleap_rt.interrupts import Interrupts, held_back
with Interrupts() as interrupts:
    done = []
    try:
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            done.append("all")
        done.append("more")
    except KeyboardInterrupt:
        sys.exit(interrupts.words if done == ["all"] else str(done))
"""


@pytest.mark.parametrize("script", [REPEATED, WHILE_DELETING, HELD_BACK])
def test_a_signal_is_neither_told_twice_nor_lost(started, script):
    process = started(script)
    _, words = process.communicate(timeout=50)
    assert (process.returncode, words) == (1, "ended by SIGTERM\n")


def test_the_word_on_how_to_go_on_outlives_further_interrupts(monkeypatch, capsys):
    def ended(**_):
        try:
            raise KeyboardInterrupt("pass --resume")
        finally:
            raise KeyboardInterrupt

    monkeypatch.setattr("sleap_rt.cli.app.app.main", ended)
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 130
    assert capsys.readouterr().err == "interrupted: pass --resume\n"


def test_an_exception_that_nobody_foresaw_is_one_line(monkeypatch, capsys):
    def broken(**_):
        raise ZeroDivisionError("float\ndivision")

    monkeypatch.setattr("sleap_rt.cli.app.app.main", broken)
    for args, n_lines in (["info"], 1), (["track", "--verbose"], None):
        before = signal.getsignal(signal.SIGINT)
        with pytest.raises(SystemExit) as left:
            main(args)
        lines = capsys.readouterr().err.splitlines()
        assert left.value.code == 1
        assert lines[-1].startswith("Error: ZeroDivisionError: float division.")
        assert len(lines) == n_lines or "Traceback" in lines[0]
        assert signal.getsignal(signal.SIGINT) is before
