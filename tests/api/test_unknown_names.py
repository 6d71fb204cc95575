"""An argument that a function does not have is answered with one that it has, or with none."""

import re
from inspect import signature
from pathlib import Path

import pytest

import sleap_rt
from sleap_rt import export_models
from sleap_rt.errors import OptionError
from sleap_rt.runtime.pipeline.retrack import retrack
from sleap_rt.tracking import track_frames

FUNCTIONS = [
    sleap_rt.run_inference,
    sleap_rt.PosePredictor,
    sleap_rt.merge_parts,
    sleap_rt.render,
    sleap_rt.run_live,
    export_models,
]
OF_OTHERS = ("output", "model", "cpu", "input", "out", "weights", "fp16", "kalman", "runtime")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("output", "'folder'"),
        ("output_path", "'folder'"),
        ("model_paths", "'models'"),
        ("fp16", "precision='fp16'"),
        ("bonsai", "format='bonsai'"),
        ("foldr", "'folder'"),
        ("override", "'overrides'"),
    ],
)
def test_export_names_the_argument_that_was_meant(name, meant):
    with pytest.raises(TypeError, match=rf"{name}'\. Did you mean {meant}\?$"):
        export_models("models/flies", **{name: True})


def test_export_knows_what_sleap_nn_calls_an_option():
    with pytest.raises(TypeError, match=r"n_line_points': it is n_points here\.$"):
        export_models("models/flies", n_line_points=5)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("device", "has no effect: models are exported on the CPU"),
        ("max_edge_length_ratio", "is not built .*; pass it to run_inference or PosePredictor"),
        ("workspace_size_gb", "is an option of run_inference and PosePredictor: workspace,"),
        ("opset_version", "has no effect"),
    ],
)
def test_export_says_why_it_has_no_such_option_of_sleap_nn(name, why):
    with pytest.raises(OptionError, match=f"^{name} {why}"):
        export_models("models/flies", **{name: 1})


def test_export_names_the_functions_that_take_options_of_a_run():
    with pytest.raises(TypeError, match="pass it to run_inference or PosePredictor; one for Bons"):
        export_models("models/flies", peak_threshold=0.1)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", OF_OTHERS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.__qualname__)
def test_no_function_proposes_an_argument_that_it_does_not_have(function, name):
    parameters = signature(function).parameters
    needed = {n: "x" for n, one in parameters.items() if one.default is one.empty}
    with pytest.raises((TypeError, OptionError)) as refusal:
        function(**{**needed, name: True})
    told = r"Did you mean '?(\w+)|here it is (\w+)| given as (\w+)|: it is (\w+) here"
    found = re.search(told, str(refusal.value))
    assert found is None or {one for one in found.groups() if one} <= set(parameters)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: export_models(model_paths="m"), "'model_paths'. Did you mean 'models'?"),  # type: ignore[call-arg]
        (lambda: sleap_rt.run_inference(model="m"), "'model'. Did you mean 'model_paths'?"),
        (lambda: sleap_rt.run_live(data_path="0"), "'data_path'. Did you mean 'data'?"),  # type: ignore[call-arg]
        (lambda: sleap_rt.merge_parts(files="a"), "'files'. Did you mean 'parts'?"),  # type: ignore[call-arg]
        (lambda: sleap_rt.render(input="a.slp"), "'input'. Did you mean 'data'?"),  # type: ignore[call-arg]
        (lambda: sleap_rt.Tracker().track(img=None), "'img'. Did you mean 'image'?"),  # type: ignore[call-arg]
        (
            lambda: sleap_rt.Evaluator(predictions=None),  # type: ignore[call-arg]
            "'predictions'. Did you mean 'predicted_instances'?",
        ),
        (
            lambda: retrack(max_tracks=2),  # type: ignore[call-arg]
            "'max_tracks'. Give it as options=TrackerOptions(max_tracks=...)",
        ),
        (
            lambda: track_frames(max_tracks=2),  # type: ignore[call-arg]
            "'max_tracks'. Give it as options=TrackerOptions(max_tracks=...)",
        ),
    ],
)
def test_an_unknown_name_is_told_ahead_of_what_is_missing(call, words):
    with pytest.raises(TypeError) as refusal:
        call()
    assert str(refusal.value) == f"unexpected keyword argument {words}"


@pytest.mark.parametrize(
    ("name", "of_tracker", "of_frame"),
    [
        ("tracking", "a Tracker always tracks; leave it out", "a Tracker follows animals"),
        ("max_tracks", None, "a Tracker follows animals"),
        ("peak_threshold", "give it to PosePredictor", "give it to PosePredictor"),
        ("device", "give it to PosePredictor", "give it to PosePredictor"),
        ("filter_min_visible_nodes", "in a loop of your own, Frame", "in a loop of your own, Fr"),
        ("batch_size", None, "it is of whole runs; give it to predict or stream"),
    ],
)
def test_in_a_loop_of_ones_own_an_option_is_told_where_it_belongs(name, of_tracker, of_frame):
    if of_tracker is not None:
        with pytest.raises(
            TypeError, match=f"^unexpected keyword argument '{name}': .*{of_tracker}"
        ):
            sleap_rt.Tracker(**{name: True})
    with pytest.raises(TypeError, match=f"^unexpected keyword argument '{name}': .*{of_frame}"):
        sleap_rt.PosePredictor.predict_frame(**{name: True})


@pytest.mark.parametrize(
    "call",
    [
        sleap_rt.PosePredictor,
        pytest.param(lambda path: export_models(path, "exports/flies"), marks=pytest.mark.export),
    ],
)
def test_a_video_in_place_of_a_model_is_told_which_function_takes_it(call):
    with pytest.raises(OptionError, match=r"not a model; run_inference takes it as data_path$"):
        call("samples/one_crawler.mp4")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (export_models, "export_models needs models, and got none"),
        (sleap_rt.PosePredictor, "PosePredictor needs model_paths, and got none"),
        (sleap_rt.run_live, "run_live needs data and model_paths, and got none"),
        (lambda: sleap_rt.Tracker().track(), "Tracker.track needs frame, and got none"),  # type: ignore[call-arg]
        (
            lambda: sleap_rt.run_inference("a.mp4", "m", data_path="b.mp4"),
            "run_inference: data_path is given by place and by name; give it once",
        ),
        (
            lambda: sleap_rt.PosePredictor("m", "cuda:0"),
            "PosePredictor takes 1 argument by place (model_paths), and got 2; give the others by "
            "name. Did you mean device='cuda:0'?",
        ),
        (
            lambda: sleap_rt.run_inference("a.mp4", "m/centroid", Path("m/centered")),
            "run_inference takes 2 arguments by place (data_path, model_paths), and got 3; give "
            "several in one list: model_paths=['m/centroid', 'm/centered']",
        ),
        (
            lambda: sleap_rt.render("a.slp", "b.mp4", 3),
            "render takes 2 arguments by place (data, output_path), and got 3; give the others by "
            "name: frames, video_index, video_path, crop, ...",
        ),
        (
            lambda: sleap_rt.Tracker().track(1, 2, 3),
            "Tracker.track takes 2 arguments by place (frame, image), and got 3; give the others "
            "by name: user_labeled",
        ),
    ],
)
def test_a_call_that_does_not_fit_is_told_in_words(call, words):
    with pytest.raises(TypeError) as refusal:
        call()
    assert str(refusal.value) == words


def test_parts_by_place_are_told_to_go_in_one_list():
    with pytest.raises(OptionError, match=r"in one list: parts=\['1\.part', '2\.part'\]"):
        sleap_rt.merge_parts("1.part", "2.part")
