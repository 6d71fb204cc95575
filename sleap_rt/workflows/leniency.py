"""Values that programs written for sleap-nn send: taken in its meaning, with a warning.

A person at a graphical front end cannot change the line it sends; what is harmless there must run
here. Everything else that has no effect is refused.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sleap_rt.options import FilterOptions
from sleap_rt.tracking.options import WITHOUT_MOTION, TrackerOptions
from sleap_rt.workflows.tracking import counts_by_instances, without_effect

_Values = dict[str, Any]
_Rule = Callable[[_Values, Collection[str]], str | None]
_KALMAN_DETAILS = (
    "kf_track_features",
    "kf_init_frame_count",
    "kf_node_indices",
    "kf_reset_gap_size",
)
_PACE = ("cpu_workers", "paf_workers", "stream_to_file", "write_interval")
SENT_FOR_SLEAP_NN = ("use_kalman", *_KALMAN_DETAILS, *_PACE)
"""Options that are not ours at all."""


def taken_leniently(
    values: Mapping[str, Any], given: Collection[str]
) -> tuple[dict[str, Any], list[str]]:
    """The values in our terms, and a warning for all that was changed or has no effect.

    Args:
        values: name -> value of any options of a run; without any `model_paths`, if that is there,
            poses are only tracked.
        given: names of those that the user set.
    """
    taken = dict(values)
    warnings = [rule(taken, given) for rule in _RULES]
    warnings.append(without_effect(given, taken))
    return taken, [warning for warning in warnings if warning is not None]


def _no_frames(values: _Values, given: Collection[str]) -> str | None:
    if values.get("frames") != []:  # as a command line has them, not a call in Python
        return None
    values["frames"] = None
    return "frames: empty, so taken as not given, for all frames"


def _no_target(values: _Values, given: Collection[str]) -> str | None:
    if values.get("tracking_target_instance_count") != 0:
        return None
    values["tracking_target_instance_count"] = None
    if not values.get("tracking"):
        return None  # told with all that has no effect then
    return "tracking_target_instance_count 0: taken as not given"


def _overlap_threshold(values: _Values, given: Collection[str]) -> str | None:
    if values.get("filter_overlapping"):
        return None
    names = ("filter_overlapping_method", "filter_overlapping_threshold")
    return _back_to_default(values, FilterOptions, names, "without filter_overlapping")


def _kalman(values: _Values, given: Collection[str]) -> str | None:
    details = [name for name in _KALMAN_DETAILS if values.pop(name, None) is not None]
    asked = values.pop("use_kalman", False)
    if not asked or not values.get("tracking"):
        missing, useless = ("--tracking", ["use_kalman"]) if asked else ("use_kalman", [])
        useless += details
        return f"{', '.join(useless)}: no effect without {missing}" if useless else None
    values["motion_model"] = "kalman"
    unused = [name for name in WITHOUT_MOTION if _differs(values, TrackerOptions, name)]
    _reset(values, TrackerOptions, unused)
    beside = f"; no effect beside it: {', '.join([*details, *unused])}" if details or unused else ""
    return f"use_kalman: sleap-rt's own motion model is used (motion_model kalman){beside}"


def _pace(values: _Values, given: Collection[str]) -> str | None:
    useless = [name for name in _PACE if values.pop(name, None) is not None]
    return (
        f"{', '.join(useless)}: no effect; results are grouped beside the engine, and written as "
        "they come"
        if useless
        else None
    )


def _robust_quantile(values: _Values, given: Collection[str]) -> str | None:
    reduction = values.get("scoring_reduction", TrackerOptions.scoring_reduction)
    if reduction == "robust_quantile" or not values.get("tracking"):
        return None
    names = ("robust_best_instance",)
    return _back_to_default(values, TrackerOptions, names, f"with scoring_reduction {reduction}")


def _boxes_for_iou(values: _Values, given: Collection[str]) -> str | None:
    if values.get("scoring_method") != "iou" or "features" in given or not values.get("tracking"):
        return None
    if values.get("motion_model", "none") != "none":
        return None  # which compares no boxes: refused, by the name that was given
    values["features"] = "bboxes"
    return "scoring_method iou compares boxes: features bboxes is used"


def _uncounted_cull(values: _Values, given: Collection[str]) -> str | None:
    counts = ("tracking_target_instance_count", "max_tracks", "max_instances")
    culls = values.get("tracking") and values.get("tracking_pre_cull_to_target")
    if not culls or any(values.get(name) for name in counts):
        return None
    names = ("tracking_pre_cull_to_target", "tracking_pre_cull_iou_threshold")
    return _back_to_default(
        values,
        TrackerOptions,
        names,
        f"without the number of animals ({', '.join(counts[:-1])} or {counts[-1]})",
    )


def _instances_of_no_model(values: _Values, given: Collection[str]) -> str | None:
    if values.get("model_paths", True) or not values.get("tracking"):
        return None  # there is a model, or nothing to do at all
    if values.get("max_instances") is None or counts_by_instances(values):
        return None
    values["max_instances"] = None
    return (
        "max_instances: no effect with tracking without a model, which keeps the poses that there "
        "are; max_tracks limits the tracks, tracking_clean_instance_count those in a frame"
    )


_RULES: tuple[_Rule, ...] = (
    _no_frames,
    _no_target,
    _overlap_threshold,
    _kalman,
    _pace,
    _robust_quantile,
    _boxes_for_iou,
    _uncounted_cull,
    _instances_of_no_model,
)


def _back_to_default(
    values: _Values, options: type, names: Collection[str], condition: str
) -> str | None:
    """Undo options that differ from their default; the warning names them."""
    useless = [name for name in names if _differs(values, options, name)]
    _reset(values, options, useless)
    return f"{', '.join(useless)}: no effect {condition}" if useless else None


def _differs(values: _Values, options: type, name: str) -> bool:
    return name in values and values[name] != getattr(options, name)


def _reset(values: _Values, options: type, names: Collection[str]) -> None:
    for name in names:
        values[name] = getattr(options, name)
