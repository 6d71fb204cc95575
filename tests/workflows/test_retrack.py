"""Labels files tracked again, by function and by command."""

import csv
import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
import sleap_io as sio
from click.testing import CliRunner

from sleap_rt.cli import main
from sleap_rt.cli.options.parameters import given_options
from sleap_rt.cli.options.tracking import tracking_options
from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.pipeline.retrack import retrack
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.retracking import RetrackOptions, retrack_data
from sleap_rt.workflows.tracking import tracker_options, without_effect

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SKELETON = sio.Skeleton(["a", "b", "c"], edges=[("a", "b")], name="fly")
POSE = np.array([(0, 0), (40, 0), (0, 30)], float)


def predicted(x, track=None, score=0.9):
    return sio.PredictedInstance.from_numpy(
        POSE + np.array([x, 0]), skeleton=SKELETON, score=score, track=track
    )


def user(x, track=None):
    return sio.Instance.from_numpy(POSE + np.array([x, 0]), skeleton=SKELETON, track=track)


def labels_of(*videos):
    """One list of frames per video; a frame is a list of instances."""
    files = [sio.Video(f"missing{index}.mp4", open_backend=False) for index in range(len(videos))]
    frames = [
        sio.LabeledFrame(video=file, frame_idx=index, instances=instances)
        for file, frames in zip(files, videos, strict=True)
        for index, instances in enumerate(frames)
    ]
    return sio.Labels(
        labeled_frames=frames,
        videos=files,
        skeletons=[SKELETON],
        suggestions=[sio.SuggestionFrame(video=files[0], frame_idx=77)],
        provenance={"made": "by hand"},
    )


def names(labels):
    return [
        [None if one.track is None else one.track.name for one in frame.instances]
        for frame in labels.labeled_frames
    ]


def test_poses_are_tracked_without_the_video_and_the_input_is_left_alone():
    old = sio.Track("old")
    labels = labels_of([[predicted(0, old), predicted(100)], [predicted(101), predicted(1)]])
    out = retrack(labels)
    assert names(out) == [["track_0", "track_1"], ["track_1", "track_0"]]
    assert names(labels) == [["old", None], [None, None]]
    assert [track.name for track in out.tracks] == ["track_0", "track_1"]
    assert out.labeled_frames[0].instances[0].tracking_score == 1.0


def test_user_instances_alone_are_tracked_and_predictions_stay_in_front():
    old = sio.Track("track_0")
    labels = labels_of([[user(0), predicted(5, old), user(100)], [user(1), user(101), user(300)]])
    out = retrack(labels, TrackerOptions(max_tracks=2))
    assert names(out) == [["track_0", "track_1", "track_2"], ["track_1", "track_2", None]]
    first = out.labeled_frames[0].instances
    assert [type(one).__name__ for one in first] == ["PredictedInstance", "Instance", "Instance"]
    assert out.labeled_frames[1].instances[2].tracking_score is None


def test_predictions_without_a_track_are_left_out():
    labels = labels_of([[predicted(0), predicted(100)], [predicted(101), predicted(1)]])
    assert names(retrack(labels, TrackerOptions(max_tracks=1))) == [["track_0"], ["track_0"]]


def test_rows_of_instances_without_a_track_are_told(tmp_path):
    """Of a person's instances beyond the tracks, which stay; the file has a row for each."""
    frames = [[user(0), user(100), user(200), user(300)]]
    options = RetrackOptions(tracking=TrackerOptions(max_tracks=2))
    to_h5 = replace(options, output_path=tmp_path / "out.h5", output_format="analysis_h5")
    (note,) = retrack_data(labels_of(frames), to_h5).notes[-1:]
    assert note.startswith("rows untracked_0 to untracked_1 of the file are places in a frame")
    to_slp = replace(options, output_path=tmp_path / "out.slp")
    assert "untracked" not in "".join(retrack_data(labels_of(frames), to_slp).notes)


def test_each_video_has_its_own_tracks_with_names_of_their_own():
    labels = labels_of([[predicted(0)], [predicted(1)]], [[predicted(300)], [predicted(301)]])
    assert names(retrack(labels)) == [["track_0"], ["track_0"], ["track_1"], ["track_1"]]


def test_frames_and_video_are_chosen_and_the_rest_is_kept():
    labels = labels_of([[predicted(0)] for _ in range(4)], [[predicted(9)] for _ in range(2)])
    out = retrack(labels, frames=[1, 3, 99], video_index=0)
    assert [frame.frame_idx for frame in out.labeled_frames] == [1, 3]
    assert len(out.videos) == 2
    assert [one.frame_idx for one in out.suggestions] == [77]
    assert out.provenance["input_provenance"] == {"made": "by hand"}
    assert out.provenance["tracking_options"]["features"] == "keypoints"
    assert out.provenance["n_frames"] == 2


@pytest.mark.parametrize("keeps_labels", [True, False])  # at once, and some frames at a time
def test_the_file_has_the_tracking_that_ran(tmp_path, keeps_labels):
    out, tracking = tmp_path / "out.slp", TrackerOptions(max_tracks=3)
    options = RetrackOptions(tracking=tracking, output_path=out)
    retrack_data(SAMPLES / "crawlers.slp", options, keeps_labels=keeps_labels)
    made = sio.load_slp(str(out), open_videos=False).provenance["tracking_options"]
    assert made["candidates_method"] == "local_queues"


@pytest.mark.parametrize("keeps_labels", [True, False])  # at once, and some frames at a time
def test_the_file_says_what_was_chosen(tmp_path, keeps_labels):
    poses = tmp_path / "poses.slp"
    labels = sio.load_slp(str(SAMPLES / "crawlers.slp"), open_videos=False)
    labels.save(str(poses), verbose=False)
    options = RetrackOptions(
        tracking=TrackerOptions(max_tracks=2),
        selection=SelectionOptions(frames=(9, 0, 1, 2)),
        output_path=tmp_path / "out.slp",
        no_empty_frames=True,
    )
    retrack_data(poses, options, keeps_labels=keeps_labels)
    made = sio.load_slp(str(options.output_path), open_videos=False).provenance
    assert made["frame_selection"] == {"method": "specified", "frames": "0-2, 9"}
    assert made["output_options"] == {"no_empty_frames": True}
    assert made["filter_config"]["filter_overlapping"] is False
    assert made["source_labels"] == poses.as_posix()


def test_what_cannot_be_done_is_said():
    labels = labels_of([[predicted(0)]])
    with pytest.raises(OptionError, match="video_index 3: the labels have 1 video, 0 to 0"):
        retrack(labels, video_index=3)
    with pytest.raises(DataError, match=r"missing0\.mp4 is missing"):
        retrack(labels, TrackerOptions(use_flow=True))


@pytest.mark.parametrize("options", [{}, {"motion_model": "kalman"}])
def test_empty_frames_ahead_of_the_first_animal_are_no_skeleton_of_one_node(options, caplog):
    labels = labels_of([[], [predicted(0), predicted(100)], [], [predicted(101), predicted(1)]])
    out = retrack(labels, TrackerOptions(**options))
    assert names(out) == [[], ["track_0", "track_1"], [], ["track_1", "track_0"]]
    assert caplog.text == ""


def test_two_skeletons_are_refused():
    labels = labels_of([[predicted(0)], [predicted(1)]])
    other = sio.Skeleton(["a"])
    labels.labeled_frames[1].instances = [
        sio.PredictedInstance.from_numpy(POSE[:1], skeleton=other)
    ]
    with pytest.raises(DataError, match="different nodes, a, b, c and a; one tracker"):
        retrack(labels)


def test_frames_are_tracked_in_order_of_time():
    labels = labels_of([[predicted(0)], [predicted(1), predicted(100)], [predicted(2)]])
    labels.labeled_frames.reverse()
    out = retrack(labels)
    assert names(out) == [["track_0"], ["track_0", "track_1"], ["track_0"]]


def test_a_choice_of_frames_without_labels_is_an_error_where_a_file_is_wanted(saved):
    assert len(retrack(labels_of([[predicted(0)]]), frames=[5]).labeled_frames) == 0
    with pytest.raises(DataError, match="none of the frames asked for has labels"):
        written(saved, frames=(5,))
    assert not saved.with_name("poses.predictions.slp").exists()


def written(path, tracker=None, *, output_path=None, **selection):
    """Track a file as the command does; the one file that was written."""
    options = RetrackOptions(
        tracking=tracker or TrackerOptions(),
        selection=SelectionOptions(**selection),
        output_path=output_path,
    )
    (found,) = retrack_data(path, options, writes=True).paths
    return found


def command(capsys, *args):
    """What `sleap-nn track` says; it must succeed."""
    with pytest.raises(SystemExit) as left:
        main(["track", *map(str, args)])
    assert not left.value.code
    return capsys.readouterr()


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "poses.slp"
    labels = labels_of([[predicted(0), predicted(100)], [predicted(101), predicted(1)]])
    labels.save(str(path), verbose=False)
    return path


def test_the_command_writes_beside_its_input_and_says_what_it_did(saved, capsys):
    said = command(capsys, "-i", saved, "-t")
    assert said.out.startswith("2 frames, 4 instances, 2 tracks, ")
    again = sio.load_slp(str(saved.with_name("poses.predictions.slp")), open_videos=False)
    assert names(again) == [["track_0", "track_1"], ["track_1", "track_0"]]
    assert again.provenance["pipeline_type"] == "tracking_only"
    assert sorted(path.name for path in saved.parent.iterdir()) == [
        "poses.predictions.slp",
        "poses.slp",
    ]


def test_the_command_makes_folders_names_the_video_and_warns_of_missing_frames(saved, capsys):
    target = saved.parent / "new" / "out.slp"
    said = command(capsys, "-i", saved, "-t", "-o", target, "--frames", "0,8,9")
    assert target.is_file()
    assert "2 of the frames asked for have no labels" in said.err
    assert written(saved, video_index=0).name == "poses.missing0.predictions.slp"


@pytest.mark.parametrize("keeps_labels", [True, False])
def test_identities_that_are_replaced_are_told(tmp_path, keeps_labels):
    ann, bob = sio.Track("ann"), sio.Track("bob")
    labels_of([[predicted(0, ann), predicted(200, bob)]]).save(str(tmp_path / "known.slp"))
    labels_of([[predicted(0)]]).save(str(tmp_path / "new.slp"))
    options = RetrackOptions(tracking=TrackerOptions(), output_path=tmp_path / "out.slp")
    known = retrack_data(tmp_path / "known.slp", options, keeps_labels=keeps_labels)
    assert known.notes == (
        f"{tmp_path / 'known.slp'} had 2 tracks (ann, bob): animals are followed anew, and get "
        "new identities",
    )
    options = RetrackOptions(tracking=TrackerOptions(), output_path=tmp_path / "new_out.slp")
    assert not retrack_data(tmp_path / "new.slp", options, keeps_labels=keeps_labels).notes


@pytest.mark.parametrize(
    ("track", "words"),
    [("bob", "keep their earlier tracks (bob)"), (None, "stay without a track")],
)
@pytest.mark.parametrize("keeps_labels", [True, False])
def test_predictions_that_are_not_tracked_beside_user_instances_are_told(
    tmp_path, keeps_labels, track, words
):
    ann, bob = sio.Track("ann"), sio.Track(track) if track else None
    by_hand = sio.Instance.from_numpy(predicted(0).numpy(), skeleton=predicted(0).skeleton)
    labels = labels_of([[predicted(0, ann), predicted(200, bob)], [predicted(200, bob)]])
    by_hand.skeleton = labels.skeletons[0]
    labels.labeled_frames[1].instances.append(by_hand)
    labels.save(str(tmp_path / "known.slp"))
    options = RetrackOptions(tracking=TrackerOptions(), output_path=tmp_path / "out.slp")
    done = retrack_data(tmp_path / "known.slp", options, keeps_labels=keeps_labels)
    assert done.notes[-1] == (
        "1 frame with user instances: only these are tracked there, and predictions beside them "
        f"{words}. Delete those of animals that have a user instance; make user instances of the "
        "others"
    )


@pytest.fixture
def proofread(tmp_path):
    """Two animals in four frames; in the third a person moved both by 1 px."""
    ann, bob = sio.Track("track_0"), sio.Track("bob")
    labels = labels_of([[predicted(x, ann), predicted(x + 200, bob)] for x in range(4)])
    for old in list(labels.labeled_frames[2].instances):
        made = sio.Instance.from_numpy(old.numpy() + 1, skeleton=labels.skeletons[0])
        made.from_predicted = old
        labels.labeled_frames[2].instances.append(made)
    path = tmp_path / "proofread.slp"
    labels.save(str(path))
    return path


def two_tracks(output_path):
    return RetrackOptions(tracking=TrackerOptions(max_tracks=2), output_path=output_path)


@pytest.mark.parametrize("keeps_labels", [True, False])
def test_a_corrected_prediction_has_the_track_of_its_correction(proofread, tmp_path, keeps_labels):
    options = two_tracks(tmp_path / "out.slp")
    done = retrack_data(proofread, options, keeps_labels=keeps_labels)
    assert done.n_tracks == 2
    assert not [note for note in done.notes if "earlier tracks" in note or "left out" in note]
    frame = sio.load_slp(str(tmp_path / "out.slp"), open_videos=False)[2]
    assert [one.track.name for one in frame.instances] == ["track_0", "track_1"] * 2
    for made in frame.user_instances:
        assert made.from_predicted.track is made.track


def first_nodes_in_csv(path):
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return [float(row["a.x"]) for row in rows if row["frame_idx"] == "2"]


def first_nodes_in_json(path):
    return [
        one["keypoints"][0]
        for one in json.loads(path.read_text())["annotations"]
        if one["image_id"] == 3
    ]


def first_nodes_of_a_frame(number):
    def read(path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pynwb, about sleap-io
            labels = sio.load_file(str(path))
        return [one.numpy()[0, 0] for one in labels[number].instances]

    return read


@pytest.mark.parametrize(
    ("name", "first_nodes"),
    [
        ("out.csv", first_nodes_in_csv),
        ("out.json", first_nodes_in_json),
        ("out.h5", first_nodes_of_a_frame(2)),
        ("out.nwb", first_nodes_of_a_frame(2)),
    ],
)
def test_tables_have_the_correction_in_place_of_its_prediction(
    proofread, tmp_path, name, first_nodes
):
    done = retrack_data(proofread, two_tracks(tmp_path / name))
    assert first_nodes(tmp_path / name) == pytest.approx([3, 203])  # 2 and 202, moved by 1
    assert done.n_instances == 8
    assert len(done.labels[2].instances) == 4  # in memory there is place for both
    (note,) = [note for note in done.notes if "left out" in note]
    assert note.startswith("2 corrected predictions left out:")


def test_nwb_says_what_becomes_of_predictions_without_a_track(proofread, tmp_path):
    labels = sio.load_slp(str(proofread), open_videos=False)
    frame = labels[2]
    for one in frame.predicted_instances:
        one.track = None
    frame.instances = [*frame.predicted_instances, frame.user_instances[0]]
    extra = sio.PredictedInstance.from_numpy(POSE + 400, skeleton=labels.skeletons[0], score=0.5)
    frame.instances.insert(0, extra)
    words = (
        "frame 2, which a person labelled, has 2 instances without a track. Delete those of "
        "animals that have a user instance"
    )
    with pytest.raises(DataError, match=words):
        retrack_data(labels, two_tracks(tmp_path / "out.nwb"))


def test_a_result_that_was_tracked_otherwise_is_replaced_with_a_note(saved, tmp_path, capsys):
    again = (saved, "--tracking", "-o", tmp_path / "out.slp")
    words = f"{tmp_path / 'out.slp'} will be replaced, which was made otherwise: "
    words += "{}max_tracks was not given, and is 2 now"
    assert "replaced" not in command(capsys, *again).err
    assert "replaced" not in command(capsys, *again).err
    assert (
        f"note: {words.format('')}" in command(capsys, *again, "--max_tracks", 2, "--dry_run").out
    )
    assert f"Note: {words.format('--')}" in command(capsys, *again, "--max_tracks", 2).err


def test_a_front_end_gets_a_line_of_json_behind_tracking_alone(saved, tmp_path, capsys):
    out, err = command(capsys, saved, "--tracking", "--gui", "-o", tmp_path / "out.slp")
    told = json.loads(out)
    assert (told["n_processed"], told["n_total"], told["eta"]) == (2, 2, 0)
    assert "2 frames, 4 instances, 2 tracks, in " in err


def test_what_cannot_be_read_or_must_not_be_written_is_refused(saved, tmp_path):
    with pytest.raises(DataError, match="never overwritten"):
        written(saved, output_path=saved)
    with pytest.raises(OptionError, match="needs poses"):
        written(tmp_path / "video.mp4")
    with pytest.raises(DataError, match=r"no labels file .*no\.slp"):
        written(tmp_path / "no.slp")
    broken = tmp_path / "broken.slp"
    broken.write_bytes(b"not HDF5")
    with pytest.raises(DataError, match="cannot be read"):
        written(broken)


IMAGE = {"features": "image", "scoring_method": "cosine_sim"}


@pytest.mark.parametrize("options", [{"use_flow": True}, IMAGE])
def test_images_are_read_from_a_video_beside_its_labels(options, tmp_path, monkeypatch):
    for name in ("crawlers.slp", "crawlers.mp4"):
        shutil.copy(SAMPLES / name, tmp_path / name)
    monkeypatch.chdir(tmp_path.parent)  # the labels name the video without a folder
    path = tmp_path / "crawlers.slp"
    result = written(path, TrackerOptions(**options), frames=tuple(range(15)))
    of_animal = {}
    before = sio.load_slp(str(tmp_path / "crawlers.slp"), open_videos=False)
    after = sio.load_slp(str(result), open_videos=False)
    for frame in after.labeled_frames:
        (true,) = before.find(before.videos[0], frame.frame_idx)
        for instance, animal in zip(frame.instances, true.instances, strict=True):
            assert of_animal.setdefault(animal.track.name, instance.track.name) == (
                instance.track.name
            )
    assert len(set(of_animal.values())) == 3


def test_a_video_that_is_nowhere_is_named_before_tracking(saved):
    with pytest.raises(DataError, match=r"missing0\.mp4"):
        written(saved, TrackerOptions(**IMAGE))


@click.command()
@tracking_options
@click.option("--max_instances", type=int)
@click.pass_context
def _command(ctx, **params):
    warning = without_effect(given_options(ctx, params), params)
    if warning is not None:
        click.echo(warning, err=True)
    click.echo(repr(tracker_options(params)))


def called(*args):
    result = CliRunner().invoke(_command, args)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_command_line_has_the_same_defaults():
    assert called("--tracking").stdout.strip() == repr(TrackerOptions())
    assert called().stdout.strip() == "None"


def test_options_reach_the_tracker():
    given = called("-t", "--features", "bboxes", "--scoring_method", "iou", "--max_tracks", "3")
    expected = TrackerOptions(features="bboxes", scoring_method="iou", max_tracks=3)
    assert given.stdout.strip() == repr(expected)


def test_options_without_tracking_are_warned_about():
    given = called("--features", "bboxes", "--use_flow")
    assert "features, use_flow: no effect without --tracking" in given.stderr


def test_max_instances_is_the_count_of_last_resort():
    given = called("-t", "--post_connect_single_breaks", "--max_instances", "4")
    assert "tracking_target_instance_count=4" in given.stdout
    with pytest.raises(OptionError, match="needs the number of animals"):
        called("-t", "--post_connect_single_breaks")


def test_max_instances_also_serves_a_cull_ahead_of_tracking_beside_one_behind():
    counts = ["--tracking_clean_instance_count", "2", "--max_instances", "4"]
    given = called("-t", "--tracking_pre_cull_to_target", "1", *counts)
    assert "tracking_target_instance_count=4" in given.stdout


def test_a_value_that_is_no_choice_is_a_usage_error():
    refused = called("-t", "--features", "foo")
    assert refused.exit_code == 2
    assert "keypoints" in refused.stderr


@pytest.mark.parity
def test_the_whole_clip_is_tracked_without_its_video(shared_data, tmp_path, capsys):
    source = shared_data / "labels" / "clip.predictions.slp"
    said = command(capsys, "-i", source, "-t", "-o", tmp_path / "out.slp")
    assert said.out.startswith("1500 frames, 2948 instances, 3 tracks")


def test_reproducible_tracking_gives_the_same_bytes(tmp_path):
    options = RetrackOptions(
        tracking=TrackerOptions(),
        output_path=tmp_path / "out.slp",
        overwrite=True,
        reproducible=True,
    )
    written = []
    for _ in range(4):
        retrack_data(SAMPLES / "crawlers.slp", options)
        written.append((tmp_path / "out.slp").read_bytes())
    assert written.count(written[0]) == 4
    assert b"runtime_sec" not in written[0]


def test_nodes_are_compared_by_name(shared_data, tmp_path):
    """Real predictions, every other frame with its nodes in another order: the same tracks."""
    path = shared_data / "labels/clip.predictions.slp"
    plain, mixed = (sio.load_slp(str(path), open_videos=False) for _ in range(2))
    other = sio.Skeleton(mixed.skeleton.node_names[::-1], name="other")
    for labels in (plain, mixed):
        labels.labeled_frames = [f for f in labels.labeled_frames if f.frame_idx < 300]
    for frame in mixed.labeled_frames[::2]:
        for one in frame.instances:
            one.points, one.skeleton = one.points[::-1], other
    mixed.skeletons.append(other)
    mixed.save(str(tmp_path / "mixed.slp"), embed=False, verbose=False)
    options = RetrackOptions(tracking=TrackerOptions())
    expected = retrack_data(plain, options).labels
    found = retrack_data(tmp_path / "mixed.slp", options)
    assert names(found.labels) == names(expected)
    assert "nodes go by name" in found.notes[0]
    np.testing.assert_array_equal(  # for formats that go by position
        np.concatenate([f.numpy() for f in found.labels.labeled_frames]),
        np.concatenate([f.numpy() for f in expected.labeled_frames]),
    )


def test_a_frame_saved_twice_gets_two_tracks_and_a_video_saved_twice_is_one():
    """Two animals at 0 and 100 px, whose poses are spread over entries of frames and videos."""
    labels = labels_of([[predicted(0)], [predicted(1)]], [[predicted(100)], [predicted(101)]])
    labels.videos[1].filename = labels.videos[0].filename
    labels.labeled_frames.append(
        sio.LabeledFrame(video=labels.videos[0], frame_idx=2, instances=[predicted(2)])
    )
    labels.labeled_frames.append(
        sio.LabeledFrame(video=labels.videos[0], frame_idx=2, instances=[predicted(102)])
    )
    done = retrack_data(labels, RetrackOptions(tracking=TrackerOptions()))
    assert [f.frame_idx for f in done.labels.labeled_frames] == [0, 1, 2]
    assert names(done.labels) == [["track_0", "track_1"]] * 3
    assert len(done.labels.videos) == 1
    assert names(retrack(labels)) == names(done.labels)
    second = retrack_data(
        labels,
        RetrackOptions(tracking=TrackerOptions(), selection=SelectionOptions(video_index=1)),
    )
    assert names(second.labels) == names(done.labels)  # the second entry is the first one's file


def test_predictions_that_get_no_track_are_counted_aloud(tmp_path, capfd):
    """Three animals for two tracks in each of two frames, and one pose without any node."""
    nothing = sio.PredictedInstance.from_numpy(POSE * np.nan, skeleton=SKELETON, score=0.9)
    labels = labels_of(
        [
            [predicted(0), predicted(100), predicted(300)],
            [predicted(1), predicted(101), predicted(301), nothing],
            [predicted(2), predicted(102)],
        ]
    )
    options = RetrackOptions(
        tracking=TrackerOptions(max_tracks=2, candidates_method="local_queues")
    )
    done = retrack_data(labels, options)
    assert [len(f.instances) for f in done.labels.labeled_frames] == [2, 2, 2]
    assert done.notes == (
        "2 predictions in 2 frames left out (max_tracks 2), since no track was free for them",
        "1 prediction without a visible node left out",
    )
    labels.save(str(tmp_path / "poses.slp"), embed=False, verbose=False)
    with pytest.raises(SystemExit) as left:
        main(f"track -i {tmp_path / 'poses.slp'} -t --max_tracks 2".split())
    assert not left.value.code
    assert (
        "2 predictions in 2 frames left out (--max_tracks 2), since no track"
        in capfd.readouterr().err
    )
    enough = RetrackOptions(tracking=TrackerOptions())
    assert retrack_data(labels_of([[predicted(0)], [predicted(1)]]), enough).notes == ()


def test_a_folder_of_results_is_told_how_to_name_them(saved):
    folder = saved.parent
    with pytest.raises(OptionError, match=r'this is a folder; name .* "\S+/\*\.slp"'):
        retrack_data(folder, RetrackOptions(tracking=TrackerOptions()))
