"""Only the unchanged result of the same input may be replaced."""

import json

import h5py
import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.errors import DataError
from sleap_rt.runtime.outputs.earlier_results import check_result_file, why_kept
from sleap_rt.runtime.outputs.formats import FORMATS, write_labels
from sleap_rt.runtime.outputs.names import default_output
from sleap_rt.runtime.outputs.origin.origin import Origin, name_of_file, origin_of

SKELETON = sio.Skeleton(["head", "tail"], name="fly")


def predictions(n_frames=2):
    video, track = sio.Video("clip.mp4", open_backend=False), sio.Track("one")
    frames = [
        sio.LabeledFrame(
            video=video,
            frame_idx=index,
            instances=[
                sio.PredictedInstance.from_numpy(
                    np.array([[1.0, 2.0], [3.0, 4.0]]), skeleton=SKELETON, score=1.0, track=track
                )
            ],
        )
        for index in range(n_frames)
    ]
    return sio.Labels(frames, videos=[video], skeletons=[SKELETON], tracks=[track])


@pytest.fixture
def clip(tmp_path):
    return name_of_file(tmp_path / "clip.mp4")


@pytest.mark.parametrize("format_name", ["slp", "analysis_h5", "nwb", "coco"])
def test_a_result_as_it_was_written_may_be_replaced(tmp_path, clip, format_name):
    path = tmp_path / f"out{FORMATS[format_name].suffix}"
    write_labels(predictions(), path, format_name, Origin(input_name=clip))
    check_result_file(path, clip, overwrite=False)


def change_hdf5(path):
    """One value, in place: of points where there are some, else of whatever has numbers."""
    with h5py.File(path, "r+") as file:
        found = []
        file.visititems(lambda _, one: found.append(one) if isinstance(one, h5py.Dataset) else None)
        points = next(
            one for one in found if one.size and (one.dtype.names or one.dtype.kind == "f")
        )
        values = points[()]
        numbers = values[points.dtype.names[0]] if points.dtype.names else values
        numbers.flat[0] += 1
        points[...] = values


def change_name(path):
    with h5py.File(path, "r+") as file:
        file["track_names"][0] = b"two"


def change_json(path):
    text = path.read_text()
    changed = text.replace("[\n        1.0,", "[\n        9.0,", 1)
    assert changed != text
    path.write_text(changed)


@pytest.mark.parametrize(
    ("format_name", "change"),
    [
        ("slp", change_hdf5),
        ("analysis_h5", change_hdf5),
        ("analysis_h5", change_name),
        ("nwb", change_hdf5),
        ("coco", change_json),
    ],
)
def test_a_result_in_which_a_value_was_changed_is_kept(tmp_path, clip, format_name, change):
    path = tmp_path / f"out{FORMATS[format_name].suffix}"
    write_labels(predictions(), path, format_name, Origin(input_name=clip))
    change(path)
    with pytest.raises(DataError, match="is not a result as sleap-rt left it"):
        check_result_file(path, clip, overwrite=False)
    assert why_kept(path, origin_of(path), clip) is None


def test_a_result_of_another_input_is_kept(tmp_path, clip):
    path = tmp_path / "out.slp"
    write_labels(predictions(), path, "slp", Origin(input_name=clip))
    for other in (name_of_file(tmp_path / "clip.avi"), name_of_file(tmp_path / "p.slp", "clip")):
        with pytest.raises(DataError, match=r"is the result of .*clip\.mp4, not of this input"):
            check_result_file(path, other, overwrite=False)
        check_result_file(path, other, overwrite=True)
    with pytest.raises(DataError, match="not of this input"):
        check_result_file(path, None, overwrite=False)


def proofread(labels):
    points = labels[0].instances[0].numpy()
    labels[0].instances[0] = sio.Instance.from_numpy(points, skeleton=labels.skeleton)


def instance_deleted(labels):
    labels[1].instances.clear()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (proofread, "holds 1 instance that a person labelled"),
        (instance_deleted, "is not a result as sleap-rt left it"),
        (lambda labels: None, "is not a result as sleap-rt left it"),  # saved by another program
    ],
)
def test_a_result_that_a_person_saved_again_is_kept(tmp_path, clip, change, words):
    path = tmp_path / "out.slp"
    write_labels(predictions(), path, "slp", Origin(input_name=clip))
    labels = sio.load_slp(str(path), open_videos=False)
    change(labels)
    labels.save(str(path), verbose=False)
    with pytest.raises(DataError, match=words):
        check_result_file(path, clip, overwrite=False)


def test_a_recording_is_kept_and_called_one(tmp_path):
    path = tmp_path / "out.slp"
    write_labels(predictions(), path, "slp", Origin())
    with pytest.raises(DataError, match="is a recording, or a result of frames that came from no"):
        check_result_file(path, None, overwrite=False)


def test_many_frames_of_which_an_older_mark_tells_only_words_are_kept(tmp_path, clip):
    path = tmp_path / "out.slp"
    asked = {"selection": {"frames": f"62 frames from 0 to 198: {'ab' * 32}"}}
    write_labels(predictions(), path, "slp", Origin(input_name=clip, n_frames=2, asked=asked))
    with pytest.raises(DataError, match="holds 62 frames from 0 to 198 of this input, which"):
        check_result_file(path, clip, overwrite=False, n_frames=3, frames=(0, 1, 198))
    check_result_file(path, clip, overwrite=False, n_frames=200)


def test_a_coco_file_that_was_edited_is_kept(tmp_path, clip):
    path = tmp_path / "out.json"
    write_labels(predictions(), path, "coco", Origin(input_name=clip))
    whole = path.read_text()
    assert json.loads(whole)["info"]["sleap_rt_result"]["input"] == clip
    for other in (whole.replace('"head"', '"heads"'), whole + "\n", json.dumps(json.loads(whole))):
        path.write_text(other)
        with pytest.raises(DataError, match="is not a result as sleap-rt left it"):
            check_result_file(path, clip, overwrite=False)


def test_a_result_that_was_added_to_is_kept(tmp_path, clip):
    path = tmp_path / "out.nwb"
    write_labels(predictions(), path, "nwb", Origin(input_name=clip))
    with h5py.File(path, "r+") as file:
        file["analysis/mine"] = np.arange(3)
    with pytest.raises(DataError, match="is not a result as sleap-rt left it"):
        check_result_file(path, clip, overwrite=False)


@pytest.mark.parametrize("content", [b"", b"poses", json.dumps({"a": 1}).encode()])
@pytest.mark.parametrize("name", ["out.slp", "out.csv", "out.json"])
def test_files_of_others_are_kept(tmp_path, clip, content, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="exists and"):
        check_result_file(tmp_path / name, clip, overwrite=False)


def test_a_file_in_place_of_a_result_opens_no_other(tmp_path, clip):
    labels = predictions()
    proofread(labels)
    labels.save(str(tmp_path / "labels.slp"), verbose=False)
    with h5py.File(tmp_path / "out.slp", "w") as file:
        file["instances"] = h5py.ExternalLink("labels.slp", "instances")
    for name, words in (("labels", "holds 1 instance that a person"), ("out", "is not a result")):
        with pytest.raises(DataError, match=words):
            check_result_file(tmp_path / f"{name}.slp", clip, overwrite=False)


def test_videos_of_one_stem_get_results_of_their_own(tmp_path):
    mp4, avi = tmp_path / "a.mp4", tmp_path / "a.avi"
    for _ in range(2):  # a second run finds the names of the first
        for clip, expected in ((mp4, "a.predictions.slp"), (avi, "a.avi.predictions.slp")):
            path = default_output(clip, input_name=name_of_file(clip))
            assert path == tmp_path / expected
            check_result_file(path, name_of_file(clip), overwrite=False)
            write_labels(predictions(), path, "slp", Origin(input_name=name_of_file(clip)))
