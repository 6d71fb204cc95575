"""The Python functions: the same results as the command's, on every kind of input."""

from typing import Any

import numpy as np
import pytest
import sleap_io as sio

from sleap_rt import PosePredictor, Tracker, run_inference
from sleap_rt.errors import DataError, OptionError, SomeInputsFailedError
from sleap_rt.runtime.engines._nvidia import why_no_gpu
from sleap_rt.runtime.frames.video import VideoFile

FRAMES = [0, 20, 40]


@pytest.fixture(scope="module")
def clip(request):
    return request.config.rootpath / "samples/one_crawler.mp4"


@pytest.fixture(scope="module")
def graphs(sample_graphs):
    return sample_graphs("single_instance")


@pytest.fixture(scope="module")
def predictor(graphs):
    with PosePredictor(graphs) as opened:
        yield opened


@pytest.fixture(scope="module")
def poses(predictor, clip):
    """(3, n_nodes, 2) of `FRAMES`, from the file."""
    return points_of(predictor.predict(clip, frames=FRAMES))


def points_of(labels):
    return np.array([frame.instances[0].numpy() for frame in labels])


def pixels(clip):
    with VideoFile(clip) as video:
        return np.array([video.read(index) for index in FRAMES])


def test_poses_are_near_the_truth(poses, clip):
    truth = sio.load_slp(str(clip.with_suffix(".slp")), open_videos=False)
    expected = np.array([truth[index].instances[0].numpy() for index in FRAMES])
    assert np.nanmean(np.linalg.norm(poses - expected, axis=-1)) < 2  # px


def test_a_loop_of_its_own_hears_once_that_frames_are_unlike_the_training(graphs, clip, caplog):
    images = pixels(clip)
    with PosePredictor(graphs) as fresh:
        fresh.predict_frame(images[0])
        assert not caplog.records
    with PosePredictor(graphs) as fresh:
        for image in images:
            fresh.predict_frame(np.repeat(image, 3, axis=-1))
    assert caplog.messages == ["frames are in colour, and the model was trained on gray ones"]


def test_cameras_that_share_a_tracker_have_tracks_of_their_own(predictor, clip):
    with VideoFile(clip) as video:
        tracker = Tracker()
        for index in range(2):
            image = video.read(index)
            for camera in range(2):
                found = predictor.predict_frame(image, index, camera)
                assert (found.frame_index, found.video_index) == (index, camera)
                assert len(tracker.track(found)) == len(found) > 0
        assert len(tracker.track_names) == 2 * len(found)
        with pytest.raises(OptionError, match="video_index must be 0 or more; got -1"):
            predictor.predict_frame(image, 0, -1)


def test_every_kind_of_input_gives_the_same_poses(predictor, clip, poses):
    video = sio.Video.from_filename(str(clip))
    frames = [sio.LabeledFrame(video=video, frame_idx=index) for index in FRAMES]
    stack = pixels(clip)
    for data, frames_asked in (
        (str(clip), FRAMES),
        (video, FRAMES),
        (sio.Labels(frames, videos=[video]), None),
        (stack, None),
    ):
        found = points_of(predictor.predict(data, frames=frames_asked))
        np.testing.assert_allclose(found, poses, atol=1e-4)
    np.testing.assert_allclose(points_of(predictor.predict(stack[0])), poses[:1], atol=1e-4)
    np.testing.assert_allclose(points_of(predictor.predict(stack[0, ..., 0])), poses[:1], atol=1e-4)


def test_frames_are_streamed_as_they_are_found(predictor, clip, poses):
    stream = predictor.stream(clip, frames=FRAMES, batch_size=1)
    first = next(stream)
    assert first.frame_index == 0
    np.testing.assert_allclose(first.points, poses[:1], atol=1e-4)
    assert [result.frame_index for result in stream] == FRAMES[1:]


def test_one_frame_is_answered_at_once(predictor, clip, poses):
    for image in (pixels(clip)[1], pixels(clip)[1, ..., 0]):
        result = predictor.predict_frame(image, frame_index=20)
        assert result.frame_index == 20
        np.testing.assert_allclose(result.points, poses[1:2], atol=1e-4)


def test_calls_do_not_change_the_predictor(predictor, clip, poses):
    assert points_of(predictor.predict(clip, frames=[0], filter_min_visible_nodes=1)).shape[0] == 1
    tracked = predictor.predict(
        clip, frames=FRAMES, tracking=True, features="bboxes", scoring_method="iou"
    )
    assert [track.name for track in tracked.tracks] == ["track_0"]
    again = predictor.predict(clip, frames=FRAMES)
    assert not again.tracks
    np.testing.assert_array_equal(points_of(again), poses)


def test_run_inference_returns_labels_and_writes_only_when_told(graphs, clip, poses, tmp_path):
    labels = run_inference(clip, graphs, frames=FRAMES)
    np.testing.assert_allclose(points_of(labels), poses, atol=1e-4)
    assert labels.provenance["model_type"] == "single_instance"
    path = tmp_path / "out.slp"
    run_inference(str(clip), model_paths=graphs, frames=FRAMES, output_path=str(path))
    np.testing.assert_allclose(points_of(sio.load_slp(str(path))), poses, atol=1e-4)
    assert [one.name for one in tmp_path.iterdir()] == ["out.slp"]


@pytest.mark.parametrize(
    "said",
    [{}, {"summary": "run.json"}, {"output_path": "folder"}, {"skip_existing": True}],
)
def test_one_path_gives_labels_and_a_list_gives_a_list(graphs, clip, tmp_path, monkeypatch, said):
    monkeypatch.chdir(tmp_path)
    single = {"output_path": "out.slp", **said} if "skip_existing" in said else said
    many = {"output_path": "folder", **said} if "skip_existing" in said else said
    for _ in range(2):  # the second time, the results are there
        asked = {"model_paths": graphs, "frames": FRAMES}
        assert isinstance(run_inference(clip, **asked, **single), sio.Labels)
        (labels,) = run_inference([clip], **asked, **many)
        assert len(labels) == len(FRAMES)
    labels = run_inference(clip.with_suffix(".slp"), tracking=True, summary="run.json")
    assert isinstance(labels, sio.Labels)


def test_one_path_that_fails_is_told_as_such(graphs, tmp_path):
    with pytest.raises(DataError, match=r"^none.mp4 does not exist") as told:
        run_inference("none.mp4", model_paths=graphs, summary=tmp_path / "run.json")
    assert not isinstance(told.value, SomeInputsFailedError)
    assert "none.mp4 does not exist" in (tmp_path / "run.json").read_text()


@pytest.mark.parametrize(
    "name",
    [
        *("data_path", "model_paths", "output_path", "journal", "summary"),
        *("backbone_ckpt_path", "head_ckpt_path"),
    ],
)
def test_an_empty_path_is_not_the_current_folder(graphs, clip, name):
    given = {"data_path": clip, "model_paths": graphs, "output_path": "never.slp", name: ""}
    with pytest.raises(OptionError, match=f"{name} is empty"):
        run_inference(**given)
    if name in ("data_path", "model_paths"):
        with pytest.raises(OptionError, match=f"{name} is empty"):
            run_inference(**{**given, name: [""]})


def test_run_inference_takes_labels_and_videos(graphs, clip, poses):
    video = sio.Video.from_filename(str(clip))
    labels = sio.Labels([sio.LabeledFrame(video=video, frame_idx=20)], videos=[video])
    for given in ({"input_labels": labels}, {"input_video": video, "frames": [20]}):
        found = points_of(run_inference(model_paths=graphs, **given))
        np.testing.assert_allclose(found, poses[1:2], atol=1e-4)


def test_dictionaries_hold_poses_and_raw_outputs(graphs, clip, poses):
    batches = run_inference(
        clip,
        model_paths=graphs,
        frames=FRAMES,
        batch_size=2,
        make_labels=False,
        return_confmaps=True,
    )
    assert [batch["frame_idx"].tolist() for batch in batches] == [[0, 20], [40]]
    found = np.concatenate([peaks for batch in batches for peaks in batch["pred_instance_peaks"]])
    np.testing.assert_allclose(found, poses, atol=1e-4)
    for batch in batches:
        for confmaps, scores in zip(batch["pred_confmaps"], batch["pred_peak_values"], strict=True):
            assert confmaps.ndim == 3
            # The score of a node is its map's highest value.
            np.testing.assert_allclose(confmaps.max(axis=(1, 2)), scores[0], atol=1e-4)


def test_poses_of_labels_are_tracked_without_a_model(clip):
    truth = sio.load_slp(str(clip.with_name("crawlers.slp")), open_videos=False)
    tracked = run_inference(
        input_labels=truth, tracking=True, motion_model="kalman", max_tracks=3, frames=[0, 1, 2]
    )
    assert [frame.frame_idx for frame in tracked] == [0, 1, 2]
    assert len(tracked.tracks) == 3
    by_path = run_inference(clip.with_name("crawlers.slp"), tracking=True, frames=[0, 1, 2])
    assert len(by_path) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, OptionError, "Give one of data_path, input_labels, input_video; got none"),
        (
            {"data_path": "x.mp4"},
            OptionError,
            r"Neither model_paths \(predict poses\) nor tracking=True \(",
        ),
        ({"data_path": "x.mp4", "tracking": True}, OptionError, "needs poses"),
        (
            {"data_path": [sio.Labels(), "x.slp"], "tracking": True},
            OptionError,
            "data_path is a list with Labels and str: tracking without a model needs poses",
        ),
        ({"data_path": "x.mp4", "trackin": True}, TypeError, "Did you mean 'tracking'"),
        ({"data_path": "x.slp", "tracking": True}, DataError, r"no labels file x\.slp"),
        ({"data_path": "x.slp", "tracking": True, "device": "cpu"}, OptionError, "no effect"),
        (
            {"data_path": "x.mp4", "model_paths": "m", "return_confmaps": True},
            OptionError,
            "no effect with make_labels=True",
        ),
        (
            {"data_path": "x", "model_paths": "m", "make_labels": False, "output_path": "y.slp"},
            OptionError,
            "output_path: no effect",
        ),
    ],
)
def test_what_cannot_be_done_is_said_first(arguments, error, words):
    with pytest.raises(error, match=words):
        run_inference(**arguments)


def test_options_without_effect_are_refused(graphs, clip):
    with pytest.raises(OptionError, match="return_pafs: no effect with this model"):
        run_inference(clip, model_paths=graphs, make_labels=False, return_pafs=True)
    with pytest.raises(OptionError, match="peak_threshold must be a number, or"):
        PosePredictor(graphs, peak_threshold=[0.1, 0.2, 0.3])
    with pytest.raises(TypeError, match="Did you mean 'peak_threshold'"):
        PosePredictor(graphs, peak_treshold=0.1)  # type: ignore[call-arg]
    with pytest.raises(OptionError, match="min_line_scores: no effect with single_instance"):
        PosePredictor(graphs, min_line_scores=0.5)
    with pytest.raises(OptionError, match="integral_patch_size: no effect with integral_ref"):
        PosePredictor(graphs, integral_patch_size=7, integral_refinement=None)


def test_options_without_tracking_are_warned_about(predictor, clip, caplog):
    labels = predictor.predict(clip, frames=[0], max_tracks=3, features="centroids")
    assert caplog.messages == ["features, max_tracks: no effect without tracking=True"]
    assert not labels.tracks


def test_a_stream_warns_as_a_prediction_does(predictor, clip, caplog):
    told = []
    for calls in (predictor.predict, lambda *a, **k: list(predictor.stream(*a, **k))):
        calls(clip, frames=[0], filter_min_mean_node_score=2)
        told.append([one for one in caplog.messages if "hardly anything" in one])
        caplog.clear()
    assert told[0] == told[1] != []


@pytest.mark.parametrize("takes_over", [None, False, True])
def test_a_centroid_model_tells_that_it_leaves_the_poses_of_labels(
    sample_graphs, clip, caplog, takes_over
):
    """The command takes them over by itself."""
    given = {} if takes_over is None else {"match_known": takes_over}
    labels = clip.with_suffix(".slp")
    found = run_inference(labels, sample_graphs("centroid"), frames=range(2), **given)
    assert len(found.skeleton.nodes) == (7 if takes_over else 1)
    told = [one for one in caplog.messages if "match_known=True takes these over" in one]
    assert len(told) == (takes_over is None)
    with PosePredictor(sample_graphs("centroid"), **given) as opened:
        list(opened.stream(labels, frames=range(2)))
    told = [one for one in caplog.messages if "match_known=True takes these over" in one]
    assert len(told) == 2 * (takes_over is None)


def test_a_centroid_model_tells_nothing_where_there_are_no_poses(sample_graphs, clip, caplog):
    run_inference(clip, sample_graphs("centroid"), frames=range(2))
    assert not [one for one in caplog.messages if "match_known" in one]


def test_centroid_only_is_answered_with_what_to_write_in_python(graphs):
    given = {"centroid_only": True}
    for call in (run_inference, PosePredictor):
        with pytest.raises(TypeError, match=r"gives its centroids here, also .* match_known=True"):
            call("labels.slp", **given)
    with PosePredictor(graphs) as opened, pytest.raises(TypeError, match="give it to PosePredict"):
        opened.predict("labels.slp", **given)


def test_max_instances_stands_in_for_the_number_of_animals(sample_graphs, clip):
    given = {"max_instances": 2, "tracking": True, "post_connect_single_breaks": True}
    scene = clip.with_name("crawlers.mp4")
    labels = run_inference(scene, model_paths=sample_graphs("bottomup"), frames=[0, 1], **given)
    assert [len(frame) for frame in labels] == [2, 2]
    labels = run_inference(scene.with_suffix(".slp"), frames=[0, 1], **given)
    assert labels.provenance["tracking_options"]["tracking_target_instance_count"] == 2


@pytest.mark.export
@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        ("single_instance", {"match_known": True}, "only with a centroid model alone"),
        ("single_instance", {"raw": ("pafs",)}, "Raw output pafs: single_instance has none"),
        (
            "single_instance",
            {"peak_threshold": [0.2, 0.3]},
            "no effect with single_instance, which takes one peak_threshold; leave it out",
        ),
        ("single_instance", {"anchor_part": "nose"}, "anchor_part: no effect with single_inst"),
        ("centered_instance", {"anchor_part": "wing"}, "'wing' is no node"),
    ],
)
def test_what_models_cannot_do_is_refused_before_they_are_exported(
    model, given, words, request, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(OptionError, match=words):
        PosePredictor(request.config.rootpath / "samples/models" / model, **given)
    assert not list(tmp_path.rglob("*.onnx"))


@pytest.mark.export
def test_raw_outputs_that_models_have_not_are_refused_before_they_are_exported(
    request, clip, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = request.config.rootpath / "samples/models/single_instance"
    with pytest.raises(OptionError, match="return_pafs: no effect with this model; it has confm"):
        run_inference(clip, model_paths=model, make_labels=False, return_pafs=True)
    assert not list(tmp_path.rglob("*.onnx"))


def test_the_engine_that_auto_came_to_is_named(int8_graph, clip):
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    if why_no_gpu() is None:
        pytest.skip("this machine has an NVIDIA GPU")
    with PosePredictor(int8_graph) as predictor:
        labels = predictor.predict(clip, frames=[0])
        single: Any = predictor._predictor
        opened = single._engine._lanes
        assert {type(lane.engine).__name__ for lane in opened} == {"OpenVinoEngine"}
    assert labels.provenance["engine"] == "openvino"


def test_a_longer_result_is_not_replaced(predictor, clip, tmp_path):
    path = tmp_path / "out.slp"
    predictor.predict(clip, frames=FRAMES, output_path=path)
    with pytest.raises(DataError, match=f"holds {len(FRAMES)} frames .* this run has 1. It is not"):
        predictor.predict(clip, frames=FRAMES[:1], output_path=path)
    predictor.predict(clip, frames=FRAMES, output_path=path)
    predictor.predict(clip, frames=FRAMES[:1], output_path=path, overwrite=True)
    assert len(sio.load_slp(str(path))) == 1


def test_an_array_without_frames_is_told(predictor):
    with pytest.raises(DataError, match="The array holds no frame"):
        predictor.predict(np.zeros((0, 20, 30, 1), np.uint8))


def test_peaks_that_are_too_many_to_be_joined_are_told(sample_graphs):
    graphs = sample_graphs("bottomup")
    with pytest.raises(DataError, match=r"peaks of one node, .* raise peak_threshold"):
        PosePredictor(graphs, peak_threshold=0, engine="ort")  # runs a frame as it is opened


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_takes_the_result_as_run_inference_puts_it(
    predictor, graphs, clip, tmp_path, is_there
):
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders if is_there else ():
        folder.mkdir()
    predictor.predict(clip, frames=[0], output_path=folders[0], output_format="csv")
    run_inference(clip, graphs, frames=[0], output_path=folders[1], output_format="csv")
    one, other = (sorted(path.name for path in folder.iterdir()) for folder in folders)
    assert one == other
    assert len(one) == 1


def test_frames_without_a_path_need_the_name_of_a_file(predictor, clip, tmp_path):
    with pytest.raises(OptionError, match=r"not of a folder; name one that ends in \.slp$"):
        predictor.predict(pixels(clip), output_path=tmp_path)
    with pytest.raises(OptionError, match=r"frame_range_of\) is a file, and this is a folder"):
        predictor.predict(clip, output_path=tmp_path, frame_range_of="1/2")
