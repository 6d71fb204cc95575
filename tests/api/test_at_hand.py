"""What Python tells: signatures, wrong types, closed predictors; a first frame without delay."""

import copy
import importlib
import inspect
import json
import pickle
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import sleap_io
from PIL import Image

import sleap_rt
from sleap_rt import PosePredictor, run_inference
from sleap_rt.api.arguments import InferenceArguments
from sleap_rt.api.option_objects import check_arguments
from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import EngineOptions, ExportOptions
from sleap_rt.runtime.inspect.warm_up import warm_up
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.pipeline import progress as shown
from sleap_rt.runtime.predictors.stages import CropStage
from sleap_rt.tracking.options import TrackerOptions

NEW_MODULES = """
import sys
import numpy as np
from sleap_rt import PosePredictor
with PosePredictor(sys.argv[1], engine="ort", device="cpu") as predictor:
    frame = np.random.default_rng(0).integers(0, 255, (250, 324), dtype=np.uint8)
    before = set(sys.modules)
    predictor.predict_frame(frame)
    print(sorted(set(sys.modules) - before))
"""


_FRAMES = (
    "frames must be a list of whole numbers (such as range(100) or [0, 5]) or a string or None; got"
)


@pytest.fixture
def graph(sample_graphs):
    (graph,) = sample_graphs("bottomup")
    return graph


@pytest.mark.parametrize("other_one", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_predictor_stays_in_its_process(graph, other_one):
    with (
        PosePredictor(graph, engine="ort", device="cpu") as predictor,
        pytest.raises(TypeError, match=r"copied or sent to another process; open one there\."),
    ):
        other_one(predictor)


@pytest.fixture
def trained(request, tmp_path, monkeypatch):
    """A trained model in a folder of its own, nothing exported yet."""
    monkeypatch.chdir(request.config.rootpath)
    return shutil.copytree("samples/models/single_instance", tmp_path / "single_instance")


@pytest.mark.parametrize(
    ("name", "value", "example"),
    [
        ("frame_size", "324x250", r"\(1280, 1024\)"),
        ("crop", "0,0,10,10", r"\(0, 0, 200, 100\)"),
    ],
)
def test_an_example_in_a_message_fits_the_argument(name, value, example):
    function = sleap_rt.render if name == "crop" else sleap_rt.export_models
    with pytest.raises(OptionError, match=rf"^{name} must be a .* \(such as {example}\) or None"):
        function("none", **{name: value})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"frames": 3}, f"{_FRAMES} 3"),
        ({"frames": [0, 1.5]}, f"{_FRAMES} [0, 1.5]"),
        ({"batch_size": "4"}, "batch_size must be a whole number or 'auto' or None; got '4'"),
        ({"resume": "yes"}, "resume must be True or False or 'auto' or None; got 'yes'"),
        ({"tracking": True, "motion_model": "kalmann"}, "must be one of none, kalman"),
        ({"queue_maxsize": "4"}, "queue_maxsize must be a whole number; got '4'"),
        ({"queue_maxsize": True}, "queue_maxsize must be a whole number; got True"),
        ({"peak_threshold": "high"}, "must be a number or a list of numbers; got 'high'"),
        ({"peak_threshold": np.array([0.1, 0.2, 0.3])}, "or [centroid, centered instance] without"),
        ({"peak_threshold": np.ones((2, 2))}, "must be a number or a list of numbers; got [[1.0,"),
        ({"peak_threshold": {0.1, 0.2}}, "must be a number or a list of numbers; got {0."),
        ({"frames": np.array(0.5)}, "frames must be a list of whole numbers"),
        ({"queue_maxsize": np.array([1, 2])}, "queue_maxsize must be a whole number; got [1, 2]"),
        ({"tracking": np.int64(1)}, "tracking must be True or False; got 1"),
        ({"tracking": "yes"}, "tracking must be True or False; got 'yes'"),
        ({"anchor_part": 3}, "anchor_part must be a string or None; got 3"),
        ({"device": 0}, "device must be a string; got 0"),
        ({"frames": ["x" * 100]}, "got ['" + "x" * 58 + " ..."),
    ],
)
def test_a_value_of_another_type_is_told_in_words(given, words):
    with pytest.raises(OptionError) as refusal:
        run_inference("a.mp4", model_paths="b", **given)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    "given",
    [
        {"frames": range(3), "queue_maxsize": np.int64(2), "peak_threshold": np.float32(0.1)},
        {"frames": np.arange(3), "peak_threshold": [0.1, 1], "min_instance_peaks": 1},
        {"frames": (0, 2), "resume": "auto", "batch_size": "auto", "max_tracks": None},
        {"frames": iter([0, 1]), "integral_refinement": None},
        {"peak_threshold": np.array([0.1, 0.2]), "tracking": np.bool_(True)},
        {"peak_threshold": np.array(0.1), "filter_overlapping": np.array(True)},
    ],
)
def test_values_of_the_right_types_pass(given):
    checked = check_arguments(given, InferenceArguments)
    assert json.dumps({**checked, "frames": list(checked.get("frames", ()))})  # Python's own types
    if "frames" in given:
        assert len(checked["frames"]) > 1


def test_arguments_of_another_call_are_told_where_they_belong(graph):
    with pytest.raises(TypeError, match="models': models are given as model_paths"):
        run_inference("a.mp4", models="x")
    with pytest.raises(TypeError, match="runtime': it is engine here"):
        run_inference("a.mp4", runtime="onnx")
    with pytest.raises(TypeError, match="frames': it can differ from call to call"):
        PosePredictor(graph, frames=[0])  # type: ignore[call-arg]
    predictor = PosePredictor(graph)
    with pytest.raises(TypeError, match="output_path': results are handed out one by one"):
        predictor.stream("a.mp4", output_path="a.slp")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Did you mean 'frame_index'"):
        predictor.predict_frame(np.zeros((9, 9), np.uint8), frame_idx=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="model_paths': it is settled when models are opened"):
        predictor.predict("a.mp4", model_paths="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="peak_threshold': it is settled when models are"):
        predictor.predict("a.mp4", peak_threshold=0.1)  # type: ignore[call-arg]


NO_FRAMES = [
    [[0, 1]],
    None,
    np.zeros(3, np.uint8),
    np.zeros((0, 0), np.uint8),
    np.zeros((3, 250, 324), np.uint8),  # channels come last
]


@pytest.mark.parametrize("frame", NO_FRAMES, ids=str)
def test_what_is_no_frame_is_told_in_words(graph, frame):
    with PosePredictor(graph) as predictor, pytest.raises(DataError, match="A frame is an array"):
        predictor.predict_frame(frame)


def test_a_closed_predictor_says_so(graph):
    predictor = PosePredictor(graph, engine="ort")
    assert repr(predictor) == f"<PosePredictor bottomup with ort on {predictor.device}>"
    predictor.close()
    predictor.close()  # as `with` does after a call by hand
    assert repr(predictor) == "<PosePredictor bottomup closed>"
    with pytest.raises(OptionError, match="is closed"):
        predictor.predict_frame(np.zeros((9, 9), np.uint8))
    with pytest.raises(OptionError, match="is closed"):
        predictor.predict("a.mp4")
    with pytest.raises(OptionError, match="is closed"), predictor:
        pass


@pytest.mark.parametrize(
    "given",
    [
        {"gui": True},
        {"centroid_output": "both"},
        {"output_format": "csv"},
        {"overwrite": True},
        {"resume": True},
    ],
)
def test_what_has_no_effect_on_results_one_by_one_is_refused(graph, given):
    (name,) = given
    clip = "samples/crawlers.mp4"
    with PosePredictor(graph) as predictor, pytest.raises(OptionError, match=f"{name}: no effect"):
        predictor.stream(clip, **given)
    with pytest.raises(OptionError, match=f"{name}: no effect"):
        run_inference(clip, model_paths=graph, make_labels=False, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"output_format": "csv"},
        {"overwrite": True},
        {"resume": True},
        {"journal": "a.journal"},
    ],
)
def test_what_is_said_about_a_file_is_refused_where_none_is_written(graph, given):
    (name,) = given
    words = f"{name}: no effect without output_path"
    clip, labels = "samples/one_crawler.mp4", "samples/one_crawler.slp"
    with PosePredictor(graph) as predictor, pytest.raises(OptionError, match=words):
        predictor.predict(clip, **given)
    for data in (clip, [clip, "samples/crawlers.mp4"]):
        with pytest.raises(OptionError, match=f"{name}: "):
            run_inference(data, model_paths=graph, **given)
    if name in ("output_format", "overwrite"):
        for call in (
            lambda: run_inference(labels, tracking=True, **given),
            lambda: sleap_rt.run_live(clip, model_paths=graph, **given),
            lambda: sleap_rt.merge_parts("none.part", **given),
        ):
            with pytest.raises(OptionError, match=words):
                call()


def test_values_that_say_what_happens_anyway_pass_without_a_file(graph):
    usual = {"output_format": "auto", "overwrite": False, "resume": "auto", "journal": None}
    labels = run_inference("samples/one_crawler.mp4", model_paths=graph, frames=[0], **usual)
    assert len(labels) == 1


def test_options_of_many_inputs_are_refused_where_one_is_taken(graph):
    with PosePredictor(graph) as predictor, pytest.raises(OptionError, match="summary: only run_"):
        predictor.predict("samples/crawlers.mp4", summary="run.json")


def test_a_bar_stops_no_call(graph, capfd, tmp_path, monkeypatch):
    monkeypatch.setattr(shown, "somebody_looks", lambda: True)
    clip, path = "samples/one_crawler.mp4", tmp_path / "poses.slp"
    with PosePredictor(graph) as predictor:
        assert len(list(predictor.stream(clip, frames=range(3), progress=True))) == 3
        predictor.predict(clip, frames=range(3), output_path=path)
    assert "3/3" in capfd.readouterr().err
    run_inference(clip, graph, frames=range(2), make_labels=False, progress=True)
    assert "2/2" in capfd.readouterr().err
    assert len(run_inference(path, tracking=True, progress=True)) == 3


@pytest.mark.export
def test_a_first_export_and_frames_are_shown_if_asked_for(trained, capfd, tmp_path, monkeypatch):
    monkeypatch.setattr(shown, "somebody_looks", lambda: True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    clip = "samples/one_crawler.mp4"
    run_inference(clip, model_paths=trained, frames=range(3), progress=True)
    told = capfd.readouterr().err
    assert "load PyTorch" in told
    assert "single_instance: compare with the checkpoint" in told
    assert "3/3" in told
    run_inference(clip, model_paths=trained, frames=range(3))
    assert not capfd.readouterr().err  # exported already, and frames were not asked for


@pytest.mark.export
@pytest.mark.parametrize("progress", [False, None])  # None: and nobody looks
def test_a_first_export_in_a_program_is_silent(trained, capfd, tmp_path, monkeypatch, progress):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with PosePredictor(trained, progress=progress):
        assert capfd.readouterr() == ("", "")


def test_bars_and_json_lines_exclude_each_other(graph):
    with pytest.raises(OptionError, match="progress: no effect with gui"):
        run_inference("samples/crawlers.mp4", model_paths=graph, progress=True, gui=True)


@pytest.mark.export
def test_exporting_takes_plain_paths_and_shows_its_steps(trained, tmp_path, capfd):
    (exported,) = sleap_rt.export_models(str(trained), str(tmp_path / "out"), progress=True)
    assert exported.path == tmp_path / "out" / "single_instance.onnx"
    assert "write the graph" in capfd.readouterr().err


@pytest.mark.parametrize(
    "function",
    [
        sleap_rt.run_inference,
        sleap_rt.PosePredictor.__init__,
        sleap_rt.PosePredictor.predict,
        sleap_rt.PosePredictor.stream,
        sleap_rt.run_live,
        sleap_rt.export_models,
        sleap_rt.merge_parts,
        sleap_rt.render,
    ],
)
def test_help_says_what_each_option_means(function):
    told = re.findall(r"^ +(\w+): \S", inspect.getdoc(function), re.MULTILINE)
    options = [
        one.name
        for one in inspect.signature(function).parameters.values()
        if one.kind is one.KEYWORD_ONLY
    ]
    own = {"model_paths", "raw"} if function is sleap_rt.PosePredictor.__init__ else set()
    assert len(options) > 5
    assert set(options) - own <= set(told)
    assert len(told) == len(set(told))


def test_the_signature_names_every_option():
    shown = inspect.signature(run_inference).parameters
    assert set(InferenceArguments.__annotations__) < set(shown)
    assert shown["tracking_window_size"].default == TrackerOptions.tracking_window_size
    assert shown["queue_maxsize"].default == 8
    assert shown["tracking"].default is False


@pytest.mark.parametrize(
    "public",
    [
        *(run_inference, PosePredictor, PosePredictor.predict, PosePredictor.stream),
        *(sleap_rt.run_live, sleap_rt.render, sleap_rt.merge_parts, sleap_rt.export_models),
    ],
)
def test_what_the_signature_shows_as_default_may_be_given(public):
    for one in inspect.signature(public).parameters.values():
        assert one.default is not None or "None" in str(one.annotation), str(one)


def test_results_have_a_short_name(graph):
    with PosePredictor(graph) as predictor:
        found = predictor.predict_frame(np.zeros((250, 324), np.uint8), 7)
    assert repr(found) == "<FrameInstances frame 7: 0 instances>"


@pytest.mark.parametrize("finds", [True, False])
def test_opening_runs_a_frame_of_the_trainings_size(graph, finds):
    """Engines that compile for each size of frames have done so; grouping has been loaded."""
    shapes = []

    class Recording:
        models = GraphSet.read([graph])
        needs_instances = False

        def predict(self, frames, frame_indices):
            shapes.append(frames.shape)
            return [[1] if finds else []]

    warm_up(Recording(), EngineOptions(engine="ort", device="cpu"))
    assert shapes[0] == (1, 250, 324, 1)
    assert len(shapes) == (1 if finds else 2)  # in the stored frame itself, animals were found


def test_opening_a_pair_runs_every_number_of_crops(sample_graphs, monkeypatch):
    """The first frame with one animal, or with four, is no slower than the next."""
    counts, run = set(), CropStage.run

    def counting(self, frames, centers):
        counts.add(sum(map(len, centers)))
        return run(self, frames, centers)

    monkeypatch.setattr(CropStage, "run", counting)
    with PosePredictor(sample_graphs("centroid", "centered_instance"), engine="ort", device="cpu"):
        assert counts >= {1, 2, 3, 4}


@pytest.mark.engine
def test_the_first_frame_waits_for_no_import(graph, request):
    done = subprocess.run(
        [sys.executable, "-c", NEW_MODULES, str(graph)],
        cwd=request.config.rootpath,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: PosePredictor(3), "model_paths must be a path or a list of paths; got int"),
        (lambda: run_inference("a.mp4", model_paths=b"b"), "a list of paths; got bytes"),
        (lambda: run_inference("a.mp4", model_paths="b", output_path=3), "output_path must be a"),
        (
            lambda: sleap_rt.export_models("a", "b", "folder"),
            "go in one list: export_models(['a', 'b'], 'folder')",
        ),
        (lambda: sleap_rt.export_models(["a"], None, "b"), "of type ModelOverrides; got 'b'"),
        (lambda: sleap_rt.export_models(None), "models must be a path or a list of paths"),
        (lambda: sleap_rt.merge_parts(3), "parts must be a path or a list of paths; got int"),
        (lambda: sleap_rt.run_live(0, model_paths="b", processor=3), "has no process and no save"),
        (lambda: sleap_rt.Evaluator("a.slp", "b.slp"), "must be sleap_io Labels; got str"),
        (lambda: sleap_rt.Tracker({"max_tracks": 3}), "takes TrackerOptions, or their options"),
        (lambda: sleap_rt.Tracker().track(None), "takes FrameInstances, one frame at a time"),
    ],
)
def test_objects_of_other_types_are_told_in_words(call, words):
    with pytest.raises((OptionError, DataError)) as refusal:
        call()
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("call", "given", "name"),
    [
        (run_inference, {"data_path": "a.mp4", "trackign": True}, "tracking"),
        (sleap_rt.export_models, {"models": "a", "progres": True}, "progress"),
        (run_inference, {"data_path": "a.mp4", "out": "b.slp"}, "output_path"),
        (sleap_rt.Evaluator, {"oks_stdev": 0.1}, "oks_stddev"),
        (sleap_rt.Tracker, {"max_track": 3}, "max_tracks"),
        (TrackerOptions, {"motion_modell": "kalman"}, "motion_model"),
    ],
)
def test_the_nearest_name_is_suggested(call, given, name):
    with pytest.raises(TypeError, match=f"Did you mean '{name}'"):
        call(**given)


def test_a_tracker_takes_its_options_by_name():
    tracker = sleap_rt.Tracker(motion_model="kalman", max_tracks=3)
    assert tracker.options == TrackerOptions(motion_model="kalman", max_tracks=3)
    assert repr(tracker) == "<Tracker 0 tracks so far>"


def test_a_list_of_arrays_is_a_list_of_frames(graph, request):
    """Frames of different sizes: as each of them alone."""
    clip = str(request.config.rootpath / "samples/crawlers.mp4")
    whole, _ = sleap_io.load_video(clip)[[0, 1]]
    images = [whole, whole[:200], whole[:, :300, 0]]
    with PosePredictor(graph) as predictor:
        labels = predictor.predict(images)
        alone = [predictor.predict_frame(image) for image in images]
    assert [len(frame) for frame in labels] == [len(found) for found in alone]
    assert len(alone[0]) == 3
    for frame, found in zip(labels, alone, strict=True):
        points = [instance.numpy() for instance in frame]
        np.testing.assert_allclose(points, found.points, atol=1e-3)  # px; batches round elsewhere


def test_public_names_are_listed():
    for name in ("Evaluator", "PosePredictor", "Tracker", "export_models", "run_inference"):
        assert name in dir(sleap_rt)
    assert {name for name in dir(sleap_rt) if not name.startswith("__")} == {
        *sleap_rt.__all__,
        *sleap_rt._PUBLIC_MODULES,
    } - {"__version__"}


@pytest.mark.parametrize("public", [run_inference, sleap_rt.Tracker])
def test_what_help_refers_to_can_be_looked_up(public):
    """Classes named in a docstring with their module, and none without."""
    told = f"{public.__doc__} {getattr(public, 'predict', public).__doc__}"
    named = re.findall(r"see\s+`([\w.]+)`", told)
    assert named
    for name in named:
        module, _, kind = name.rpartition(".")
        assert getattr(importlib.import_module(module), kind).__doc__


@pytest.mark.export
def test_an_export_takes_the_options_of_the_command_by_name(trained, tmp_path):
    (half,) = sleap_rt.export_models(trained, tmp_path / "half", precision="fp16", input_scale=0.5)
    assert half.contract.precision == "fp16"
    assert half.contract.preprocessing.input_scale == 0.5
    assert repr(half) == f"<Exported single_instance {tmp_path}/half/single_instance.onnx>"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"calibrate": "a.mp4"}, "calibrate has no effect with precision='fp32'"),
        ({"allow_loss": True}, "allow_loss: no effect without calibrate"),
        ({"format": "trt"}, "needs the GPU architecture as target"),
        ({"input_scale": "half"}, "input_scale must be a number"),
        ({"precision": "fp16", "options": ExportOptions()}, "precision: given by name beside"),
    ],
)
def test_options_of_an_export_are_refused_as_the_command_does(given, words):
    with pytest.raises(OptionError) as refusal:
        sleap_rt.export_models("samples/models/bottomup", **given)
    assert words in str(refusal.value)


TOO_LONG = "a" * 5000


@pytest.mark.parametrize(
    "call",
    [
        lambda: sleap_rt.run_inference(TOO_LONG, model_paths="x"),
        lambda: sleap_rt.run_inference([TOO_LONG, "b"], model_paths="x"),
        lambda: sleap_rt.run_inference("a.mp4", model_paths=TOO_LONG),
        lambda: sleap_rt.run_inference("a.mp4", model_paths="x", output_path=TOO_LONG),
        lambda: sleap_rt.run_inference("a.slp", tracking=True, output_path=TOO_LONG),
        lambda: sleap_rt.run_inference("a.mp4", model_paths="x", journal=TOO_LONG),
        lambda: sleap_rt.PosePredictor(TOO_LONG),
        lambda: sleap_rt.export_models(TOO_LONG, "x"),
        lambda: sleap_rt.merge_parts([TOO_LONG], output_path="x.slp"),
        lambda: sleap_rt.render(TOO_LONG),
        lambda: sleap_rt.run_live("0", model_paths=TOO_LONG),
    ],
)
def test_a_path_that_no_system_takes_is_wrong_use(call):
    with pytest.raises(OptionError, match="a path of 5000 characters is longer than this system"):
        call()


def test_frames_are_chosen_by_the_text_that_the_command_takes(graph):
    clip = "samples/crawlers.mp4"
    with PosePredictor(graph, engine="ort", device="cpu") as predictor:
        found = predictor.predict(clip, frames="0-2,5")
        assert [frame.frame_idx for frame in found] == [0, 1, 2, 5]
        with pytest.raises(OptionError, match="frames: 'x' is neither a frame nor a range"):
            predictor.predict(clip, frames="x")
        with pytest.raises(OptionError, match="frames must be a list of whole numbers"):
            predictor.predict(clip, frames=iter(["a"]))
        with pytest.raises(OptionError, match="4 is no image, and a list is one input"):
            predictor.predict([clip, clip])
        with pytest.raises(OptionError, match="frame_index must be 0 or more; got -1"):
            predictor.predict_frame(np.zeros((250, 324), np.uint8), -1)
        with pytest.raises(DataError, match=r"got shape \(250, 324\), float32"):
            predictor.predict_frame(np.zeros((250, 324), np.float32))
    with pytest.raises(OptionError, match=r"data must be frames as they come: .* \(250, 324\)"):
        sleap_rt.run_live(np.zeros((250, 324), np.uint8), model_paths=graph)


@pytest.mark.parametrize("name", ["api", "errors", "evaluation", "tracking"])
def test_public_modules_are_there_with_dots(name):
    code = f"import sleap_rt; print(sleap_rt.{name}.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == [f"sleap_rt.{name}"], done.stderr


def test_a_name_that_is_missing_is_suggested_once():
    code = "import sleap_rt; sleap_rt.evaluatoin"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.count("Did you mean") == 1
    assert "'evaluation'" in done.stderr


def test_coco_results_on_images_are_read_back_by_sleap_io(graph, tmp_path, request):
    video = sleap_io.load_video(str(request.config.rootpath / "samples/crawlers.mp4"))
    (tmp_path / "images").mkdir()
    for index in range(2):
        image = Image.fromarray(video[index][..., 0])
        image.save(tmp_path / "images" / f"{index}.png")
    told = run_inference(tmp_path / "images", graph, output_path=tmp_path / "images.json")
    read = sleap_io.load_coco(str(tmp_path / "images.json"), dataset_root=str(tmp_path / "images"))
    assert [len(frame) for frame in read] == [len(frame) for frame in told] == [3, 3]
    for one, other in zip(read[0], told[0], strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-4)  # px; digits in the file
