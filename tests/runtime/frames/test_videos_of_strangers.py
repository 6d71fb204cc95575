"""Videos that a labels file names, or holds, are looked at before anything decodes them."""

import h5py
import numpy as np
import pytest
import sleap_io as sio
from clips import picture, png_that_asks_for
from PIL import Image

from sleap_rt.errors import DataError, FrameError
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.open_input import open_input

SKELETON = sio.Skeleton(["a"])


def labels_of(video, n_frames=3):
    instance = [sio.Instance.from_numpy(np.ones((1, 2)), SKELETON)]
    frames = [sio.LabeledFrame(video=video, frame_idx=n, instances=instance) for n in range(3)]
    return sio.Labels(frames[:n_frames], videos=[video], skeletons=[SKELETON])


def test_an_image_in_a_package_gets_no_more_memory_than_it_has_bytes(tmp_path):
    # Of images: sleap-io reads videos in a child, whose pipes a busy machine leaves open.
    names = [str(tmp_path / f"{number}.png") for number in range(3)]
    for number, name in enumerate(names):
        Image.fromarray(picture(number)).save(name)
    labels = labels_of(sio.Video.from_filename(names))
    path = tmp_path / "a.pkg.slp"
    labels.save(str(path), embed=True, verbose=False)
    asks = np.frombuffer(png_that_asks_for(2**32 - 1), np.int8)
    with h5py.File(path, "r+") as file:
        images = list(file["video0/video"])
        images[1] = asks
        attributes = dict(file["video0/video"].attrs)
        del file["video0/video"]
        new = file["video0"].create_dataset("video", (3,), h5py.vlen_dtype(np.int8))
        for number, image in enumerate(images):
            new[number] = image
        new.attrs.update(attributes)
    with open_input(path, SelectionOptions()) as opened:
        first, second, third = opened.selection.refs
        for ref in (first, third):
            np.testing.assert_array_equal(opened.source.read(ref), picture(ref.frame_index))
        with pytest.raises(FrameError, match="frame 1 cannot be read: the image is damaged"):
            opened.source.read(second)


def test_an_hdf5_video_of_a_project_may_not_declare_what_it_lacks(tmp_path):
    with h5py.File(tmp_path / "big.h5", "w") as file:
        file.create_dataset("images", (2, 64, 96, 1), np.uint8, data=np.ones((2, 64, 96, 1), "u1"))
    video = sio.Video.from_filename(str(tmp_path / "big.h5"), dataset="images")
    labels_of(video, 2).save(str(tmp_path / "a.slp"), embed=False, verbose=False)
    with open_input(tmp_path / "a.slp", SelectionOptions()) as opened:
        assert opened.source.read(opened.selection.refs[0]).max() == 1
    with h5py.File(tmp_path / "big.h5", "w") as file:
        file.create_dataset("images", (10, 30_000, 30_000, 3), np.uint8)
    with pytest.raises(DataError, match="declares 10 frames and holds none"):
        open_input(tmp_path / "a.slp", SelectionOptions())


def test_an_hdf5_video_of_a_project_may_not_lie_elsewhere(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_dataset("images", data=np.ones((2, 64, 96, 1), "u1"))
    with h5py.File(tmp_path / "clip.h5", "w") as file:
        file["images"] = h5py.ExternalLink("other.h5", "/images")
    video = sio.Video(str(tmp_path / "clip.h5"), open_backend=False)
    video.backend_metadata.update(
        {"type": "HDF5Video", "dataset": "images", "shape": (2, 64, 96, 1)}
    )
    labels_of(video, 2).save(str(tmp_path / "a.slp"), embed=False, verbose=False)
    with pytest.raises(DataError, match="link to another file"):
        open_input(tmp_path / "a.slp", SelectionOptions())
