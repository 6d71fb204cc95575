"""What a run shows of its progress, on a terminal and in a log."""

import io
import itertools
import os
import subprocess
import sys
import time

import pytest

from sleap_rt.runtime.pipeline import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_of_a_resumed_run_counts_the_old_frames_once(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    assert list(progress.bar(list("abcdefghij"), 10, 6)) == list("abcdefghij")
    shown = [part for part in screen.getvalue().split("\r") if "frames" in part]
    assert "| 6/10 [" in shown[0]
    assert "| 10/10 [" in shown[-1]


def test_a_log_gets_a_line_every_30_seconds(monkeypatch, capsys):
    """A result each 10 s, of which 4 come from before: lines after 50, 80 and 110 s."""
    ticks = itertools.count(0, 10)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
    assert len(list(progress.bar(range(13), 13, 4, "saving"))) == 13
    assert capsys.readouterr().err.splitlines() == [
        "saving: 5 of 13 frames, 0.0 frames/s, 6.7 min left",
        "saving: 8 of 13 frames, 0.1 frames/s, 1.7 min left",
        "saving: 11 of 13 frames, 0.1 frames/s, 0.5 min left",
    ]


def test_a_short_run_leaves_no_line_in_a_log(capsys):
    assert list(progress.bar(range(5), 5, 0)) == list(range(5))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("n_done", [0, 6])
def test_json_lines_end_with_all_frames(n_done, capsys):
    assert list(progress.json_lines(range(10), 10, n_done)) == list(range(10))
    assert '"n_processed": 10, "n_total": 10' in capsys.readouterr().out


def test_a_bar_is_seen_where_the_terminal_has_no_width():
    """As under `docker exec -t` and `script`, whose terminals may have 0 columns."""
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    words = "from sleap_rt.runtime.pipeline import progress; list(progress.bar(range(9), 9, 0))"
    done = subprocess.run([sys.executable, "-c", words], stderr=follower, check=False)
    os.close(follower)
    assert done.returncode == 0
    assert b"9/9 [" in os.read(leader, 4096)
    os.close(leader)
