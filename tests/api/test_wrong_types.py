"""Every argument of every public function and method, given something of a wrong type."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sleap_io as sio

import sleap_rt
from sleap_rt import Evaluator, PosePredictor, Tracker
from sleap_rt.errors import SleapRtError
from sleap_rt.evaluation import load_metrics, run_eval, run_evaluation
from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.pipeline.retrack import retrack

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
VIDEO, LABELS = SAMPLES / "one_crawler.mp4", SAMPLES / "one_crawler.slp"
MODEL = SAMPLES / "models/single_instance"
FRAME = np.zeros((250, 324), np.uint8)
NEVER_WRONG = {  # anything may be given, or nothing is done with it
    ("Tracker.track", "image"),  # not looked at with these options
    ("Tracker.assign", "image"),
}


class Nothing:
    """Of no type that an argument has."""


@pytest.fixture(scope="module")
def labels():
    found = sio.load_slp(str(LABELS), open_videos=False)
    return sio.Labels(found.labeled_frames[:2])


@pytest.fixture
def public(sample_graphs, labels):
    """Name -> function, and values for what it needs."""
    (graph,) = sample_graphs("single_instance")
    predictor = PosePredictor(graph, engine="ort", device="cpu")
    guesses = [
        sio.PredictedInstance.from_numpy(
            one.instances[0].numpy(), skeleton=labels.skeleton, score=1.0
        )
        for one in labels
    ]
    predicted = sio.Labels(
        [
            sio.LabeledFrame(one.video, one.frame_idx, [guess])
            for one, guess in zip(labels, guesses, strict=True)
        ]
    )
    evaluator, tracker = Evaluator(labels, predicted), Tracker()
    found = predictor.predict_frame(FRAME)
    yield {
        "run_inference": (sleap_rt.run_inference, {"data_path": VIDEO, "model_paths": graph}),
        "run_live": (sleap_rt.run_live, {"data": VIDEO, "model_paths": graph}),
        "merge_parts": (sleap_rt.merge_parts, {"parts": "none.part"}),
        "render": (sleap_rt.render, {"data": LABELS}),
        "export_models": (sleap_rt.export_models, {"models": MODEL}),
        "PosePredictor": (PosePredictor, {"model_paths": graph}),
        "PosePredictor.predict": (predictor.predict, {"data": FRAME}),
        "PosePredictor.stream": (lambda **given: list(predictor.stream(**given)), {"data": FRAME}),
        "PosePredictor.predict_frame": (predictor.predict_frame, {"frame": FRAME}),
        "Tracker": (Tracker, {}),
        "Tracker.track": (tracker.track, {"frame": found}),
        "Tracker.assign": (tracker.assign, {"frame": found}),
        "Tracker.end_video": (tracker.end_video, {"video_index": 0}),
        "Tracker.track_name": (tracker.track_name, {"track_id": 0}),
        "retrack": (retrack, {"labels": labels}),
        "Evaluator": (
            Evaluator,
            {"ground_truth_instances": labels, "predicted_instances": predicted},
        ),
        "Evaluator.voc_metrics": (evaluator.voc_metrics, {}),
        "Evaluator.pck_metrics": (evaluator.pck_metrics, {}),
        "run_evaluation": (run_evaluation, {"ground_truth_path": LABELS, "predicted_path": LABELS}),
        "run_eval": (run_eval, {}),
        "load_metrics": (load_metrics, {"path": "none.npz"}),
    }
    predictor.close()


NAMED: dict[str, Callable[..., Any]] = {  # what has the names of a function's arguments
    "PosePredictor.stream": PosePredictor.stream,
    "Tracker": sleap_rt.tracking.TrackerOptions,
}


def names_of(name: str, function: Callable[..., Any]) -> list[str]:
    listed = inspect.signature(NAMED.get(name, function)).parameters.values()
    plain = [one.name for one in listed if one.kind is not inspect.Parameter.VAR_KEYWORD]
    return [one for one in plain if one != "self"]


def test_everything_public_is_tried(public):
    classes = {"PosePredictor", "Tracker", "Evaluator"}
    assert {*sleap_rt.__all__} - {"__version__", "LiveProcessor"} <= public.keys()
    for name in classes:
        methods = {
            f"{name}.{key}"
            for key, one in vars(getattr(sleap_rt, name)).items()
            if key[0] != "_"
            and callable(getattr(one, "__func__", one))
            and len(inspect.signature(getattr(one, "__func__", one)).parameters) > 1
        }
        assert methods <= public.keys()


def test_a_wrong_type_is_told_in_words_that_name_it(public):
    wrong = []
    for name, (function, needed) in public.items():
        for argument in names_of(name, function):
            if (name, argument) in NEVER_WRONG:
                continue
            try:
                function(**needed | {argument: Nothing()})
            except SleapRtError as error:
                if "Nothing" not in str(error) and argument not in str(error):
                    wrong.append(f"{name}({argument}=): {error}")
            except Exception as error:
                wrong.append(f"{name}({argument}=): {type(error).__name__}: {error}")
            else:
                wrong.append(f"{name}({argument}=) passes")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("PosePredictor.predict_frame", {"frame_index": "a"}, "frame_index must be a whole number"),
        ("PosePredictor.predict_frame", {"frame_index": True}, "must be a whole number; got True"),
        ("PosePredictor", {"raw": "pafs"}, "raw must be a list of strings; got 'pafs'"),
        ("Tracker", {"use_flow": "yes"}, "use_flow must be True or False; got 'yes'"),
        ("Tracker", {"min_match_points": 1.5}, "min_match_points must be a whole number; got 1.5"),
        ("Tracker", {"oks_stddev": "a"}, "oks_stddev must be a number; got 'a'"),
        ("Evaluator", {"match_threshold": None}, "match_threshold must be a number; got None"),
        ("Evaluator", {"anchor_ind": 1.5}, "anchor_ind must be a whole number or None; got 1.5"),
        ("Evaluator.pck_metrics", {"thresholds": 3}, "thresholds must be a list of numbers; got 3"),
        ("export_models", {"models": []}, "models must be a path or a list of paths; got an empty"),
        ("export_models", {"options": {}}, "options must be of type ExportOptions or None; got {}"),
        ("export_models", {"on_step": 3}, "on_step must be a function or None; got 3"),
        ("render", {"data": ""}, "data is empty"),
        ("render", {"data": "."}, "is a folder; name a `.slp` file"),
        ("render", {"crop": (1, 2)}, "crop must be x1,y1,x2,y2 px"),
        ("render", {"tracks": []}, "tracks must name tracks; none was given"),
        ("render", {"tracks": [1]}, "tracks must be a list of strings or None; got [1]"),
        ("retrack", {"labels": "a.slp"}, "labels must be sleap_io Labels; got str"),
        ("retrack", {"options": {"max_tracks": 2}}, "options must be of type TrackerOptions or No"),
        ("retrack", {"frames": 3}, "frames must be a list of whole numbers"),
        ("run_inference", {"make_labels": None}, "make_labels must be True or False; got None"),
        ("load_metrics", {"path": 3}, "path must be a path; got 3"),
        ("run_eval", {"options": None}, "options must be of type EvalOptions; got None"),
    ],
)
def test_words(public, name, given, words):
    function, needed = public[name]
    with pytest.raises(SleapRtError) as told:
        function(**needed | given)
    assert words in str(told.value)


@pytest.mark.parametrize("image", ["a", [1, 2], np.zeros((4, 4, 2)), np.zeros((4, 4), "U1")])
def test_an_image_to_track_by(image):
    pytest.importorskip("cv2")
    found = FrameInstances(
        video_index=0,
        frame_index=0,
        points=np.zeros((1, 2, 2), np.float32),
        point_scores=np.ones((1, 2), np.float32),
        scores=np.ones(1, np.float32),
        track_ids=np.full(1, -1),
        tracking_scores=np.ones(1, np.float32),
    )
    with pytest.raises(SleapRtError, match="An image to track by is an array"):
        Tracker(use_flow=True).track(found, image)
