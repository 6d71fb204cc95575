"""What a run shows of its progress, on a terminal and in a log."""

import io
import json
import os
import re
import subprocess
import sys
import time

import pytest

from sleap_rt.runtime.pipeline import progress


class Clock:
    """In place of `time.monotonic`: stands still but where results wait."""

    def __init__(self, monkeypatch):
        self._now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self._now)

    def results(self, waits):
        for position, seconds in enumerate(waits):
            self._now += seconds
            yield position


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_of_a_resumed_run_counts_the_old_frames_once(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    assert list(progress.bar(list("abcdefghij"), 10, 6)) == list("abcdefghij")
    shown = [part for part in screen.getvalue().split("\r") if "/10 [" in part]
    assert "| 6/10 [" in shown[0]
    assert "| 10/10 [" in shown[-1]


def test_a_log_gets_a_line_every_30_seconds(monkeypatch, capsys):
    """4 results are there at once; 100 s get the run ready; then there is a result each 10 s."""
    clock = Clock(monkeypatch)
    results = clock.results([0] * 4 + [100] + [10] * 8)
    assert len(list(progress.bar(results, 13, 4, "saving"))) == 13
    assert capsys.readouterr().err.splitlines() == [
        "saving: 6 of 13 frames, 0.1 frames/s, 1.2 min left",
        "saving: 9 of 13 frames, 0.1 frames/s, 0.7 min left",
        "saving: 12 of 13 frames, 0.1 frames/s, 0.2 min left",
    ]


def test_a_rate_leaves_out_how_long_the_run_got_ready(monkeypatch):
    """Batches of 4, two side by side, each 2 s."""
    clock, pace = Clock(monkeypatch), progress.Pace(10)
    batches = [0] * 10 + [30, 0, 0, 0, 0.1, 0, 0, 0] + [1.9, 0, 0, 0, 0.1, 0, 0, 0]
    rates = []
    for _ in clock.results(batches):
        pace.add()
        rates.append(pace.rate)
    assert rates[:18] == [None] * 18
    assert rates[-1] == pytest.approx(4)


def test_a_run_of_one_batch_has_no_rate(monkeypatch):
    clock, pace = Clock(monkeypatch), progress.Pace(0)
    for _ in clock.results([3, 0.001, 0.001, 0.001]):
        pace.add()
    assert pace.rate is None
    assert progress.Pace(0).rate is None


def test_the_bar_of_one_batch_shows_no_rate(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    assert list(progress.bar(range(4), 4, 0)) == list(range(4))
    assert "4/4 [00:00]" in screen.getvalue()
    assert "?" not in screen.getvalue(), "nor that there is none"


def test_the_bar_of_a_longer_run_shows_the_rate_and_what_is_left(monkeypatch):
    """From when they can be told; what is beside them is there before."""
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)

    def results():
        for number in range(4):
            time.sleep(0.3 * bool(number))
            yield number

    assert list(progress.bar(results(), 4, 0, beside=lambda: "2 workers")) == list(range(4))
    assert "1/4 [00:00" in screen.getvalue()
    assert re.search(r"4/4 \[00:0\d<00:00, +\d\.\d+ frames/s, 2 workers\]", screen.getvalue())
    assert "?" not in screen.getvalue()


def test_json_lines_begin_when_a_rate_can_be_told(monkeypatch, capsys):
    """20 s get the run ready, which the old first line took for its rate; then 2 frames/s."""
    results = Clock(monkeypatch).results([20] + [0.5] * 3)
    assert list(progress.json_lines(results, 4, 0))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["n_processed"] for line in lines] == [2, 3, 4]
    assert [line["rate"] for line in lines] == [2, 2, 2]
    assert [line["eta"] for line in lines] == [1, 0.5, 0]


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
