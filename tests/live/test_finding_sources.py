"""What a user writes after -i is found out, or told to be wrong with what there is instead."""

import sys
import threading

import numpy as np
import pytest

from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import LiveOptions
from sleap_rt.runtime.frames.live import devices, find_source
from sleap_rt.runtime.frames.live.camera import Camera
from sleap_rt.runtime.frames.live.find import without_password
from sleap_rt.runtime.frames.live.played import PlayedVideo

PLAIN = LiveOptions()


@pytest.fixture
def cameras(tmp_path, monkeypatch):
    """Two cameras as Linux shows them: files under /dev, their names under /sys."""
    for number, name in ((0, "Front"), (10, "Top view")):
        (tmp_path / f"video{number}").touch()
        (tmp_path / "names" / f"video{number}").mkdir(parents=True)
        (tmp_path / "names" / f"video{number}" / "name").write_text(name + "\n")
    (tmp_path / "video_of_a_user.mp4").touch()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(devices, "_LINUX_DEVICES", tmp_path)
    monkeypatch.setattr(devices, "_LINUX_NAMES", tmp_path / "names")


def test_linux_cameras_are_listed_by_number(cameras, tmp_path):
    assert [str(camera) for camera in devices.cameras()] == [
        f"{tmp_path}/video0 (Front)",
        f"{tmp_path}/video10 (Top view)",
    ]


@pytest.mark.parametrize("name", ["Top view", "{}/video10"])
def test_a_camera_is_found_by_name_and_address(cameras, tmp_path, name, monkeypatch):
    monkeypatch.setattr("sleap_rt.runtime.frames.live.find._is_played", lambda text: False)
    options = LiveOptions(rate=60, size=(640, 480), camera_format="mjpeg")
    camera = find_source(name.format(tmp_path), options)
    assert isinstance(camera, Camera)
    assert camera.name == f"camera {tmp_path}/video10 (Top view)"
    assert camera._reader == "v4l2"
    assert camera._options["video_size"] == "640x480"
    assert camera._options["framerate"] == "60"
    assert camera._options["input_format"] == "mjpeg"


def address_of(written):
    camera = find_source(written, PLAIN)
    assert isinstance(camera, Camera)
    return camera._address


def test_windows_and_macos_list_cameras_through_ffmpeg(monkeypatch):
    import av

    class Listed:
        def __init__(self, name, description, *media_types):
            self.name, self.description, self.media_types = name, description, list(media_types)

    found = {
        "dshow": [Listed("USB Cam", "USB Cam", "video"), Listed("Mic", "Mic", "audio")],
        "avfoundation": [Listed("0", "FaceTime", "video")],
    }
    monkeypatch.setattr(av, "enumerate_input_devices", found.__getitem__)
    monkeypatch.setattr(sys, "platform", "win32")
    for written in ("0", "USB Cam", "video=USB Cam"):
        assert address_of(written) == "video=USB Cam"
    with pytest.raises(DataError, match=r"no camera 1. Cameras here: USB Cam \(USB Cam\)"):
        find_source("1", PLAIN)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert address_of("FaceTime") == "0"


def test_a_wrong_name_is_told_with_the_cameras_there_are(cameras, tmp_path):
    for name in ("/dev/video3", "3", "Tpo view", "none.mp4"):
        with pytest.raises(DataError) as refusal:
            find_source(name, PLAIN)
        assert str(refusal.value) == (
            f"There is no video and no camera {name}. Cameras here: {tmp_path}/video0 (Front), "
            f"{tmp_path}/video10 (Top view)."
        )


def test_a_machine_without_cameras_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(devices, "_LINUX_DEVICES", tmp_path)
    with pytest.raises(DataError, match="This system tells of no camera"):
        find_source("0", PLAIN)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("rtsp://me:secret@cam/1", "rtsp://me:***@cam/1"),
        ("rtsp://me:s@cr:et@cam/1", "rtsp://me:***@cam/1"),
        ("rtsp://cam:554/1", "rtsp://cam:554/1"),
        ("http://cam/a:b@c", "http://cam/a:b@c"),
    ],
)
def test_passwords_are_not_shown(written, shown):
    assert without_password(written) == shown
    assert find_source(written, PLAIN).name == shown


@pytest.mark.parametrize(
    ("data", "given", "words"),
    [
        ("file:///etc/passwd", {}, "No stream of file:// is read; rtsp, "),
        ("rtsp://cam/1", {"rate": 5.0}, "rate: no effect with a stream"),
        ("{samples}/crawlers.mp4", {"size": (9, 9)}, "size: no effect with a video"),
        ("{samples}/crawlers.mp4", {"stall_timeout": 3.0}, "stall_timeout: no effect with a video"),
        ("{samples}/crawlers.slp", {}, "holds labels; live plays a video"),
        (["frames"], {"rate": 5.0, "size": (9, 9)}, "rate, size: no effect with frames of a"),
        (5.5, {}, "Cannot watch what is given"),
    ],
)
def test_wrong_use_is_told(data, given, words, request):
    if isinstance(data, str):
        data = data.format(samples=request.config.rootpath / "samples")
    with pytest.raises(OptionError, match=words.replace("(", r"\(")):
        find_source(data, LiveOptions(**given))


def test_a_series_of_images_needs_a_rate(tmp_path):
    from PIL import Image

    for number in range(2):
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(tmp_path / f"{number}.png")
    with pytest.raises(OptionError, match="has no rate of its own"):
        find_source(tmp_path, PLAIN)
    played = find_source(tmp_path, LiveOptions(rate=1000.0))
    assert isinstance(played, PlayedVideo)
    frames = list(played.frames(threading.Event()))
    assert [frame.image()[0, 0, 0] for frame in frames] == [0, 1]


def test_a_model_in_place_of_a_source_is_called_so(sample_graphs):
    (graph,) = sample_graphs("bottomup")
    with pytest.raises(OptionError, match=f"The source {graph} is a model; give it with model_p"):
        find_source(graph, PLAIN)


def test_a_number_of_numpy_is_that_of_a_camera():
    with pytest.raises(DataError, match="no camera 99"):
        find_source(np.int64(99), LiveOptions())
