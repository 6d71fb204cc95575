"""Labels become arrays."""

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt.errors import DataError
from sleap_rt.evaluation.reading.images import FrameImages
from sleap_rt.evaluation.reading.labels import instances_in_order, table_from_labels

from ..builders import NODES, Predicted, User, make_labels, make_table, square


def test_table_by_hand():
    table = make_table(
        {
            ("a.mp4", 4): [User(square(missing="b"), track="one")],
            ("b.mp4", 0): [],
            ("a.mp4", 2): [Predicted(square(1), 0.5, track="two"), User(square())],
        }
    )
    assert table.frame_videos.tolist() == [0, 1, 0]
    assert table.frame_idxs.tolist() == [4, 0, 2]
    assert table.frame_starts.tolist() == [0, 1, 1, 3]
    assert table.is_predicted.tolist() == [False, True, False]
    np.testing.assert_array_equal(table.scores, [np.nan, 0.5, np.nan])
    assert [table.track_names[i] if i >= 0 else None for i in table.track_ids] == [
        "one",
        "two",
        None,
    ]
    np.testing.assert_array_equal(table.points[0], square(missing="b"))
    assert table.node_names == NODES
    assert table.edge_inds == ((0, 1), (0, 2), (2, 3))
    assert [str(video) for video in table.videos] == ["a.mp4", "b.mp4"]
    assert table.instance_frames.tolist() == [0, 2, 2]


def test_instances_keep_the_order_of_the_table():
    labels = make_labels({3: [User(square(3))], 1: [User(square(1)), User(square(2))]})
    table = table_from_labels(labels, "labels")
    for row, instance in zip(table.rows_in_file, instances_in_order(labels), strict=True):
        np.testing.assert_array_equal(table.points[row], instance.numpy())


def test_a_node_with_one_unknown_coordinate_is_missing():
    points = square()
    points[1, 0] = np.nan
    table = make_table({0: [User(points)]})
    assert np.isnan(table.points[0, 1]).all()


def test_a_frame_saved_twice_counts_once_and_is_said():
    labels = make_labels({0: [User(square())]})
    for shift in (5, 9):
        labels.labeled_frames.append(
            sio.LabeledFrame(
                video=labels.videos[0],
                frame_idx=0,
                instances=[sio.Instance.from_numpy(square(shift), skeleton=labels.skeletons[0])],
            )
        )
    table = table_from_labels(labels, "l.slp")
    assert table.n_frames == 1
    assert table.instances_per_frame.tolist() == [3]
    assert table.notes == (
        "1 frame of l.slp saved more than once; the instances were put together",
    )


def test_skeletons_with_the_same_nodes_in_another_order_are_brought_together():
    labels = make_labels({0: [User(square())]})
    other = sio.Skeleton(nodes=["d", "c", "b", "a"])
    instance = sio.Instance.from_numpy(square()[::-1], skeleton=other)
    labels.labeled_frames.append(
        sio.LabeledFrame(video=labels.videos[0], frame_idx=1, instances=[instance])
    )
    labels.skeletons.append(other)
    table = table_from_labels(labels, "l.slp")
    np.testing.assert_array_equal(table.points[1], square())


def test_skeletons_with_other_nodes_in_one_file_are_an_error():
    labels = make_labels({0: [User(square())]})
    other = sio.Skeleton(nodes=["nose"])
    instance = sio.Instance.from_numpy(np.zeros((1, 2)), skeleton=other)
    labels.labeled_frames.append(
        sio.LabeledFrame(video=labels.videos[0], frame_idx=1, instances=[instance])
    )
    with pytest.raises(DataError, match="different nodes"):
        table_from_labels(labels, "l.slp")


def test_videos_are_described_without_being_opened():
    labels = make_labels({0: [User(square())]})
    video = labels.videos[0]
    video.backend_metadata["shape"] = (9, 48, 64, 1)
    video.open_backend = True  # would try to decode a file that is not there
    source = table_from_labels(labels, "l.slp").videos[0]
    assert (source.frame_size, source.crop) == ((48, 64), None)
    assert make_table({0: []}).videos[0].frame_size is None


def test_embedded_videos_know_their_original(tmp_path):
    labels = make_labels({0: [User(square())]})
    original = labels.videos[0]
    labels.videos[0] = sio.Video(
        filename="l.pkg.slp",
        open_backend=False,
        source_video=original,
        backend_metadata={"dataset": "video0/video", "shape": (1, 48, 64, 1)},
    )
    labels.labeled_frames[0].video = labels.videos[0]
    source = table_from_labels(labels, "l.pkg.slp").videos[0]
    assert [(file.paths, file.dataset) for file in source.files] == [
        (("l.pkg.slp",), "video0/video"),
        (("clips/mice.mp4",), ""),
    ]
    assert source.frame_size == (48, 64)


def test_labels_without_anything():
    table = table_from_labels(sio.Labels(), "empty.slp")
    assert (table.n_frames, table.n_instances, table.node_names) == (0, 0, ())


@pytest.fixture
def video_file(tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / "clips" / "mice.mp4"
    path.parent.mkdir()
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (64, 48))
    for level in (40, 200):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    return path


def test_images_are_found_beside_the_labels(tmp_path, video_file):
    labels = make_labels({0: [User(square())]}, video="/elsewhere/mice.mp4")
    images = FrameImages(labels.videos, tmp_path / "clips" / "labels.slp")
    image = images.read(0, 1)
    assert image.shape[:2] == (48, 64)
    assert abs(float(image.mean()) - 200) < 12
    assert not images.problems


def test_images_are_found_where_the_predictions_say(tmp_path, video_file):
    truth = make_labels({("gone/cat.mp4", 0): [User(square())], ("gone/mice.mp4", 0): []})
    images = FrameImages(truth.videos, tmp_path / "labels.slp")
    predicted = make_labels({0: [User(square())]}, video=str(video_file))
    images.also_from(predicted.videos, tmp_path / "elsewhere" / "predictions.slp", {1: 0})
    assert abs(float(images.read(1, 1).mean()) - 200) < 12
    assert images.read(0, 1) is None
    assert list(images.problems) == [
        "the video gone/cat.mp4 was not found where the files say or beside them, so its "
        "frames are drawn without image"
    ]


def test_a_video_that_is_not_there_is_said_once(tmp_path):
    labels = make_labels({0: [User(square())]})
    images = FrameImages(labels.videos, tmp_path / "labels.slp")
    assert images.read(0, 0) is None
    assert images.read(0, 1) is None
    assert list(images.problems) == [
        "the video clips/mice.mp4 was not found where the files say or beside them, so its "
        "frames are drawn without image"
    ]


def test_a_frame_beyond_the_video_is_said(tmp_path, video_file):
    labels = make_labels({0: [User(square())]}, video=str(video_file))
    images = FrameImages(labels.videos, tmp_path / "labels.slp")
    assert images.read(0, 99) is None
    (problem,) = images.problems
    assert problem.startswith("frame 99 of ")
