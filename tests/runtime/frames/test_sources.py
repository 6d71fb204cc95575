"""Everything that frames can come from, read through one door."""

import os
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import sleap_io as sio
import tifffile
from clips import encode, number_in, picture

from sleap_rt.errors import DataError, FrameError, OptionError
from sleap_rt.labels import load_labels
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.outputs.names import default_output

N = 4
FILES_OF_PROCESS = Path("/proc/self/fd")
PICTURES = [picture(index) for index in range(N)]


def frames_of(data, **options):
    with open_input(data, SelectionOptions(**options)) as opened:
        return [opened.source.read(ref) for ref in opened.selection.refs]


def save_png(path, image):
    assert cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)
    return path


@pytest.fixture
def image_folder(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for index, image in enumerate(PICTURES):
        save_png(folder / f"{index:03}.png", image)
    (folder / "notes.txt").write_text("not an image")
    return folder


def test_images_of_a_folder_come_in_order_of_their_names(image_folder):
    np.testing.assert_array_equal(frames_of(image_folder), PICTURES)
    np.testing.assert_array_equal(frames_of(image_folder, frames=(2,)), PICTURES[2:3])
    np.testing.assert_array_equal(frames_of(image_folder / "001.png"), PICTURES[1:2])


def test_images_of_a_list_come_in_its_order(image_folder):
    paths = [image_folder / "003.png", image_folder / "001.png"]
    np.testing.assert_array_equal(frames_of(paths), [PICTURES[3], PICTURES[1]])
    with pytest.raises(DataError, match=r"Images are missing: .*none\.png"):
        frames_of([image_folder / "none.png"])


def test_images_may_differ_in_size(tmp_path):
    save_png(tmp_path / "a.png", picture(0))
    save_png(tmp_path / "b.png", picture(1, 30, 100))
    assert [frame.shape for frame in frames_of(tmp_path)] == [(64, 96, 3), (30, 100, 3)]


def test_gray_images_have_one_channel(tmp_path):
    save_png(tmp_path / "a.png", picture(0)[..., 0])
    np.testing.assert_array_equal(frames_of(tmp_path), [picture(0)[..., :1]])


def test_what_is_no_8_bit_image_is_refused_in_words(tmp_path):
    deep = tmp_path / "deep.png"
    save_png(deep, picture(0)[..., 0].astype(np.uint16) * 256)
    with pytest.raises(DataError, match=r"is uint16, but models take 8-bit images"):
        frames_of(deep)
    clear = tmp_path / "clear.png"
    assert cv2.imwrite(str(clear), np.dstack([picture(0), np.full((64, 96), 254, np.uint8)]))
    with pytest.raises(DataError, match=r"clear\.png: the image has transparent parts"):
        frames_of(clear)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no images"):
        frames_of(tmp_path / "empty")


@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
def test_hdf5_videos_are_read_in_either_order_of_axes(order, tmp_path):
    path = tmp_path / "video.h5"
    stack = np.array(PICTURES)
    with h5py.File(path, "w") as file:
        file["other"] = np.zeros(3)
        # sleap-io and SLEAP read channels_first with width ahead of height.
        file["group/frames"] = stack if order == "channels_last" else stack.transpose(0, 3, 2, 1)
    given = {"video_dataset": "group/frames", "video_input_format": order}
    np.testing.assert_array_equal(frames_of(path, **given), PICTURES)
    del given["video_dataset"]
    np.testing.assert_array_equal(frames_of(path, **given), PICTURES)


def test_hdf5_without_the_dataset_says_what_there_is(tmp_path):
    path = tmp_path / "video.h5"
    with h5py.File(path, "w") as file:
        file["frames"] = np.array(PICTURES)
    with pytest.raises(DataError, match=r"no dataset 'box'.*can hold a video: frames"):
        frames_of(path, video_dataset="box")
    with h5py.File(path, "w") as file:
        file["frames"] = np.zeros(3)
    with pytest.raises(DataError, match="no dataset of four axes"):
        frames_of(path)
    path.write_text("not HDF5")
    with pytest.raises(DataError, match="cannot be read as HDF5"):
        frames_of(path)


@pytest.mark.parametrize("read", [frames_of, load_labels])
def test_an_analysis_file_is_told_as_such(read, tmp_path):
    path = tmp_path / "poses.analysis.h5"
    with h5py.File(path, "w") as file:
        for name, shape in (("tracks", (1, 2, 3, 10)), ("track_occupancy", (10, 1))):
            file[name] = np.zeros(shape)
        file["node_names"] = np.array([b"a", b"b", b"c"])
    with pytest.raises(DataError, match=r"is an analysis file, .*name .*the `.slp` file") as error:
        read(path)
    assert str(error.value).startswith(f"{path} ")


def test_hdf5_frames_that_are_elsewhere_or_nowhere_are_refused(tmp_path):
    path, other = tmp_path / "video.h5", tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["frames"] = np.array(PICTURES)
    with h5py.File(path, "w") as file:
        file["frames"] = h5py.ExternalLink(str(other), "frames")
    with pytest.raises(DataError, match="is a link to another file"):
        frames_of(path)
    layout = h5py.VirtualLayout((4, 64, 96, 3), np.uint8)
    layout[:] = h5py.VirtualSource(str(other), "frames", (4, 64, 96, 3))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("frames", layout)
    with pytest.raises(DataError, match="frames of /frames are in another file"):
        frames_of(path)
    for shape in ((1, 30000, 30000, 3), (2**40, 64, 96, 1)):
        with h5py.File(path, "w") as file:
            file.create_dataset("frames", shape, np.uint8, chunks=(1, 64, 96, 1))
        with pytest.raises(DataError, match=r"declares .* frames and holds none"):
            frames_of(path)
        with h5py.File(path, "a") as file:
            file["frames"][0, :64, :96, 0] = 1
        with pytest.raises(DataError, match=r"at most 100,000,000 frames of 134,217,728 px"):
            frames_of(path)


def test_the_record_of_an_hdf5_video_keeps_dataset_and_order_of_axes(tmp_path):
    path = tmp_path / "video.h5"
    with h5py.File(path, "w") as file:
        file["a"] = np.array(PICTURES).transpose(0, 3, 2, 1)
    options = SelectionOptions(video_dataset="a", video_input_format="channels_first")
    with open_input(path, options) as opened:
        sio.Labels(videos=opened.videos()).save(str(tmp_path / "out.slp"), verbose=False)
    again = sio.load_slp(str(tmp_path / "out.slp")).video
    assert again.backend.dataset == "a"
    np.testing.assert_array_equal(again[2], PICTURES[2])


def test_pages_of_a_tiff_are_frames(tmp_path):
    gray, colour = tmp_path / "gray.tif", tmp_path / "colour.tif"
    tifffile.imwrite(gray, np.array(PICTURES)[..., 0], photometric="minisblack")
    np.testing.assert_array_equal(frames_of(gray), np.array(PICTURES)[..., :1])
    with tifffile.TiffWriter(colour) as writer:
        for image in PICTURES:
            writer.write(image, photometric="rgb", contiguous=False)
    np.testing.assert_array_equal(frames_of(colour), PICTURES)
    tifffile.imwrite(gray, np.array(PICTURES, np.uint16)[..., 0], photometric="minisblack")
    with pytest.raises(DataError, match="frame 0 is uint16"):
        frames_of(gray)


@pytest.mark.parametrize("shape", ["stack", "frame", "gray frame"])
def test_arrays_are_frames(shape):
    data = {"stack": np.array(PICTURES), "frame": PICTURES[0], "gray frame": PICTURES[0][..., 0]}
    expected = {"stack": PICTURES, "frame": PICTURES[:1], "gray frame": [PICTURES[0][..., :1]]}
    np.testing.assert_array_equal(frames_of(data[shape]), expected[shape])


def test_arrays_of_another_type_are_refused():
    with pytest.raises(DataError, match=r"uint8.*; got shape \(10, 10, 3\), float64"):
        frames_of(np.zeros((2, 10, 10, 3)))


@pytest.mark.parametrize("name", ["clip.mp4", "clip.ts", "clip.webm"])
def test_the_record_of_a_video_opens_again_also_where_sleap_io_does_not_know_its_kind(
    name, tmp_path
):
    codec = {"codec": "libvpx"} if name.endswith("webm") else {}
    clip = encode(tmp_path / name, n_frames=8, **codec)
    with open_input(clip, SelectionOptions(frames=(3,))) as opened:
        expected = opened.source.read(opened.selection.refs[0])
        (video,) = opened.videos()
    frame = sio.LabeledFrame(video=video, frame_idx=3)
    sio.Labels([frame], videos=[video]).save(str(tmp_path / "out.slp"), verbose=False)
    np.testing.assert_array_equal(frames_of(tmp_path / "out.slp"), [expected])
    again = sio.load_slp(str(tmp_path / "out.slp"), open_videos=False).video
    assert tuple(again.shape) == (8, 64, 96, 3)


def test_options_for_another_kind_of_input_are_refused(image_folder, tmp_path):
    with pytest.raises(OptionError, match="video_dataset is for HDF5"):
        frames_of(image_folder, video_dataset="x")
    with pytest.raises(OptionError, match="has no labels to choose by"):
        frames_of(image_folder, only_labeled_frames=True)
    with pytest.raises(DataError, match="does not exist"):
        frames_of(tmp_path / "none.mp4")
    with pytest.raises(OptionError, match="Cannot predict on dict; give a path"):
        frames_of({})


@pytest.fixture
def project(tmp_path):
    """Two videos, `first.mp4` and images; one labelled frame in each."""
    folder = tmp_path / "data" / "session"
    (folder / "images").mkdir(parents=True)
    first = sio.Video.from_filename(str(encode(folder / "first.mp4", n_frames=10)))
    images = [
        str(save_png(folder / "images" / f"{index}.png", picture(50 + index))) for index in range(3)
    ]
    second = sio.Video.from_filename(images)
    skeleton = sio.Skeleton(["a", "b"])
    frames = []
    for video, index in ((first, 4), (second, 1)):
        one = sio.Instance.from_numpy(np.array([[1.0, 2], [3, 4]]), skeleton=skeleton)
        frames.append(sio.LabeledFrame(video=video, frame_idx=index, instances=[one]))
    labels = sio.Labels(frames, videos=[first, second], skeletons=[skeleton])
    path = tmp_path / "project.slp"
    labels.save(str(path), verbose=False)
    return path


def test_labelled_frames_of_every_video_are_read(project):
    assert [number_in(frame) for frame in frames_of(project)] == [4, 51]
    assert [number_in(frame) for frame in frames_of(project, frames=(2,))] == [2, 52]


def test_one_video_of_a_project_has_every_frame_and_becomes_the_only_one(project):
    with open_input(project, SelectionOptions(video_index=1)) as opened:
        assert [number_in(opened.source.read(ref)) for ref in opened.selection.refs] == [50, 51, 52]
        assert {ref.video_index for ref in opened.selection.refs} == {0}
        assert len(opened.videos()) == 1
        assert default_output(project, opened.video_name).name == "project.0.predictions.slp"
    with open_input(project, SelectionOptions(video_index=0)) as opened:
        assert default_output(project, opened.video_name).name == "project.first.predictions.slp"


def open_files(folder):
    """Names of the files in a folder that this process holds open."""
    if not FILES_OF_PROCESS.is_dir():
        pytest.skip("this system does not list the open files of a process")
    links = [link for link in FILES_OF_PROCESS.iterdir() if link.is_symlink()]
    paths = [Path(os.path.realpath(link)) for link in links]
    return {path.name for path in paths if folder in path.parents}


def test_videos_are_opened_when_their_turn_comes_and_closed_after(tmp_path):
    videos = [
        sio.Video.from_filename(str(encode(tmp_path / f"{number}.mp4", n_frames=4)))
        for number in range(3)
    ]
    sio.Labels(videos=videos).save(str(tmp_path / "all.slp"), verbose=False)
    for video in videos:
        video.close()
    with open_input(tmp_path / "all.slp", SelectionOptions(frames=(1, 3))) as opened:
        assert not open_files(tmp_path)
        for ref in opened.selection.refs:
            assert number_in(opened.source.read(ref)) == ref.frame_index
            assert open_files(tmp_path) == {f"{ref.video_index}.mp4"}
    assert not open_files(tmp_path)


def test_one_bad_video_of_many_does_not_stop_the_others(project):
    (project.parent / "data" / "session" / "first.mp4").write_bytes(b"no video")
    with open_input(project, SelectionOptions()) as opened:
        first, second = opened.selection.refs
        assert number_in(opened.source.read(second)) == 51
        with pytest.raises(FrameError, match=r"Frame 4 cannot be read.*first\.mp4: not a video"):
            opened.source.read(first)
        assert "first.mp4: not a video that can be read" in opened.source.notes[0]
    with pytest.raises(DataError, match="not a video that can be read"):
        frames_of(project, video_index=0)


@pytest.mark.parametrize("name", ["x" * 5000 + ".mp4", "C:\\data\\gone.mp4", "//server/gone.mp4"])
def test_paths_that_this_system_cannot_have_are_missing_videos(name, project, tmp_path):
    labels = sio.load_slp(str(project), open_videos=False)
    labels.videos[0].replace_filename(name, open=False)
    labels.save(str(tmp_path / "odd.slp"), verbose=False)
    with pytest.raises(DataError, match=r"These videos are missing.*`sio filenames"):
        frames_of(tmp_path / "odd.slp")


def test_labelled_animals_come_in_the_models_order_of_nodes(project):
    with open_input(project, SelectionOptions()) as opened:
        first, _ = opened.selection.refs
        assert opened.labels is not None
        assert first in opened.labels
        np.testing.assert_array_equal(opened.labels.known(first, ("b", "a")), [[[3, 4], [1, 2]]])
        with pytest.raises(DataError, match=r"lack: tail \(they have a, b\)"):
            opened.labels.known(first, ("a", "tail"))


def test_moved_videos_are_found_beside_the_labels(project, tmp_path):
    moved = tmp_path / "moved"
    (tmp_path / "data" / "session").rename(moved)
    project = project.rename(moved / "project.slp")
    assert [number_in(frame) for frame in frames_of(project)] == [4, 51]


def test_missing_videos_are_all_listed(project, tmp_path):
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"missing.*first\.mp4; .*0\.png and 2 more images"):
        frames_of(project)


def test_one_file_is_not_taken_for_two_videos_that_differ(tmp_path):
    """`day1/cam.mp4` and `day2/cam.mp4`, of which one was copied beside the labels."""
    encode(tmp_path / "cam.mp4", n_frames=4)
    skeleton, frames, videos = sio.Skeleton(["a"]), [], []
    for day, n_frames in (("day1", 4), ("day2", 9)):
        metadata = {"type": "MediaVideo", "shape": (n_frames, 96, 128, 3)}
        video = sio.Video(f"/gone/{day}/cam.mp4", open_backend=False, backend_metadata=metadata)
        one = sio.Instance.from_numpy(np.ones((1, 2)), skeleton=skeleton)
        frames.append(sio.LabeledFrame(video=video, frame_idx=1, instances=[one]))
        videos.append(video)
    labels = sio.Labels(frames, videos=videos, skeletons=[skeleton])
    labels.save(str(tmp_path / "project.slp"), embed=False, verbose=False)
    with pytest.raises(DataError, match=r"cam\.mp4 is taken for two different .* 4 .* 9 frames"):
        frames_of(tmp_path / "project.slp")
    (tmp_path / "day2").mkdir()
    encode(tmp_path / "day2/cam.mp4", n_frames=9)
    assert len(frames_of(tmp_path / "project.slp")) == 2


def test_a_video_that_is_not_needed_may_be_missing(project, tmp_path):
    (tmp_path / "data" / "session" / "first.mp4").unlink()
    assert [number_in(frame) for frame in frames_of(project, video_index=1)] == [50, 51, 52]


def test_embedded_images_are_read(project, tmp_path):
    packed = tmp_path / "packed.pkg.slp"
    sio.load_slp(str(project)).save(str(packed), embed="all", verbose=False)
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    np.testing.assert_array_equal(frames_of(packed)[1], picture(51))
    assert len(frames_of(packed, video_index=1)) == 1
    with open_input(packed, SelectionOptions()) as opened:
        assert default_output(packed, opened.video_name).name == "packed.pkg.predictions.slp"
    with pytest.raises(DataError, match="no frame is left"):
        frames_of(packed, video_index=1, frames=(0,))


def test_a_damaged_labels_file_is_named(tmp_path):
    path = tmp_path / "broken.slp"
    path.write_text("not HDF5")
    with pytest.raises(DataError, match=r"broken\.slp cannot be read as a `\.slp` file"):
        frames_of(path)


def test_a_frame_saved_twice_is_one_frame_with_all_its_animals(project):
    """Merged projects have such frames; a crop model must see both animals."""
    labels = sio.load_slp(str(project), open_videos=False)
    first = next(frame for frame in labels.labeled_frames if frame.has_user_instances)
    animal = first.user_instances[0]
    moved = sio.Instance.from_numpy(animal.numpy() + 5, skeleton=animal.skeleton)
    labels.labeled_frames.append(
        sio.LabeledFrame(video=first.video, frame_idx=first.frame_idx, instances=[moved])
    )
    labels.save(str(project), embed=False, verbose=False)
    ref = FrameRef(labels.videos.index(first.video), first.frame_idx)
    with open_input(project, SelectionOptions(only_labeled_frames=True)) as opened:
        known = opened.labels.known(ref, animal.skeleton.node_names)
        assert len(known) == len(first.user_instances) + 1
        np.testing.assert_array_equal(known[-1], moved.numpy().astype(np.float32))
        assert opened.selection.refs.count(ref) == 1
        assert "1 frame saved more than once" in opened.notes[0]


@pytest.fixture
def several(tmp_path, monkeypatch):
    """A folder with what stands for several inputs, or for none, to be there by short names."""
    monkeypatch.chdir(tmp_path)
    for name in ("videos/b.mp4", "videos/a.mp4", "mixed/a.mp4", "mixed/a.png", "model/graph.onnx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("videos", r"videos is a folder of videos \(a.mp4, b.mp4\), and one input is taken here"),
        ("videos/*.mp4", r"\*.mp4 is a pattern, and one input is taken here; name one file"),
        ("mixed", "mixed holds 1 video and 1 image; name what is meant"),
        ("model", "model is a model; expected a video, images"),
        ("model/graph.onnx", "graph.onnx is a model; expected a video, images"),
    ],
)
@pytest.mark.usefixtures("several")
def test_what_is_not_one_input_is_called_what_it_is(given, words):
    with pytest.raises((OptionError, DataError), match=words):
        frames_of(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros((5, 64, 96), np.uint8), r"a stack of frames has shape \(n, height, width, chan"),
        ([picture(0), None], "arrays and nothing else, but number 1 .* is NoneType"),
        ([picture(0), "a.png"], "arrays and nothing else, but number 1 .* is str"),
        (["a.png", picture(0)], "arrays and nothing else, but number 0 .* is str"),
    ],
)
def test_what_is_wrong_with_arrays_is_told(given, words):
    with pytest.raises(DataError, match=words):
        frames_of(given)
