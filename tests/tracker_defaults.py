"""Defaults of sleap-nn's tracking options that take a value, by its page and its help."""

TRACKER_DEFAULTS: dict[str, object] = {
    "tracking_window_size": 5,
    "min_new_track_points": 0,
    "candidates_method": "fixed_window",
    "min_match_points": 0,
    "features": "keypoints",
    "scoring_method": "oks",
    "scoring_reduction": "mean",
    "robust_best_instance": 1.0,
    "track_matching_method": "hungarian",
    "max_tracks": None,
    "of_img_scale": 1.0,
    "of_window_size": 21,
    "of_max_levels": 3,
    "tracking_target_instance_count": None,
    "tracking_pre_cull_to_target": 0,
    "tracking_pre_cull_iou_threshold": 0,
    "tracking_clean_instance_count": 0,
    "tracking_clean_iou_threshold": 0,
}
