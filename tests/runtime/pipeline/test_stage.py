"""Threads of a stage: how they end, and what is noticed of it."""

import subprocess
import sys
import threading
import time

import pytest

from sleap_rt.errors import RunError
from sleap_rt.runtime.pipeline.stages import stage as stage_file
from sleap_rt.runtime.pipeline.stages.stage import Stage


@pytest.fixture
def stopped():
    return threading.Event()


def test_threads_that_hang_are_left_together(stopped, monkeypatch):
    monkeypatch.setattr(stage_file, "_LEAVE_SECONDS", 0.3)
    never = threading.Event()
    hanging = Stage("hang", range(4), lambda _: never.wait(), 4, stopped, n_threads=4)
    with hanging:
        time.sleep(0.05)
        started = time.monotonic()
    assert time.monotonic() - started < 1.0  # not four times as long
    never.set()


class Dies(Stage):
    """Its first thread ends with an item in its hands."""

    def _run(self):
        if threading.current_thread() is self._threads[0]:
            self._next()
        else:
            super()._run()


def test_one_thread_of_several_that_dies_is_noticed(stopped):
    n_looks = 0

    def look():
        nonlocal n_looks
        n_looks += 1
        assert n_looks < 50, "nothing was noticed"

    with (
        Dies("die", range(1000), str, 2, stopped, n_threads=3, check=look) as stage,
        pytest.raises(RunError, match="die ended without a word"),
    ):
        assert len([*stage]) < 1000


LEFT = """
from sleap_rt import PosePredictor
predictor = PosePredictor({graph!r}, engine="ort", threads=2)
results = predictor.stream({video!r})
print(next(results).frame_index)
"""


@pytest.mark.engine
def test_a_program_ends_well_that_leaves_a_stream_in_the_middle(sample_graphs, request):
    """Its threads are outside of Python then, and would come back to one that has ended."""
    (graph,) = sample_graphs("bottomup")
    video = request.config.rootpath / "samples/crawlers.mp4"
    done = subprocess.run(
        [sys.executable, "-c", LEFT.format(graph=str(graph), video=str(video))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")
