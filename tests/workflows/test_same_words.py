"""What the command refuses, the Python functions refuse in the same words, and the other way."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import sleap_rt
from sleap_rt.cli import main
from sleap_rt.errors import DataError, ModelError, OptionError, SleapRtError, as_keywords
from sleap_rt.options import CalibrationOptions, ExportOptions, ModelOverrides, filled
from sleap_rt.workflows.export import export_models

ROOT = Path(__file__).resolve().parents[2]
TRAINED = ROOT / "samples/models"
EXIT_CODE = {OptionError: 2, DataError: 1, ModelError: 1}
UNSET = object()  # stands for a keyword argument that is left out
Given = dict[str, Any]


@pytest.fixture
def named(sample_graphs, tmp_path, monkeypatch):
    """`named(given)`: the same arguments, names of models and files replaced by what they name."""
    monkeypatch.chdir(tmp_path)
    for name in ("crawlers.mp4", "crawlers.slp"):
        shutil.copy(ROOT / "samples" / name, name)
    Path("empty").mkdir()
    Path("pictures").mkdir()
    Path("pictures/1.png").touch()
    Path("notes.mp4").write_text("no video")
    Path("other.slp").write_text("not ours")
    Path("old.part").write_text("not ours")
    Path("cut_off.slp.journal").write_text("sleap-rt journal 5 ")
    Path("foreign.slp.journal").write_text("a person's notes")
    there = {
        path.stem: path
        for names in (
            ("bottomup",),
            ("single_instance",),
            ("centroid", "centered_instance"),
            ("multi_class_bottomup",),
        )
        for path in sample_graphs(*names)
    }
    there["trained"] = TRAINED / "centered_instance"

    def named(given: Given) -> Given:
        values = {"data_path": "crawlers.mp4", "model_paths": "bottomup", **given}
        models = values["model_paths"]
        if models is not UNSET:
            values["model_paths"] = [there.get(name, name) for name in models.split()]
        return {name: value for name, value in values.items() if value is not UNSET}

    return named


def command_line(given: Given) -> list[str]:
    """The options of `track` that are called like the keyword arguments."""
    words: list[str] = []
    for name, value in given.items():
        if value is True:
            words += [f"--{name}"]
        elif value is False:
            words += [f"--no_{name}"]
        elif name == "frames":
            words += ["--frames", ",".join(map(str, value))]
        elif isinstance(value, list):
            words += [word for one in value for word in (f"--{name}", str(one))]
        else:
            words += [f"--{name}", str(value)]
    return words


@pytest.fixture
def called(capfd):
    """`called(words)`: exit code of the program, and the words of its error."""

    def called(words: list[str]) -> tuple[int, str]:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main(words)
        _, _, error = capfd.readouterr().err.rpartition("Error: ")
        return int(left.value.code or 0), error.rstrip("\n")

    return called


def without_flags(typed: str) -> str:
    """The words of a command with its options as arguments, and the program by Python's name."""
    return re.sub(r"(?<![\w-])--(?=[a-z])", "", typed)


def check(error: SleapRtError, called: tuple[int, str], kind: type[SleapRtError], words: str):
    """`words` are those of the command; in Python, options in them are keywords."""
    code, typed = called
    assert words in without_flags(typed)
    assert type(error) is kind
    assert code == EXIT_CODE[kind]
    assert str(error) in in_python(typed)


def in_python(typed: str) -> tuple[str, str]:
    """The words of a command as Python may say them: `resume=True` or `resume`."""
    return as_keywords(typed), as_keywords(without_flags(typed))


WRONG_VALUES: list[tuple[Given, str]] = [
    ({"peak_threshold": float("nan")}, "peak_threshold must be a number, got nan"),
    ({"peak_threshold": -1.0}, "peak_threshold must not be negative, got -1"),
    ({"centroid_peak_threshold": -0.1}, "centroid_peak_threshold must not be negative, got -0.1"),
    ({"filter_min_mean_node_score": -0.1}, "score must not be negative, got -0.1"),
    ({"max_instances": 0}, "max_instances must be at least 1, got 0"),
    ({"min_instance_peaks": -1.0}, "min_instance_peaks must not be negative"),
    ({"integral_refinement": "fast"}, "must be 'integral' or 'none', got 'fast'"),
    ({"batch_size": 0}, "batch_size must be at least 1"),
    ({"detect_every": 0}, "detect_every must lie in 1 to 50 frames, got 0"),
    ({"queue_maxsize": 0}, "queue_maxsize must be at least 1"),
    ({"crop_size": 0}, "crop_size must be at least 1"),
    ({"input_scale": 0.0}, "input_scale must be a positive number"),
    ({"ensure_rgb": True, "ensure_grayscale": True}, "exclude each other"),
    ({"engine": "warp"}, "No engine named 'warp'; choose auto or one of"),
    ({"device": "abacus"}, "No engine serves device 'abacus'"),
    ({"engine": "ort", "device": "abacus"}, "device 'abacus'"),
    ({"engine": "ort", "device": "cuda:x"}, "'cuda:x'"),
    ({"engine": "ort", "device": "cpu", "workspace": 64}, "workspace"),
    ({"engine": "ort", "device": "cpu", "cuda_graphs": True}, "cuda_graphs is an option of Tens"),
    ({"device": "cpu", "cuda_graphs": False}, "an option of TensorRT, not of engine 'ort'"),
    ({"threads": 0}, "threads must be at least 1"),
    ({"output_path": "out.txt"}, "output_path out.txt: must end in .slp, .h5, .csv, .nwb, .json"),
    ({"output_path": "out.slp", "output_format": "csv"}, "must end in .csv"),
    ({"output_path": "out.slp", "journal": "out.slp"}, "journal out.slp: is the output itself"),
    ({"filter_min_centroid_distance": -1.0}, "must not be negative"),
    ({"tracker": "sort"}, "tracker is of sleap-nn's multi-object trackers; here are"),
    ({"fg_threshold": 0.5}, "fg_threshold is about masks or boxes; sleap-rt does poses."),
    ({"filter_min_visible_node_fraction": 2.0}, "must lie in [0, 1]"),
    ({"only_labeled_frames": True}, "has no labels to choose by"),
    ({"only_labeled_frames": True, "exclude_user_labeled": True}, "exclude each other"),
    ({"video_index": 0}, "has no labels to choose by"),
    ({"video_index": -1}, "video_index must be 0 or more"),
    ({"video_index": 5, "data_path": "crawlers.slp"}, "the labels have 1 video"),
    ({"video_dataset": "frames"}, "video_dataset is for HDF5"),
    ({"data_path": "pictures", "video_colors": "tagged"}, "video_colors is for video files"),
    ({"video_input_format": "channels_first"}, "video_input_format is for HDF5"),
    ({"frame_range_of": "half", "output_path": "a.part"}, "frame_range_of must be K/N, the K-th"),
    ({"frame_range_of": "3/2", "output_path": "a.part"}, "there is no such part; they go from 1/2"),
    ({"frame_range_of": "1/2", "output_path": "a.slp"}, "must end in .part; `sleap-nn merge`"),
    ({"cluster": "what"}, "cluster 'what': expected local, local:N, the address of a scheduler"),
    ({"cluster": "tpc://host:8786"}, "cluster 'tpc://host:8786': expected local, local:N, the"),
    ({"cluster": "host:87860"}, "cluster 'host:87860': expected local, local:N, the address of"),
    ({"cluster": "jobs.yaml"}, "cluster jobs.yaml: cannot be read: No such file"),
    (
        {"cluster": "local:2", "frame_range_of": "1/2", "output_path": "a.part"},
        "frame_range_of and cluster exclude each other: a cluster divides the frames itself",
    ),
    (
        {"frame_range_of": "1/2", "output_path": "a.part", "output_format": "csv"},
        "output_format: a part has none; name the result at `merge`",
    ),
    (
        {"frame_range_of": "1/2", "data_path": ["crawlers.mp4", "notes.mp4"]},
        "frame_range_of: give it with one input and the name of its part",
    ),
]
WITHOUT_EFFECT: list[tuple[Given, str]] = [
    ({"centroid_peak_threshold": 0.1}, "centroid_peak_threshold: no effect with bottomup"),
    (
        {"model_paths": "single_instance", "min_line_scores": 0.1, "max_instances": 2},
        "min_line_scores: no effect with single_instance; leave it out",
    ),
    (
        {"model_paths": "centroid centered_instance", "anchor_part": "tail"},
        "anchor_part: no effect with centroid + centered_instance",
    ),
    ({"detect_every": 5}, "detect_every: no effect with bottomup; leave it out"),
    (
        {"model_paths": "centered_instance", "data_path": "crawlers.slp", "detect_every": 5},
        "detect_every: no effect with centered_instance; leave it out",
    ),
    (
        {"model_paths": "centroid centered_instance", "detect_every": 5, "frames": [1, 2, 3]},
        "detect_every 5: works on frames of one video that follow one another, from a multiple",
    ),
    (
        {
            "model_paths": "centered_instance",
            "data_path": "crawlers.slp",
            "anchor_part": "wing",
        },
        "anchor_part 'wing' is no node of the model's skeleton",
    ),
    (
        {"n_points": 5, "max_height": 99, "integral_patch_size": 5},
        "max_height 99 (it has 250); n_points 5 (it has 10): built into an exported graph",
    ),
    ({"crop_size": 32}, "crop_size: no effect with bottomup; leave it out"),
    ({"filter_min_centroid_distance": 5.0}, "only for the centroids of a centroid model alone"),
    (
        {"integral_patch_size": 7, "integral_refinement": "none"},
        "integral_patch_size: no effect with integral_refinement 'none'",
    ),
    ({"centroid_output": "both"}, "only for the centroids of a centroid model alone"),
]
WRONG_TRACKING: list[tuple[Given, str]] = [
    (
        {"features": "bboxes"},
        "features 'bboxes': does not go with the usual scoring_method, oks; give",
    ),
    ({"post_connect_single_breaks": True}, "needs the number of animals"),
    ({"tracking_target_instance_count": 2}, "takes effect only when one of"),
    ({"of_window_size": 11}, "takes effect only when use_flow is on"),
    ({"motion_model": "kalman", "use_flow": True}, "takes effect only when motion_model is none"),
    (
        {"motion_model": "kalman", "scoring_method": "iou"},
        "scoring_method 'iou': takes effect only when motion_model is none",
    ),
    ({"max_tracks": 0}, "max_tracks 0: must be a whole number, 1 or more"),
    (
        {"scoring_method": "iou", "features": "keypoints", "max_tracks": 3},
        "does not go with features keypoints",
    ),
]
WRONG_DATA: list[tuple[Given, str]] = [
    ({"data_path": "none.mp4"}, "none.mp4 does not exist"),
    ({"data_path": "none.slp"}, "none.slp does not exist"),
    ({"data_path": "notes.mp4"}, "notes.mp4"),
    ({"data_path": "empty"}, "empty holds no images"),
    ({"frames": [500, 600]}, "the video has frames 0 to 179"),
    ({"output_path": "cut_off.slp"}, "cut_off.slp.journal holds results of a run"),
    ({"output_path": "foreign.slp"}, "foreign.slp.journal exists and is no journal of a run"),
    *(
        ({"output_path": "out.slp", "journal": name}, words)
        for name, words in (
            ("other.slp", "other.slp exists and is no journal of a run. It is never replaced"),
            ("crawlers.mp4", "crawlers.mp4 is the input itself and is never overwritten; choose"),
            ("pictures", "pictures is a folder; journal takes the name of a file"),
        )
    ),
    ({"output_path": "new.slp", "resume": True}, "does not exist: there is nothing to go on with"),
    ({"data_path": "crawlers.slp", "output_path": "crawlers.slp"}, "is the input itself"),
    ({"output_path": "crawlers.slp"}, "crawlers.slp exists and holds 540 instances that a person"),
    ({"output_path": "other.slp"}, "is not a result as sleap-rt left it. It is not replaced"),
    ({"frame_range_of": "1/2", "output_path": "old.part"}, "old.part exists and is no part of"),
    ({"output_path": "notes.mp4/out.slp"}, "notes.mp4 is a file"),
    ({"model_paths": "centered_instance"}, "works on labelled animals, and the input has none"),
]
WRONG_MODELS: list[tuple[Given, str]] = [
    ({"model_paths": "none"}, "none does not exist; expected an export folder"),
    ({"model_paths": "none.onnx"}, "none.onnx"),
    ({"model_paths": "empty"}, "empty is no model (it holds nothing)"),
    ({"model_paths": "bottomup centroid"}, "bottomup and centroid do not go together"),
    ({"model_paths": "centroid trained"}, "were given together; give either"),
]
FOLLOWED: Given = {"frames": [0], "tracking": True}
ALONE: Given = {"model_paths": UNSET, "data_path": "crawlers.slp", "tracking": True}
TRACKING_ALONE: list[tuple[type[SleapRtError], Given, str]] = [
    (OptionError, {"tracking": UNSET}, "Neither model_paths (predict poses) nor tracking"),
    (OptionError, {"tracking": UNSET, "max_tracks": 2}, "Neither model_paths"),
    (OptionError, {"data_path": "crawlers.mp4"}, "tracking without a model needs poses"),
    (OptionError, {"peak_threshold": 0.1}, "peak_threshold: no effect with tracking without"),
    (OptionError, {"detect_every": 5}, "detect_every: no effect with tracking without"),
    (
        OptionError,
        {"device": "cpu", "batch_size": 2, "only_labeled_frames": True, "resume": True},
        "batch_size, device, only_labeled_frames, resume: no effect with tracking without a model",
    ),
    (OptionError, {"centroid_output": "both"}, "centroid_output: no effect with tracking"),
    (OptionError, {"cluster": "local:2"}, "cluster: no effect with tracking without a model"),
    (OptionError, {"video_index": 3}, "video_index 3: the labels have 1 video, 0 to 0"),
    (OptionError, {"post_connect_single_breaks": True}, "needs the number of animals"),
    (OptionError, {"filter_min_centroid_distance": 5.0}, "only for the centroids"),
    (OptionError, {"output_path": "out.txt"}, "must end in .slp"),
    (DataError, {"data_path": "none.slp"}, "There is no labels file none.slp"),
    (DataError, {"frames": [500]}, "none of the frames asked for has labels"),
    (DataError, {"output_path": "crawlers.slp"}, "is the input itself"),
    (DataError, {"output_path": "other.slp"}, "is not a result as sleap-rt left it"),
]
REFUSED: list[tuple[type[SleapRtError], Given, str]] = [
    *((OptionError, given, words) for given, words in [*WRONG_VALUES, *WITHOUT_EFFECT]),
    *((OptionError, {"tracking": True, **given}, words) for given, words in WRONG_TRACKING),
    *((DataError, given, words) for given, words in WRONG_DATA),
    *((ModelError, given, words) for given, words in WRONG_MODELS),
    (OptionError, {"model_paths": "centroid centroid"}, "was given twice; give it once"),
    *((kind, {**ALONE, **given}, words) for kind, given, words in TRACKING_ALONE),
]


@pytest.mark.parametrize(("kind", "given", "words"), REFUSED)
def test_track_and_run_inference_refuse_in_the_same_words(kind, given, words, named, called):
    arguments = named(given)
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    with pytest.raises(SleapRtError) as refusal:
        sleap_rt.run_inference(**arguments)
    check(refusal.value, called(["track", *command_line(arguments)]), kind, words)
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"frames": [0], "max_tracks": 2}, "max_tracks: no effect without --tracking"),
        (
            {"frames": [0], "use_flow": True, "features": "centroids"},
            "features, use_flow: no effect without --tracking",
        ),
        ({"frames": [0, 500]}, "1 frame asked for does not exist; the video has frames 0 to 179"),
        (
            {"frames": [0], "filter_overlapping_threshold": 0.5},
            "filter_overlapping_threshold: no effect without filter_overlapping",
        ),
        (
            {**FOLLOWED, "robust_best_instance": 0.95},
            "robust_best_instance: no effect with scoring_reduction mean",
        ),
        (
            {"frames": [0], "tracking_target_instance_count": 0},
            "tracking_target_instance_count: no effect without --tracking",
        ),
        (
            {**FOLLOWED, "tracking_target_instance_count": 0},
            "tracking_target_instance_count 0: taken as not given",
        ),
        (
            {**FOLLOWED, "scoring_method": "iou"},
            "scoring_method iou compares boxes: features bboxes is used",
        ),
        (
            {**FOLLOWED, "tracking_pre_cull_to_target": 1},
            "tracking_pre_cull_to_target: no effect without the number of animals "
            "(tracking_target_instance_count, max_tracks or max_instances)",
        ),
        (
            {**FOLLOWED, "use_kalman": True, "kf_init_frame_count": 10, "features": "centroids"},
            "use_kalman: sleap-rt's own motion model is used (motion_model kalman); no effect "
            "beside it: kf_init_frame_count, features",
        ),
        (
            {"frames": [0], "model_paths": "single_instance", "max_instances": 3},
            "max_instances 3: no effect with single_instance, which gives at most 1 in a frame",
        ),
        (
            {"frames": [0], "model_paths": "multi_class_bottomup", "max_instances": 5},
            "max_instances 5: no effect with multi_class_bottomup, which gives at most 3 in a "
            "frame",
        ),
        (
            {**FOLLOWED, "model_paths": "multi_class_bottomup", "max_tracks": 3},
            "tracking, max_tracks: no effect with multi_class_bottomup, whose classes are the "
            "tracks",
        ),
        (
            {**FOLLOWED, "max_instances": 2, "tracking_pre_cull_to_target": 1},
            "tracking_pre_cull_to_target: no effect, as a frame has at most 2 anyway "
            "(max_instances)",
        ),
        (
            {"frames": [0], "model_paths": "single_instance", "filter_overlapping": True},
            "filter_overlapping: no effect, as a frame has at most 1 anyway (single_instance)",
        ),
        ({**FOLLOWED, "kf_reset_gap_size": 5}, "kf_reset_gap_size: no effect without use_kalman"),
        ({"frames": [0], "use_kalman": True}, "use_kalman: no effect without --tracking"),
        (
            {**ALONE, "frames": [0], "max_instances": 2},
            "max_instances: no effect with tracking without a model, which keeps the poses that "
            "there are; max_tracks limits the tracks, tracking_clean_instance_count those in a "
            "frame",
        ),
        ({**ALONE, "frames": [0, 500, 501]}, "2 of the frames asked for have no labels"),
    ],
)
def test_track_and_run_inference_warn_in_the_same_words(given, words, named, capfd, caplog):
    arguments = named(given)
    sleap_rt.run_inference(**arguments)
    told = list(caplog.messages)
    assert [one for one in told if "are followed anew" not in one] == [as_keywords(words)]
    with pytest.raises(SystemExit) as left:
        main(["track", *command_line(arguments)])
    assert left.value.code == 0
    warnings = [one for one in capfd.readouterr().err.splitlines() if one.startswith("Warning: ")]
    for warning, one in zip(warnings, told, strict=True):
        assert f"Warning: {one}" in in_python(warning)


def calibrated(**given: Any) -> CalibrationOptions:
    return CalibrationOptions(calibrate=Path("crawlers.mp4"), **given)


BOTH_EXPORTS: list[tuple[type[SleapRtError], str, Given, str]] = [
    (ModelError, "none", {}, "none does not exist"),
    (ModelError, "empty", {}, "empty is no model"),
    (OptionError, "bottomup", {"crop_size": 64}, "crop_size: no effect with bottomup"),
    (OptionError, "bottomup", {"n_points": 1}, "n_points must be at least 2"),
    (OptionError, "bottomup", {"precision": "int8"}, "Precision int8 needs typical frames"),
    (OptionError, "bottomup", {"calibrate": "a.mp4"}, "calibrate has no effect with precision"),
    (
        OptionError,
        "bottomup",
        {"precision": "int8", "calibrate": "a.mp4", "calibration_frames": 0},
        "calibration_frames must be at least 1",
    ),
    (OptionError, "bottomup", {"target": "sm86"}, "target is for engines"),
    (OptionError, "bottomup", {"format": "trt"}, "needs the GPU architecture as target"),
    (OptionError, "bottomup", {"format": "trt", "target": "abacus"}, "abacus"),
]


@pytest.mark.export
@pytest.mark.parametrize(("kind", "model", "given", "words"), BOTH_EXPORTS)
def test_both_exports_refuse_in_the_same_words(kind, model, given, words, named, called):
    shutil.copytree(TRAINED / "bottomup", "bottomup")
    with pytest.raises(SleapRtError) as refusal:
        export_with(Path(model), given)
    check(refusal.value, called(["export", model, *command_line(given)]), kind, words)
    assert not list(Path().rglob("*.onnx"))


def export_with(model: Path, given: Given) -> None:
    calibration = filled(CalibrationOptions, given) if "calibrate" in given else None
    options = filled(ExportOptions, {**given, "calibration": calibration})
    export_models([model], None, filled(ModelOverrides, given), options)
