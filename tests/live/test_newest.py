"""The newest frame comes first; those it replaces are counted, and nothing else is lost."""

import threading
import time

import numpy as np
import pytest

from sleap_rt.errors import DataError
from sleap_rt.runtime.frames.live import LiveFrame, Newest

IMAGE = np.zeros((1, 1, 1), np.uint8)
LONG = 10.0  # s; never waited for where all is well


class Steered:
    """A source that gives frames when it is told to."""

    name, patience = "a steered camera", 0.0

    def __init__(self):
        self._orders = []
        self._changed = threading.Condition()
        self.is_closed = False

    def give(self, *orders):
        with self._changed:
            self._orders += orders
            self._changed.notify()

    def frames(self, stopped):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._orders, LONG)
                order = self._orders.pop(0)
            if isinstance(order, Exception):
                raise order
            if order is None:
                return
            yield LiveFrame(order, time.perf_counter(), time.time(), lambda: IMAGE)

    def close(self):
        self.is_closed = True


@pytest.fixture
def source():
    return Steered()


def wait_for(condition):
    given_up = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < given_up
        time.sleep(0.001)


def test_the_newest_is_taken_and_the_rest_is_counted(source):
    with Newest(source) as newest:
        source.give(0)
        assert newest.take(LONG).index == 0
        source.give(1, 2, 3, 4)  # while 0 is worked on
        wait_for(lambda: newest.counts() == (4, 3))
        assert newest.take(LONG).index == 4
        assert newest.counts() == (5, 3)
        assert newest.take(0.01) is None
        source.give(5, None)
        assert newest.take(LONG).index == 5
        wait_for(lambda: newest.is_ended)
        assert newest.take(LONG) is None  # at once
    assert newest.counts() == (6, 3)
    assert source.is_closed


def test_a_lost_source_is_told_behind_its_last_frame(source):
    with Newest(source) as newest:
        source.give(0, DataError("unplugged"))
        wait_for(lambda: newest._is_ended)
        assert not newest.is_ended
        assert newest.take(LONG).index == 0
        with pytest.raises(DataError, match="unplugged"):
            newest.take(LONG)


def test_at_the_end_a_source_is_waited_for_from_its_last_frame_on(source, monkeypatch):
    waited = []
    with Newest(source) as newest:
        monkeypatch.setattr(newest._thread, "join", waited.append)
        newest._heard_of -= 1.5  # s ago
    source.give(None)
    assert 0.2 <= waited[0] <= 0.5


def test_a_source_that_hangs_is_left_behind(source, monkeypatch):
    monkeypatch.setattr("sleap_rt.runtime.frames.live.newest._LEAVE_SECONDS", 0.05)
    with Newest(source):
        pass
    assert not source.is_closed  # closing it beneath a read may crash
    source.give(None)
