"""Options of sleap-nn and of SLEAP 1.4 or older: the same meaning here, or told by name."""

import pytest

from sleap_rt.cli.options.resume import resume_asked
from sleap_rt.cli.track import command as track
from sleap_rt.errors import OptionError
from sleap_rt.tracking.options import TrackerOptions

# What the help of sleap-nn 0.3.5 lists for `predict` and for `export`.
PREDICT = """
    headers stream-mode embed restore_source_videos save_embeddings appearance_weight
    bbox_nms_iou fg_threshold min_mask_area center_nms_kernel mask_cleanup mask_cleanup_radius
    distance_gate_alpha merge_fragments merge_method merge_thresholds merge_w_valley
    merge_w_offset merge_dilate full_res_masks mask_output polygon_epsilon mask_backend
    sam_checkpoint sam_model_type sam_prompt_mode sam_anchor_ind sam_disjointify_masks
    sam3_model_id overlay_path euclidean_scale tracker track_buffer min_hits
    track_high_threshold track_low_threshold new_track_threshold min_match_similarity
    appearance_threshold link_tracklets mot_param
"""
EXPORT = """
    max-instances input-height input-width max-edge-length-ratio dist-penalty-weight peak-threshold
    workspace-size-gb
"""
EXPORT_WITHOUT_EFFECT = {
    "--verify": "every graph is compared with its checkpoint",
    "--device cuda": "models are exported on the CPU, and the graphs run on every device",
    "--opset-version=17": "every engine reads the operators that are used",
    "--max-batch-size 8": "graphs have no limit of their own; a run takes --max_instances and "
    "--batch_size",
    "--max_peaks_per_node 20": "graphs have no limit of their own",
}
PACE = "--cpu_workers, --paf_workers, --stream_to_file, --write_interval: no effect; "
EVAL = "bbox_source bbox_padding centroid_method centroid_fallback"
EVAL_TRACKING = "carrier match_threshold mt_threshold ml_threshold global_identity"


@pytest.mark.parametrize(
    ("command", "flag"),
    [
        *(("predict", flag) for flag in PREDICT.split()),
        *(("export", flag) for flag in EXPORT.split()),
        *(("eval", flag) for flag in EVAL.split()),
        *(("eval-tracking", flag) for flag in EVAL_TRACKING.split()),
    ],
)
def test_what_is_not_here_is_refused_by_name(command, flag, call):
    done = call(command, f"--{flag}", "1")
    assert done.code == 2
    assert done.err.startswith(f"Error: --{flag.replace('-', '_')} is ")


def test_all_that_is_not_here_is_told_at_once(call):
    done = call(
        *("export", "m", "--max-edge-length-ratio=.2", "--workspace-size-gb", "2", "--verify"),
        "--workspace_size_gb",
    )
    assert done.code == 2
    assert done.err == (
        "Error: --max_edge_length_ratio is not built into a graph; pass it to track. "
        "--workspace_size_gb is an option of track: --workspace, in MiB.\n"
    )


@pytest.mark.export
def test_what_export_does_anyway_or_never_needs_is_taken_with_a_warning(call, request, tmp_path):
    model = request.config.rootpath / "samples/models/single_instance"
    words = " ".join(EXPORT_WITHOUT_EFFECT).split()
    done = call("export", model, "-o", tmp_path / "graphs", *words)
    assert done.code == 0, done.err
    for flag, why in EXPORT_WITHOUT_EFFECT.items():
        name = flag.partition("=")[0].partition(" ")[0].replace("-", "_").replace("__", "--")
        assert f"Warning: {name} has no effect: {why}" in done.err
    done = call("export", model, "-o", tmp_path / "graphs", "--no-verify")
    assert "Warning: --no_verify has no effect: every graph is compared" in done.err


def test_export_says_where_options_of_a_run_are_built_in(call):
    done = call("export", "m", "--verify", "--max-instances", "5", "--peak-threshold", ".1")
    assert (done.code, done.err) == (
        2,
        "Error: --max_instances and --peak_threshold are built into graphs for Bonsai only; others "
        "take them at run time: pass them to track, or add --format bonsai\n",
    )


@pytest.mark.parametrize(
    ("flag", "ours"),
    [
        ("--tracking.tracker", "use_flow"),
        ("--tracking.match", "track_matching_method"),
        ("--gpu", "here it is --device cuda:N,"),
        ("--tracking.kf_node_indices", "motion_model kalman"),
        ("--verbosity", "--gui (progress as JSON lines) or --quiet"),
        ("--model", "model_paths"),
    ],
)
def test_the_old_dialect_is_translated(flag, ours, call):
    done = call("track", flag, "flow")
    assert done.code == 2
    assert done.err.startswith(f"Error: {flag} is an option of SLEAP 1.4 or older; here it is ")
    assert ours in done.err


def test_a_typing_error_gets_the_nearest_name(call):
    done = call("track", "--peak_treshold", "0.1")
    assert done.code == 2
    assert "--peak_threshold" in done.err


def test_what_the_graphical_front_end_sends_runs(call, request, sample_graphs, tmp_path):
    """Of sleap-nn's front end: decoding options whatever the model, with their default values."""
    (graph,) = sample_graphs("single_instance")
    clip = request.config.rootpath / "samples/one_crawler.mp4"
    out = tmp_path / "out.slp"
    done = call(
        *("predict", "--gui", "-i", clip, "-m", graph, "-o", out, "--frames", "0-3"),
        *("--runtime", "onnx", "--peak-conf-threshold=0.2", "--max_instances", "2"),
        *["--n_points", "10", "--max_edge_length_ratio", "0.25", "--dist_penalty_weight", "1.0"],
        *["--min_line_scores", "0.25", "--integral_patch_size", "5", "--tracking"],
        *["--use_kalman", "--kf_track_features", "centroid", "--kf_init_frame_count", "10"],
        *["--kf_reset_gap_size", "5", "--kf_node_indices", "0,1", "--features", "centroids"],
        *["--scoring_method", "euclidean_dist", "--tracking_target_instance_count", "1"],
        *["--cpu-workers", "4", "--paf-workers", "2", "--write-interval=100", "--stream-to-file"],
    )
    assert done.code == 0, done.err
    assert out.exists()
    warnings = [line for line in done.err.splitlines() if line.startswith("Warning")]
    assert len(warnings) == 3
    assert "motion_model kalman" in "".join(warnings)
    assert "--max_instances" in "".join(warnings)
    assert PACE in "".join(warnings)


@pytest.mark.parametrize("words", [("--frames", ""), ("--frames=",), ("--config", "run.yaml")])
def test_no_frames_at_all_are_all_of_them(words, call, request, sample_graphs, tmp_path):
    """Sleap-nn's default, which scripts pass on: `--frames "$FRAMES"`."""
    (graph,) = sample_graphs("single_instance")
    clip = request.config.rootpath / "samples/one_crawler.mp4"
    file = tmp_path / "run.yaml"
    file.write_text('frames: ""\n')
    typed = [file if word == file.name else word for word in words]
    done = call("track", clip, "-m", graph, "-o", tmp_path / "a.slp", "--dry_run", *typed)
    assert (done.code, "frames: 60 of 60" in done.out) == (0, True)
    assert "Warning: --frames: empty, so taken as not given, for all frames\n" in done.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("--features masks", "masks needs masks, and sleap-rt does poses"),
        ("--features embeddings", "embeddings needs embeddings, and"),
        ("--scoring_method mask_iou", "mask_iou needs masks, and"),
    ],
)
def test_values_of_sleap_nn_that_are_not_here_are_told(words, why, call):
    done = call("track", "a.mp4", "-m", "model", "-t", *words.split())
    assert done.code == 2
    assert why in done.err
    assert "is not one of" in done.err
    name, value = words.removeprefix("--").split()
    with pytest.raises(OptionError, match=f"must be one of .*; {why}"):
        TrackerOptions(**{name: value})


def test_sleap_nns_formats_are_ours(call, request):
    model = request.config.rootpath / "samples/models/bottomup"
    for name in ("tensorrt", "both", "trt"):
        done = call("export", model, "-f", name)
        assert done.code == 2
        assert "--format trt needs the GPU architecture as --target" in done.err
        assert "without --format, TensorRT builds engines" in done.err
    done = call("export", model, "--precision", "tf32")
    assert done.code == 2
    assert "'fp32', 'fp16', 'int8'; tf32 is not here: fp32 keeps all bits" in done.err


@pytest.mark.parametrize(
    ("words", "restarts", "asked"),
    [
        ("", None, None),
        ("", "0", None),
        ("", "1", "auto"),
        ("--resume", "1", True),
        ("--no-resume", "1", False),
        ("--resume auto", None, "auto"),
        ("--resume=auto", None, "auto"),
    ],
)
def test_a_requeued_job_goes_on_by_itself(words, restarts, asked, monkeypatch):
    monkeypatch.delenv("SLURM_RESTART_COUNT", raising=False)
    if restarts is not None:
        monkeypatch.setenv("SLURM_RESTART_COUNT", restarts)
    given = track.make_context("track", ["-i", "a.mp4", "-m", "b", *words.split()])
    assert resume_asked(given.params) == asked
