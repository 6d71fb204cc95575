"""Every prediction option of the command does what it says, on the sample scene."""

import json
import re
import warnings

import numpy as np
import pytest
import sleap_io as sio
from tolerances import SAME_GRAPH_PX

from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.models.reference import predict_crops
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.frames.video import VideoFile

PAIR = "centroid centered_instance"


@pytest.fixture(scope="module")
def samples(request):
    return request.config.rootpath / "samples"


@pytest.fixture
def predicted(call, samples, tmp_path, sample_graphs):
    """Predict with sample models and options; the labels written."""

    def predicted(models, options="", data="crawlers.mp4", frames="0-2", name="out.slp"):
        # One export serves for the pair and for either model of it alone.
        there = sample_graphs(*(PAIR.split() if models in PAIR.split() else models.split()))
        graphs = [a for path in there if path.stem in models.split() for a in ("-m", path)]
        out = tmp_path / name
        chosen = ["--frames", frames] if frames else []
        source = samples / data if isinstance(data, str) else data
        done = call(
            "track", "-i", source, *graphs, "-o", out, "--overwrite", *chosen, *options.split()
        )
        assert done.code == 0, done.err
        predicted.called = done  # type: ignore[attr-defined]
        return sio.load_slp(str(out), open_videos=False) if out.suffix == ".slp" else out

    return predicted


def points(labels):
    return [frame.numpy() for frame in labels]


def n_visible(labels):
    return [np.isfinite(one.numpy()[:, 0]).sum() for frame in labels for one in frame]


def counts(labels):
    return [len(frame) for frame in labels]


def test_the_order_of_a_pair_is_free(call, samples, tmp_path, sample_graphs):
    graphs = sample_graphs("centroid", "centered_instance")
    found = []
    for pair in (graphs, graphs[::-1]):
        out = tmp_path / "out.slp"
        arguments = ["-m", pair[0], "-m", pair[1], "-o", out, "--frames", "3"]
        assert call("track", "-i", samples / "crawlers.mp4", *arguments).code == 0
        found.append(points(sio.load_slp(str(out), open_videos=False)))
    np.testing.assert_array_equal(found[0], found[1])
    assert len(found[0][0]) == 3


def test_batches_and_queues_change_nothing(predicted):
    plain = points(predicted("bottomup", frames="0-4"))
    for options in ("--batch_size 1", "-b 3 --queue_maxsize 1", "--device cpu --engine ort"):
        found = points(predicted("bottomup", options, frames="0-4"))
        for one, other in zip(found, plain, strict=True):
            np.testing.assert_allclose(one, other, atol=SAME_GRAPH_PX)


def test_frames_are_chosen(predicted):
    assert [f.frame_idx for f in predicted("bottomup", frames="7,2-3,3")] == [2, 3, 7]
    labels = predicted("bottomup", frames="0,179,180,99999")
    assert [frame.frame_idx for frame in labels] == [0, 179]
    assert "2 frames asked for do not exist; the video has frames 0 to 179" in predicted.called.err


def test_at_most_the_best_n_are_kept(predicted):
    everybody = predicted("bottomup")
    best = predicted("bottomup", "--max_instances 2")
    assert max(counts(everybody)) > 2
    for all_of_frame, kept in zip(everybody, best, strict=True):
        scores = sorted((one.score for one in all_of_frame.instances), reverse=True)
        assert sorted((one.score for one in kept.instances), reverse=True) == pytest.approx(
            scores[:2], abs=1e-5
        )


def test_weak_peaks_are_dropped(predicted):
    threshold = 0.6
    for labels, limit in (
        (predicted("bottomup"), 0.2),
        (predicted("bottomup", f"--peak_threshold {threshold}"), threshold),
    ):
        scores = np.concatenate([one.numpy(scores=True)[:, 2] for f in labels for one in f])
        assert np.nanmin(scores[scores > 0]) >= limit
    weak = scores  # the smallest that is left is near the limit, so the limit did something
    assert np.nanmin(weak[weak > 0]) < threshold + 0.1


def test_detecting_in_every_frame_is_what_a_pair_does_anyway(predicted, tmp_path):
    contents = []
    for option in ("", "--detect_every 1"):
        predicted(PAIR, f"--tracking --reproducible {option}", frames="0-5")
        contents.append((tmp_path / "out.slp").read_bytes())
    assert contents[0] == contents[1]


def test_between_detections_poses_stay_close_to_those_of_every_frame(predicted):
    plain = np.stack(points(predicted(PAIR, frames="0-19")))
    labels = predicted(PAIR, "--detect_every 5", frames="0-19")
    assert "batches of 5, centroids in 1 of 5 frames" in predicted.called.out
    assert labels.provenance["inference_config"]["detect_every"] == 5
    gaps = np.linalg.norm(np.stack(points(labels)) - plain, axis=-1)  # (frames, animals, nodes) px
    assert np.nanmax(gaps[::5]) < SAME_GRAPH_PX  # the same crops
    assert 0.1 < np.nanmedian(gaps[1:5]) < 1.5  # other crops; a cell of the maps is 2 px


def test_centroids_have_a_threshold_of_their_own(predicted):
    assert counts(predicted(PAIR, frames="0")) == [3]
    labels = predicted(PAIR, "--centroid_peak_threshold 1.5", frames="0")
    assert counts(labels) == [0]
    assert counts(predicted(PAIR, "--peak_threshold 1.5", frames="0")) == [0]
    labels = predicted(PAIR, "--peak_threshold 1.5 --centroid_peak_threshold 0.2", frames="0")
    assert counts(labels) == [0]  # centroids are found, but none of their nodes


def test_without_refinement_peaks_lie_on_the_grid(predicted):
    """The sample model has input scale 0.5 and confmaps of stride 2: a cell is 4 frame px."""
    for spelling in ("none", "None"):
        grid = predicted("bottomup", f"--integral_refinement {spelling}", frames="0")
        offsets = np.concatenate([one.numpy() for one in grid[0]]) % 4
        offsets = offsets[~np.isnan(offsets)]
        assert np.ptp(np.minimum(offsets, 4 - offsets)) < 0.1
    fine = np.concatenate([one.numpy() for one in predicted("bottomup", frames="0")[0]]) % 4
    assert np.nanstd(fine) > 0.5


@pytest.mark.parametrize(
    "option",
    ["--min_line_scores 0.95", "--dist_penalty_weight 1000 --max_edge_length_ratio 0.01"],
)
def test_limits_on_connections_take_animals_apart(predicted, option):
    whole, left = n_visible(predicted("bottomup")), n_visible(predicted("bottomup", option))
    assert np.mean(left or [0]) < np.mean(whole)


def test_small_groups_of_peaks_are_dropped(predicted):
    threshold = "--peak_threshold 0.6"
    n_seen = [
        np.isfinite(i.numpy()[:, 0]).sum() for f in predicted("bottomup", threshold) for i in f
    ]
    assert min(n_seen) < 6
    labels = predicted("bottomup", f"{threshold} --min_instance_peaks 6")
    assert min(np.isfinite(i.numpy()[:, 0]).sum() for f in labels for i in f) >= 6


def test_tracks_are_written(predicted):
    labels = predicted("bottomup", "--tracking --candidates_method local_queues", frames="0-5")
    assert len(labels.tracks) == 3
    assert all(one.track is not None for frame in labels for one in frame)
    assert "3 tracks" in predicted.called.out
    assert not predicted("bottomup").tracks


def test_filters_apply(predicted):
    everybody = predicted("bottomup", frames="0")
    limit = sorted(one.score for one in everybody[0])[-2] - 1e-3
    assert counts(predicted("bottomup", f"--filter_min_instance_score {limit}", frames="0")) == [2]
    assert counts(predicted("bottomup", "--filter_min_mean_node_score 2", frames="0")) == [0]
    assert counts(predicted("bottomup", "--filter_min_visible_nodes 8", frames="0")) == [0]
    overlapping = "--filter_overlapping --filter_overlapping_method oks"
    assert counts(predicted("bottomup", overlapping, frames="0")) == [3]


def test_empty_frames_are_kept_unless_told(predicted):
    nobody = "--filter_min_visible_nodes 8"
    assert counts(predicted("bottomup", nobody)) == [0, 0, 0]
    assert len(predicted("bottomup", f"{nobody} --no_empty_frames")) == 0


def test_frames_of_labels_are_chosen(predicted, samples):
    assert [f.frame_idx for f in predicted("bottomup", data="crawlers.slp", frames="1-2")] == [1, 2]
    labels = predicted("bottomup", "--only_labeled_frames", data="crawlers.slp", frames="3,99")
    assert [frame.frame_idx for frame in labels] == [3, 99]
    assert all(type(one) is sio.PredictedInstance for frame in labels for one in frame)
    labels = predicted("bottomup", "--video_index 0", data="crawlers.slp", frames="4")
    assert [frame.frame_idx for frame in labels] == [4]
    assert labels.provenance["source_labels"].endswith("crawlers.slp")


@pytest.fixture
def project(samples, tmp_path):
    """Frames 1 (user), 2 (predicted), 3 (suggested) of the sample clip."""
    truth = sio.load_slp(str(samples / "crawlers.slp"))
    video, skeleton = truth.video, truth.skeleton
    user = truth[1]
    guess = sio.PredictedInstance.from_numpy(truth[2].instances[0].numpy(), skeleton=skeleton)
    frames = [user, sio.LabeledFrame(video=video, frame_idx=2, instances=[guess])]
    suggestions = [sio.SuggestionFrame(video=video, frame_idx=index) for index in (1, 3)]
    path = tmp_path / "project.slp"
    labels = sio.Labels(frames, videos=[video], skeletons=[skeleton], suggestions=suggestions)
    labels.save(str(path), verbose=False)
    return path


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("", [1, 2]),
        ("--only_labeled_frames", [1]),
        ("--only_suggested_frames", [3]),
        ("--exclude_user_labeled", [2]),
        ("--only_predicted_frames", [2]),
    ],
)
def test_frames_are_chosen_by_their_labels(predicted, project, option, expected):
    labels = predicted("bottomup", option, data=project, frames=None)
    assert [frame.frame_idx for frame in labels] == expected


def test_a_crop_model_alone_works_on_labelled_animals(predicted, project):
    labels = predicted("centered_instance", data=project, frames=None)
    assert [frame.frame_idx for frame in labels] == [1]  # the frame a user labelled
    truth = sio.load_slp(str(project), open_videos=False)[0]
    assert len(labels[0]) == len(truth.instances)
    gaps = labels[0].numpy()[:, None] - truth.numpy()[None]
    distances = np.nanmean(np.linalg.norm(gaps, axis=-1), axis=-1)
    assert distances.min(axis=0).max() < 4  # px


def test_crops_around_labelled_animals_are_centered_on_the_node_asked_for(
    predicted, project, samples
):
    model = load_native_model(samples / "models/centered_instance")
    truth = sio.load_slp(str(project), open_videos=False)[0].numpy().astype(np.float32)
    with VideoFile(samples / "crawlers.mp4") as video:
        frame = video.read(1)
    found = {}
    for anchor in ("tail", "nose"):
        labels = predicted("centered_instance", f"--anchor_part {anchor}", project, frames=None)
        found[anchor] = labels[0].numpy()
        centers = truth[:, model.skeleton.node_names.index(anchor)]
        crops = predict_crops(model, frame, centers, DecodeOptions())
        expected = crops.points[~np.isnan(crops.points).all(axis=(1, 2))]
        np.testing.assert_allclose(found[anchor], expected, rtol=0, atol=0.01)
    assert np.nanmax(np.abs(found["tail"] - found["nose"])) > SAME_GRAPH_PX


def test_an_anchor_that_cannot_be_honoured_is_refused(call, samples, project, sample_graphs):
    centroid, crops = sample_graphs(*PAIR.split())
    for given, words in (
        (("-m", crops, "--anchor_part", "wing"), "'wing' is no node of the model's skeleton"),
        (
            ("-m", centroid, "-m", crops, "--anchor_part", "tail"),
            "anchor_part: no effect with centroid + centered_instance;",
        ),
        (("-m", centroid, "--anchor_part", "tail"), "anchor_part: no effect with centroid;"),
    ):
        done = call("track", "-i", project, *given)
        assert done.code == 2
        assert words in done.err


def test_a_centroid_model_alone_takes_over_poses_or_gives_centroids(predicted, project):
    copied = predicted("centroid", data=project, frames=None)
    truth = sio.load_slp(str(project), open_videos=False)[0].numpy()
    for pose in copied[0].numpy():
        assert min(np.nanmax(np.abs(pose - one)) for one in truth) < SAME_GRAPH_PX
    points_only = predicted("centroid", "--centroid_only", data=project, frames=None)
    assert points_only.skeleton.node_names == ["centroid"]
    assert predicted("centroid").skeleton.node_names == ["centroid"]  # a video has no labels


def test_other_kinds_of_files_are_written(predicted):
    import h5py

    tracked = "--tracking --candidates_method local_queues"
    path = predicted("bottomup", f"{tracked} --output_format analysis_h5", name="out.h5")
    with h5py.File(path) as file:
        assert file["tracks"].shape[:3] == (3, 2, 7)
    path = predicted("bottomup", "--output_format csv", name="out.csv")
    rows = path.read_text().splitlines()
    assert len(rows) == 1 + 9
    path = predicted("bottomup", "--output_format coco", name="out.json")
    assert len(json.loads(path.read_text())["annotations"]) == 9
    path = predicted("bottomup", f"{tracked} --output_format nwb", frames="0-1", name="out.nwb")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sleap-io's use of names that pynwb has deprecated
        assert len(sio.load_nwb(str(path))) == 2
    assert not list(path.parent.glob(".saving-*"))


def test_progress_for_programs_is_json_on_standard_output(predicted):
    predicted("bottomup", "--gui", frames="0-5")
    lines = [json.loads(line) for line in predicted.called.out.splitlines()]
    assert set(lines[-1]) == {"n_processed", "n_total", "rate", "eta"}
    assert (lines[-1]["n_processed"], lines[-1]["n_total"], lines[-1]["eta"]) == (6, 6, 0)
    assert "6 frames" in predicted.called.err


def test_quiet_says_nothing(predicted):
    predicted("bottomup", "--quiet", frames="0")
    assert predicted.called.out == predicted.called.err == ""


def test_the_summary_says_what_was_done_and_where(predicted, tmp_path):
    predicted("bottomup", frames="0-5")
    saved = re.escape(f" with ort on cpu, batches of 4 -> {tmp_path / 'out.slp'}")
    how_fast = r"(in (under )?[\d.]+ s|[\d.]+ frames/s)"
    assert re.fullmatch(rf"6 frames, 18 instances, {how_fast}{saved}\n", predicted.called.out)


def test_predict_is_another_name_and_hyphens_are_taken(call, samples, tmp_path, sample_graphs):
    (graph,) = sample_graphs("bottomup")
    out = tmp_path / "out.slp"
    arguments = ["--data-path", samples / "crawlers.mp4", "--model-paths", graph, "--frames", "0"]
    done = call("predict", *arguments, "--output-path", out, "--peak-threshold", "0.5")
    assert done.code == 0, done.err
    assert len(sio.load_slp(str(out), open_videos=False)) == 1


def test_names_are_made_from_the_input(call, samples, tmp_path, sample_graphs):
    (graph,) = sample_graphs("bottomup")
    for name in ("crawlers.mp4", "crawlers.slp"):
        (tmp_path / name).write_bytes((samples / name).read_bytes())
    for arguments, expected in (
        (["-i", tmp_path / "crawlers.mp4"], "crawlers.predictions.slp"),
        (
            ["-i", tmp_path / "crawlers.slp", "--video_index", "0"],
            "crawlers.crawlers.predictions.slp",
        ),
        (["-i", tmp_path / "crawlers.mp4", "--output_format", "csv"], "crawlers.predictions.csv"),
    ):
        assert call("track", *arguments, "-m", graph, "--frames", "0").code == 0
        assert (tmp_path / expected).is_file()


def test_a_format_without_room_for_the_result_loses_no_work(call, samples, tmp_path, sample_graphs):
    (graph,) = sample_graphs("bottomup")
    command = ["track", "-i", samples / "crawlers.mp4", "-m", graph, "--frames", "0-1"]
    command += ["-o", tmp_path / "out.nwb", "--output_format", "nwb"]
    failed = call(*command, "--tracking", "--min_new_track_points", 99)
    assert failed.code == 1
    assert "NWB holds poses, and nothing was found" in failed.err
    again = call(*command, "--resume", "--tracking")
    assert again.code == 0, again.err
    done_before = "2 frames (2 of them before), 6 instances, 3 tracks, predicted with ort on cpu"
    assert done_before in again.out
    assert [path.name for path in tmp_path.iterdir()] == ["out.nwb"]
