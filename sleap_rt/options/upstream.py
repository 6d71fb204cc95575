"""Options of sleap-nn, and of SLEAP 1.4 or older, that have another name here or are not here."""

from collections.abc import Mapping

_MASKS = "is about masks or boxes; sleap-rt does poses"
_SAM = "is about SAM; sleap-rt does poses"
_EMBEDDINGS = "is about embeddings; sleap-rt tells animals apart by pose, place and motion"
_TRACKERS = (
    "is of sleap-nn's multi-object trackers; here are the candidates of the last frames "
    "(candidates_method), optical flow (use_flow) and a motion model (motion_model kalman)"
)
_KALMAN = "is of sleap-nn's Kalman candidates; here is a motion model (motion_model kalman)"
_REMOTE = "is about remote files; download the file and pass its path"
_AT_RUN_TIME = "is not built into a graph; pass it to track"
_NO_LIMIT = (
    "has no effect: graphs have no limit of their own; a run takes --max_instances and --batch_size"
)

_REASONS: dict[str, tuple[str, ...]] = {
    _MASKS: (
        "bbox_nms_iou",
        "bbox_padding",
        "bbox_source",
        "carrier",
        "center_nms_kernel",
        "distance_gate_alpha",
        "fg_threshold",
        "full_res_masks",
        "mask_backend",
        "mask_cleanup",
        "mask_cleanup_radius",
        "mask_output",
        "merge_dilate",
        "merge_fragments",
        "merge_method",
        "merge_thresholds",
        "merge_w_offset",
        "merge_w_valley",
        "min_mask_area",
        "polygon_epsilon",
    ),
    _SAM: (
        "sam3_model_id",
        "sam_anchor_ind",
        "sam_checkpoint",
        "sam_disjointify_masks",
        "sam_model_type",
        "sam_prompt_mode",
    ),
    _EMBEDDINGS: ("appearance_threshold", "appearance_weight", "save_embeddings"),
    _TRACKERS: (
        "euclidean_scale",
        "link_tracklets",
        "min_hits",
        "min_match_similarity",
        "mot_param",
        "new_track_threshold",
        "track_buffer",
        "track_high_threshold",
        "track_low_threshold",
        "tracker",
    ),
    _KALMAN: (  # track takes them with a warning
        "kf_init_frame_count",
        "kf_node_indices",
        "kf_reset_gap_size",
        "kf_track_features",
        "use_kalman",
    ),
    _REMOTE: ("headers", "stream_mode"),
    "is not needed: results are grouped beside the engine, and written as they come": (
        "cpu_workers",  # track takes all of them with a warning
        "paf_workers",
        "stream_to_file",
        "write_interval",
    ),
    "is not here: results refer to the video; `sio embed` puts images into a `.slp`": (
        "embed",
        "restore_source_videos",
    ),
    "is a command here: `sleap-nn render` draws poses over the video": ("overlay_path",),
}
_EXPORT_REASONS: dict[str, tuple[str, ...]] = {
    _AT_RUN_TIME: ("dist_penalty_weight", "max_edge_length_ratio"),
    "is not needed: graphs take frames of any size; with --format trt there is --frame_size": (
        "input_height",
        "input_width",
    ),
    "is an option of track: --workspace, in MiB": ("workspace_size_gb",),
    _NO_LIMIT: ("max_batch_size", "max_peaks_per_node"),  # export takes these with a warning
    "has no effect: every engine reads the operators that are used": ("opset_version",),
    "has no effect: every graph is compared with its checkpoint": ("verify", "no_verify"),
    "has no effect: models are exported on the CPU, and the graphs run on every device": (
        "device",
    ),
}
_EVAL_REASONS: dict[str, tuple[str, ...]] = {
    _MASKS: ("bbox_padding", "bbox_source", "carrier"),
    "is not here: with match_method centroid, the centroid is anchor_part, or the mean of the "
    "visible nodes": ("centroid_fallback", "centroid_method"),
    "is similarity_threshold here": ("match_threshold",),
    "is fixed: more than 80 % of an animal's frames are mostly tracked, less than 20 % mostly "
    "lost": ("ml_threshold", "mt_threshold"),
    "is not here: identities are compared video by video": ("global_identity",),
}
OLD_DIALECT: Mapping[str, str] = {
    "first_gpu": "--device cuda:0",
    "cpu": "--device cpu",
    "last_gpu": "--device cuda:N, of the GPU with number N",
    "gpu": "--device cuda:N, of the GPU with number N",
    "model": "model_paths",
    "output": "output_path",
    "verbosity": "--gui (progress as JSON lines) or --quiet",
    "tracking.tracker": "--tracking, with --use_flow or --motion_model kalman if wanted",
    "tracking.match": "track_matching_method",
    "tracking.similarity": "--features and --scoring_method",
    "tracking.track_window": "tracking_window_size",
    "tracking.max_tracks": "max_tracks",
    "tracking.max_tracking": "max_tracks",
    "tracking.target_instance_count": "tracking_target_instance_count",
    "tracking.pre_cull_to_target": "tracking_pre_cull_to_target",
    "tracking.pre_cull_iou_threshold": "tracking_pre_cull_iou_threshold",
    "tracking.post_connect_single_breaks": "post_connect_single_breaks",
    "tracking.clean_instance_count": "tracking_clean_instance_count",
    "tracking.clean_iou_threshold": "tracking_clean_iou_threshold",
    "tracking.min_new_track_points": "min_new_track_points",
    "tracking.min_match_points": "min_match_points",
    "tracking.img_scale": "of_img_scale",
    "tracking.of_window_size": "of_window_size",
    "tracking.of_max_levels": "of_max_levels",
    "tracking.save_shifted_instances": "nothing: shifted poses are always reused",
    "tracking.kf_node_indices": "motion_model kalman, which uses all nodes",
    "tracking.kf_init_frame_count": "motion_model kalman, which needs no frames ahead",
    "tracking.oks_errors": "oks_stddev",
    "tracking.oks_score_weighting": "scoring_method oks",
    "tracking.oks_normalization": "scoring_method oks",
    "tracking.robust": "scoring_reduction robust_quantile with robust_best_instance",
}
"""By name of SLEAP 1.4 and older, without dashes in front: what it is here."""

RENAMED: Mapping[str, Mapping[str, str]] = {
    "track": {"runtime": "engine", "peak_conf_threshold": "peak_threshold"},
    "export": {"n_line_points": "n_points"},
}
"""By command: sleap-nn's name -> ours, for options that mean the same."""

_NEEDS_MASKS = "needs masks, and sleap-rt does poses"
_VALUES = {
    **dict.fromkeys(("masks", "mask_iou", "mask", "semantic"), _NEEDS_MASKS),
    "bbox": "needs boxes, and sleap-rt does poses",
    "embeddings": "needs embeddings, and sleap-rt tells animals apart by pose, place and motion",
    "tf32": "is not here: fp32 keeps all bits of float32",
}
_OF_COMMANDS = {
    "export": _EXPORT_REASONS,
    "eval": _EVAL_REASONS,
    "eval-tracking": _EVAL_REASONS,
}


def why_unknown(name: str, command: str = "track") -> str | None:
    """What to say about an option of sleap-nn or SLEAP that is not ours; None for all others.

    Args:
        name: without dashes in front, with underscores.
        command: of ours that it was given to.
    """
    reasons = _OF_COMMANDS.get(command, _REASONS)
    for reason, names in reasons.items():
        if name in names:
            return f"{name} {reason}."
    ours = OLD_DIALECT.get(name) if command == "track" else None
    return ours and f"{name} is an option of SLEAP 1.4 or older; here it is {ours}."


def why_no_choice(value: object) -> str:
    """What to add where a value is none of an option's choices; empty if sleap-nn has none such."""
    reason = _VALUES.get(value) if isinstance(value, str) else None
    return f"; {value} {reason}" if reason else ""
