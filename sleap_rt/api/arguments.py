"""Options as keyword arguments of the Python functions, under the names the command has."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from sleap_rt.errors import OptionError
from sleap_rt.options.frames import given_frames
from sleap_rt.options.paths import given_path

CENTROID_ONLY = {
    "centroid_only": "a centroid model alone gives its centroids here, also for labels; "
    "match_known=True takes over the poses of labelled animals, as the command does without it"
}


class OverrideArguments(TypedDict, total=False):
    """What replaces settings of the training. Left out, or None: the training's."""

    backbone_ckpt_path: str | Path | None
    head_ckpt_path: str | Path | None
    max_height: int | None
    max_width: int | None
    input_scale: float | None
    ensure_rgb: bool | None
    ensure_grayscale: bool | None
    crop_size: int | None
    anchor_part: str | None
    integral_patch_size: int | None
    n_points: int | None


class ModelArguments(OverrideArguments, total=False):
    """Arguments that are fixed when models are opened. Left out: the command's default.

    Attributes:
        peak_threshold: confidence below which there is no peak; of both stages, or [centroid,
            centered instance].
        integral_refinement: `integral` moves a peak within its cell by integral regression, `none`
            (or None) leaves it on the grid.
        match_known: a centroid model alone takes over the poses of labelled animals, as the command
            does by itself; False gives its centroids, as `--centroid_only`.
        progress: a bar for a first export; None shows one on terminals and in notebooks.
    """

    engine: str
    device: str
    threads: int | None
    workspace: int | None
    cuda_graphs: bool | None
    peak_threshold: float | list[float]
    centroid_peak_threshold: float | None
    integral_refinement: Literal["integral", "none"] | None
    max_instances: int | None
    max_edge_length_ratio: float
    dist_penalty_weight: float
    min_line_scores: float
    min_instance_peaks: float
    detect_every: int
    match_known: bool
    progress: bool | None


class TrackingArguments(TypedDict, total=False):
    """Arguments for following animals. Left out: the command's default.

    Attributes:
        tracking: follow animals through frames; without it, the others have no effect.
        use_kalman: sleap-nn's word for `motion_model="kalman"`, taken with a warning.
        kf_track_features: of sleap-nn's Kalman tracker, taken with a warning.
        kf_init_frame_count: of sleap-nn's Kalman tracker, taken with a warning.
        kf_node_indices: of sleap-nn's Kalman tracker, taken with a warning.
        kf_reset_gap_size: of sleap-nn's Kalman tracker, taken with a warning.
    """

    tracking: bool
    tracking_window_size: int
    min_new_track_points: int
    candidates_method: Literal["fixed_window", "local_queues"]
    min_match_points: int
    features: Literal["keypoints", "centroids", "bboxes", "image"]
    scoring_method: Literal["oks", "cosine_sim", "iou", "euclidean_dist"]
    scoring_reduction: Literal["mean", "max", "robust_quantile"]
    robust_best_instance: float
    track_matching_method: Literal["hungarian", "greedy"]
    max_tracks: int | None
    oks_stddev: float
    use_flow: bool
    of_img_scale: float
    of_window_size: int
    of_max_levels: int
    motion_model: Literal["none", "kalman"]
    post_connect_single_breaks: bool
    tracking_target_instance_count: int | None
    tracking_pre_cull_to_target: int
    tracking_pre_cull_iou_threshold: float
    tracking_clean_instance_count: int
    tracking_clean_iou_threshold: float
    use_kalman: bool
    kf_track_features: str | None
    kf_init_frame_count: int | None
    kf_node_indices: str | Sequence[int] | None
    kf_reset_gap_size: int | None


class FilterArguments(TypedDict, total=False):
    """Which instances are dropped. Left out: the command's default."""

    filter_overlapping: bool
    filter_overlapping_method: Literal["iou", "oks"]
    filter_overlapping_threshold: float
    filter_min_visible_nodes: int
    filter_min_visible_node_fraction: float
    filter_min_mean_node_score: float
    filter_min_instance_score: float
    filter_min_centroid_distance: float


class RunArguments(FilterArguments, TrackingArguments, total=False):
    """Arguments that can differ from call to call. Left out: the command's default.

    Attributes:
        batch_size: frames per call of the engine; None or `auto` lets memory and measurements
            decide.
        cluster: whose workers predict: `local:N`, the address of a scheduler, or a `.yaml` file of
            jobs; None predicts here.
        frame_range_of: `K/N`: the K-th of N parts of the frames, which `merge_parts` joins.
        frames: frame numbers, such as range(10), or `0-9,20` as in the command; None takes all. In
            labels they hold for each of the videos.
        centroid_output: how a centroid model alone stores what it finds: an instance of one node, a
            centroid, or both.
        no_empty_frames: leave out frames without instances.
        output_format: kind of the file to write, or `auto`: as `output_path` ends, else slp.
        overwrite: replace a file that is not the unchanged result of the same input.
        skip_existing: of many inputs, leave out those whose result is there.
        summary: of many inputs: JSON file that says what became of each.
        reproducible: leave times out of the result, so that the same run gives the same bytes.
        resume: continue the journal of an interrupted run; `auto` does if there is one, False
            starts again, None refuses to overwrite one.
        journal: keeps what was predicted until it is written; None: `<output_path>.journal`.
        gui: write progress as JSON lines on standard output.
        progress: bars on standard error; None: of a first export, if somebody looks.
    """

    batch_size: int | Literal["auto"] | None
    queue_maxsize: int
    stall_timeout: float
    on_error: Literal["continue", "stop"]
    cluster: str | Path | None
    frame_range_of: str | None
    frames: Iterable[int] | str | None
    video_index: int | None
    only_labeled_frames: bool
    only_suggested_frames: bool
    exclude_user_labeled: bool
    only_predicted_frames: bool
    video_dataset: str | None
    video_input_format: Literal["channels_last", "channels_first"]
    video_colors: Literal["bt601", "tagged"]
    centroid_output: Literal["instance", "centroid", "both"]
    no_empty_frames: bool
    output_format: Literal["auto", "slp", "analysis_h5", "csv", "nwb", "coco"]
    overwrite: bool
    skip_existing: bool
    summary: str | Path | None
    reproducible: bool
    resume: bool | Literal["auto"] | None
    journal: str | Path | None
    gui: bool
    progress: bool | None


class LiveArguments(ModelArguments, FilterArguments, TrackingArguments, total=False):
    """Arguments of a live run. Left out: the command's default.

    Attributes:
        output_format: kind of the file to record to, or `auto`: as `output_path` ends, else slp.
        no_empty_frames: leave out frames without instances.
        overwrite: replace a file that is not the unchanged result of the same input.
    """

    rate: float | None
    size: Sequence[int] | None
    camera_format: str | None
    stall_timeout: float
    duration: float | None
    deadline_ms: float | None
    report_every: float
    zmq: str | None
    view: int | None
    output_format: Literal["auto", "slp", "analysis_h5", "csv", "nwb", "coco"]
    no_empty_frames: bool
    overwrite: bool


class InferenceArguments(ModelArguments, RunArguments, total=False):
    """Arguments for opening models and for one call.

    Attributes:
        preview: write a picture of a few frames beside each result.
    """

    preview: bool


def in_our_words(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with sleap-nn's other spellings replaced by ours.

    Raises:
        OptionError: `peak_threshold` is a list of other than two numbers.
    """
    values = dict(given)
    threshold = values.get("peak_threshold")
    if isinstance(threshold, list | tuple):
        if len(threshold) != 2 or values.get("centroid_peak_threshold") is not None:
            raise OptionError(
                "peak_threshold must be a number, or [centroid, centered instance] without "
                f"centroid_peak_threshold; got {threshold}"
            )
        values["centroid_peak_threshold"], values["peak_threshold"] = threshold
    if values.get("integral_refinement", "") in (None, "None", "NONE"):
        values["integral_refinement"] = "none"
    for name in ("backbone_ckpt_path", "head_ckpt_path", "journal", "summary"):
        if name in values:
            values[name] = given_path(name, values[name])
    if values.get("batch_size") == "auto":
        values["batch_size"] = None
    if values.get("frames") is not None:
        values["frames"] = given_frames(values["frames"])
    return values
