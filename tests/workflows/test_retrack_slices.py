"""A file tracked some frames at a time gives the file that is given when it is read at once."""

from pathlib import Path

import numpy as np
import pytest
import sleap_io as sio
from hdf5_content import content

from sleap_rt.labels import slices
from sleap_rt.labels.slices import open_sliced
from sleap_rt.options import FilterOptions, SelectionOptions
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.retracking import RetrackOptions, retrack_data

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SKELETON = sio.Skeleton(["a", "b", "c"], edges=[("a", "b")], symmetries=[("b", "c")], name="fly")
POSE = np.array([(0, 0), (40, 0), (0, 30)], float)
N_FRAMES = 20


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    monkeypatch.setattr(slices, "_MOST_FRAMES", 3)


def labels_of(*, users):
    """Two videos of two animals that wander; empty frames; missing nodes; scores; suggestions."""
    videos = [sio.Video(filename=f"/nowhere/{n}.mp4", open_backend=False) for n in "ab"]
    tracks = [sio.Track("track_1"), sio.Track("kept")]
    frames = []
    for video in videos:
        for index in range(N_FRAMES):
            found = [predicted(index + 300 * i, tracks[i]) for i in range(2)] if index % 4 else []
            if users and index % 5 == 2 and found:
                found.append(made_from(found[0], index))
            frames.append(sio.LabeledFrame(video=video, frame_idx=2 * index, instances=found))
    return sio.Labels(
        frames,
        videos=videos,
        skeletons=[SKELETON],
        tracks=tracks,
        suggestions=[sio.SuggestionFrame(video=videos[0], frame_idx=7)],
        provenance={"made": "by hand"},
    )


def predicted(x, track):
    points = POSE + np.array([x, x / 7])
    if x % 3 == 0:
        points[2] = np.nan
    made = sio.PredictedInstance.from_numpy(
        points, SKELETON, np.array([0.9, 0.5, 0.1]), score=x / 1000, track=track
    )
    made.points["complete"] = False
    return made


def made_from(prediction, index):
    user = sio.Instance.from_numpy(prediction.numpy() + index / 9, SKELETON)
    user.points["complete"] = True
    user.from_predicted = prediction
    return user


@pytest.fixture
def file(tmp_path):
    def file(labels):
        path = tmp_path / "in.slp"
        labels.save(str(path), verbose=False)
        return path

    return file


def same(sliced, whole):
    assert sliced[0] == whole[0]
    assert sliced[1].keys() == whole[1].keys()
    for name, value in whole[1].items():
        assert sliced[1][name] == value, name


def both(path, tmp_path, **given):
    """What each way writes and sums up."""
    done = []
    for name, keeps_labels in (("whole", True), ("slices", False)):
        options = RetrackOptions(
            tracking=TrackerOptions(max_tracks=5, candidates_method="local_queues"),
            output_path=tmp_path / name / "out.slp",
            reproducible=True,
            **given,
        )
        summary = retrack_data(path, options, keeps_labels=keeps_labels)
        counts = (summary.n_frames, summary.n_instances, summary.n_tracks, summary.n_missing)
        done.append((counts, content(options.output_path)))
        assert (summary.labels is not None) == keeps_labels
    return done


CASES = {
    "all": {},
    "some frames": {"selection": SelectionOptions(frames=(2, 4, 5, 30, 99))},
    "one video": {"selection": SelectionOptions(video_index=1)},
    "filters": {"filters": FilterOptions(filter_min_instance_score=0.3)},
    "no empty frames": {"no_empty_frames": True},
}


@pytest.mark.parametrize("case", CASES)
def test_predictions_give_the_same_file(file, tmp_path, case):
    whole, sliced = both(file(labels_of(users=False)), tmp_path, **CASES[case])
    same(sliced, whole)
    assert whole[0][0]


def test_user_instances_give_the_same_file(file, tmp_path):
    path = file(labels_of(users=True))
    assert open_sliced(path).passed_on == {"kept"}  # the other was corrected
    whole, sliced = both(path, tmp_path)
    same(sliced, whole)
    labels = sio.load_slp(str(tmp_path / "slices/out.slp"), open_videos=False)
    assert "kept" in [track.name for track in labels.tracks]
    assert any(one.from_predicted for frame in labels for one in frame.instances)


def test_the_sample_gives_the_same_file(tmp_path):
    assert open_sliced(SAMPLES / "crawlers.slp") is not None
    whole, sliced = both(SAMPLES / "crawlers.slp", tmp_path)
    same(sliced, whole)


def test_files_that_do_not_stand_in_order_are_read_at_once(file, tmp_path):
    labels = labels_of(users=False)
    labels.labeled_frames.reverse()
    path = file(labels)
    assert open_sliced(path) is None
    summary = retrack_data(
        path,
        RetrackOptions(tracking=TrackerOptions(), output_path=tmp_path / "out.slp"),
        keeps_labels=False,
    )
    assert summary.n_frames == 2 * N_FRAMES


def test_labels_with_more_than_instances_are_read_at_once(file):
    labels = labels_of(users=False)
    labels.labeled_frames[1].centroids = [sio.PredictedCentroid(x=1.0, y=2.0, score=0.5)]
    assert open_sliced(file(labels)) is None
