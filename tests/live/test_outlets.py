"""Results as JSON and as pictures."""

import json
import urllib.error
import urllib.request
from io import StringIO

import cv2
import numpy as np
import pytest

from sleap_rt.errors import OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.live import JsonLines, LiveResult, NobodyReadsError
from sleap_rt.runtime.live.publisher import Publisher
from sleap_rt.runtime.live.view import View
from sleap_rt.runtime.live.view.drawing import jpeg_of
from sleap_rt.skeleton import Skeleton

NAN = float("nan")


@pytest.fixture
def result():
    found = FrameInstances(
        frame_index=7,
        points=np.array([[[30.1234, 20], [60, 40]], [[NAN, NAN], [10, 5.5]]], np.float32),
        point_scores=np.array([[0.9, 0.8], [0.0, 0.7]], np.float32),
        scores=np.array([0.85, 0.7], np.float32),
        track_ids=np.array([1, -1]),
        tracking_scores=np.array([0.5, NAN], np.float32),
    )
    return LiveResult(
        found=found,
        image=np.full((64, 96, 1), 90, np.uint8),
        skeleton=Skeleton("fly", ("head", "tail"), ((0, 1),)),
        track_names=("a", "b"),
        time=1700000000.25,
        latency_ms=12.3456,
        n_dropped=3,
    )


def test_a_line_is_json_that_explains_itself(result):
    stream = StringIO()
    JsonLines(stream).take(result)
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == {
        "frame": 7,
        "time": 1700000000.25,
        "latency_ms": 12.346,
        "n_dropped": 3,
        "is_answered": True,
        "animals": [
            {
                "track": "b",
                "score": 0.85,
                "tracking_score": 0.5,
                "points": {"head": [30.123, 20.0, 0.9], "tail": [60.0, 40.0, 0.8]},
            },
            {
                "track": None,
                "score": 0.7,
                "tracking_score": None,
                "points": {"head": None, "tail": [10.0, 5.5, 0.7]},
            },
        ],
    }


def test_a_reader_that_has_gone_is_noticed(result):
    stream = StringIO()
    stream.close()
    with pytest.raises(NobodyReadsError):
        JsonLines(stream).take(result)


def test_a_picture_shows_the_poses(result):
    picture = cv2.imdecode(np.frombuffer(jpeg_of(result), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (64, 96, 3)
    channels = picture.astype(int)
    colorful = (channels.max(axis=2) - channels.min(axis=2)) > 40
    assert colorful[40, 60]
    assert colorful[30, 45]  # on the edge between the nodes
    assert not colorful[50:, :20].any()
    assert (result.image == 90).all()  # nobody else sees what was drawn


def test_the_page_shows_a_moving_picture_on_this_machine_only(result):
    view = View(0)
    try:
        assert view.address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(view.address) as page:
            assert b'src="/stream"' in page.read()
        with urllib.request.urlopen(view.address + "stream") as stream:
            view.take(result)
            head = stream.read(200)
            assert head.startswith(b"--frame\r\nContent-Type: image/jpeg\r\n")
            assert b"\xff\xd8\xff" in head
        elsewhere = urllib.request.Request(view.address, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(elsewhere)
        with pytest.raises(OptionError, match="cannot be served there"):
            View(int(view.address.rstrip("/").rpartition(":")[2]))
    finally:
        view.close()


def test_an_address_that_cannot_be_bound_is_told():
    with pytest.raises(OptionError, match=r"zmq tcp://192\.0\.2\.1:5555: cannot publish"):
        Publisher("tcp://192.0.2.1:5555")


def test_a_missing_library_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "zmq", None)
    with pytest.raises(OptionError, match=r"not installed. Install it with .*\[live\]"):
        Publisher("tcp://127.0.0.1:*")
