"""OpenCV is loaded by what needs it only, and nothing else needs it to be installed."""

import subprocess
import sys
from pathlib import Path

import pytest
import sleap_io as sio

from sleap_rt.errors import OptionError
from sleap_rt.libraries.opencv import need_opencv
from sleap_rt.tracking import TrackerOptions

ROOT = Path(__file__).resolve().parents[1]
# Nothing that has `cv2` is installed here.
_MISSING = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name == "cv2" else self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = map(Without, sys.meta_path)
"""
_RUN = """
import sys
from sleap_rt.cli import main

try:
    main(sys.argv[1:])
except SystemExit as left:
    if left.code:
        raise
assert sys.modules.get("cv2") is None, "cv2 was loaded"
"""


def run(code, *words):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], cwd=ROOT, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """One for each way of reading frames."""
    folder = tmp_path_factory.mktemp("inputs")
    labels = sio.load_slp(str(ROOT / "samples/crawlers.slp"))
    labels.save(str(folder / "crawlers.pkg.slp"), embed="user", verbose=False)
    (folder / "images").mkdir()
    from PIL import Image

    for index in range(3):
        Image.fromarray(labels.videos[0][index][..., 0]).save(folder / f"images/{index}.png")
    return {
        "video": ROOT / "samples/crawlers.mp4",
        "labels": ROOT / "samples/crawlers.slp",
        "package": folder / "crawlers.pkg.slp",
        "images": folder / "images",
    }


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("kind", "is_installed"),
    [("video", True), ("package", True), ("labels", False), ("package", False), ("images", False)],
)
def test_a_run_that_predicts_and_tracks_loads_none(
    kind, is_installed, inputs, sample_graphs, tmp_path
):
    (graph,) = sample_graphs("bottomup")
    frames = ["--only_labeled_frames"] if kind in ("labels", "package") else ["--frames", "0-2"]
    words = ["track", "-i", inputs[kind], "-m", graph, "--engine", "ort", "-t", *frames]
    code = _RUN if is_installed else _MISSING + _RUN
    done = run(code, *words, "-o", tmp_path / "out.slp")
    assert done.returncode == 0, done.stderr
    assert len(sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)) >= 3


def test_what_needs_it_is_refused_ahead_of_all(tmp_path):
    words = ["track", "-i", "no.mp4", "-m", "none", "-t", "--use_flow"]
    done = run(_MISSING + _RUN, *words)
    assert done.returncode == 2
    assert (
        "use_flow needs OpenCV, which is not installed. Any of its packages will do" in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_in_python_it_is_refused_alike(monkeypatch):
    monkeypatch.setattr("sleap_rt.libraries.opencv.find_spec", lambda name: None)
    with pytest.raises(OptionError, match="features image needs OpenCV"):
        TrackerOptions(features="image", scoring_method="cosine_sim")
    with pytest.raises(OptionError, match=r"pip install .*opencv"):
        need_opencv("view")


def test_sleap_io_has_it_once_it_is_there():
    code = (
        "import sys, sleap_rt, sleap_io as sio\n"
        "path = 'samples/crawlers.mp4'\n"
        "plain = sio.load_video(path)[3]\n"
        "assert 'cv2' not in sys.modules\n"
        "import cv2\n"
        "video = sio.load_video(path)\n"
        "assert video.backend.plugin == 'opencv'\n"
        "assert (video[3] == plain).all()\n"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
