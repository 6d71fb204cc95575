"""A result finds its video from every folder, and the caller's video stays as it is."""

import shutil

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.runtime.outputs.video_paths import with_absolute_paths


@pytest.fixture
def folder(tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    shutil.copy(request.config.rootpath / "samples/crawlers.mp4", "clip.mp4")
    return tmp_path


def images(folder):
    import cv2

    names = [f"{index}.png" for index in range(2)]
    for index, name in enumerate(names):
        cv2.imwrite(name, np.full((8, 8), 10 * index, np.uint8))
    return sio.Video.from_filename(names)


def clip(folder):
    return sio.Video.from_filename("clip.mp4")


def closed_images(folder):
    names = images(folder).filename
    metadata = {"type": "ImageVideo", "shape": (2, 8, 8, 1), "filename": names[0]}
    metadata |= {"filenames": names, "height_": 8, "width_": 8, "channels_": 1, "grayscale": True}
    return sio.Video(names, open_backend=False, backend_metadata=metadata)


def closed(folder):
    return sio.Video("clip.mp4", open_backend=False, backend_metadata={"filename": "clip.mp4"})


@pytest.mark.parametrize("kind", [images, closed_images, clip, closed])
def test_the_path_is_absolute_in_the_file(folder, monkeypatch, kind):
    video = kind(folder)
    before = video.filename
    (new,) = with_absolute_paths([video])
    assert video.filename == before
    sio.Labels([], videos=[new], skeletons=[sio.Skeleton(["a"])]).save("out.slp", verbose=False)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (folder / "out.slp").rename(elsewhere / "out.slp")
    monkeypatch.chdir("/")
    stored = sio.load_slp(str(elsewhere / "out.slp")).video
    assert stored.exists()
    assert stored[1].shape[0] in (8, 250)


def test_names_that_are_no_files_stay(folder):
    video = sio.Video("array", open_backend=False)
    assert with_absolute_paths([video]) == [video]
