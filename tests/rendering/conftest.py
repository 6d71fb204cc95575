"""A small result with known poses on a sample clip."""

import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import sleap_io as sio

from sleap_rt.cli import main
from sleap_rt.runtime.frames.images.files import ImageFiles
from sleap_rt.runtime.frames.sleap_video import as_sleap_video, images_as_sleap_video
from sleap_rt.runtime.frames.video import VideoFile

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FOUND = {2: [(40, 50)], 3: [(44, 50), (200, 100)], 7: [(60, 60), (204, 100)]}  # frame: heads


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Labels of all kinds that a test names, and their videos."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shutil.copy(SAMPLES / "crawlers.mp4", "clip.mp4")
        shutil.copy(SAMPLES / "one_crawler.mp4", "other.mp4")
        shutil.copy("clip.mp4", "gone.mp4")
        save("found.slp", ["a", "b"])
        save("plain.slp", [])
        save("empty.slp", [], {4: []})
        save("two.slp", [], videos=("clip.mp4", "other.mp4"))
        shutil.copy("clip.mp4", "video.mp4")
        save("video.predictions.slp", ["track_0", "track_2"], videos=("video.mp4",))
        save("lost.slp", [], videos=("gone.mp4",))
        Path("gone.mp4").unlink()
        save_images("images.slp")
        Path("there.png").touch()
        Path("folder.png").mkdir()
    return folder


@pytest.fixture
def result(prepared, tmp_path, monkeypatch):
    """`found.slp`: two tracks in three frames of `clip.mp4`, which lies beside it."""
    for name in ("clip.mp4", "found.slp"):
        shutil.copy(prepared / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return Path("found.slp")


def save(name, tracks, heads=FOUND, videos=("clip.mp4",)):
    """Predictions of two nodes, the tail 40 px to the right of the head and 20 px below."""
    skeleton = sio.Skeleton(["head", "tail"], edges=[("head", "tail")])
    there = [
        images_as_sleap_video(video, ImageFiles(video))
        if isinstance(video, list)
        else as_sleap_video(VideoFile(Path(video).absolute()))
        for video in videos
    ]
    named = [sio.Track(track) for track in tracks]
    frames = [
        sio.LabeledFrame(
            video=video,
            frame_idx=index,
            instances=[
                sio.PredictedInstance.from_numpy(
                    np.array([[x, y], [x + 40, y + 20.0]]),
                    skeleton=skeleton,
                    score=0.5,
                    track=track,
                )
                for (x, y), track in zip(at, named or [None] * 9, strict=False)
            ],
        )
        for video in there
        for index, at in heads.items()
    ]
    labels = sio.Labels(frames, videos=there, skeletons=[skeleton], tracks=named)
    labels.save(name, verbose=False)


def save_images(name):
    """The same animals on two images, named by a path from the current folder."""
    Path("images").mkdir()
    paths = [Path(f"images/{index}.preview.png") for index in range(2)]
    with VideoFile(Path("clip.mp4")) as clip:
        for index, path in enumerate(paths):
            PIL.Image.fromarray(clip.read(index)[..., 0]).save(path)
    save(name, ["a", "b"], {0: FOUND[2], 1: FOUND[3]}, [paths])


@pytest.fixture
def found():
    """What `found.slp` holds: frame -> heads."""
    return FOUND


@pytest.fixture
def call(capfd):
    """`call(result, "-o", path)`: exit code of `render`, and what was written."""

    def call(*args, command="render"):
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main([command, *map(str, args)])
        return left.value.code or 0, *capfd.readouterr()

    return call
