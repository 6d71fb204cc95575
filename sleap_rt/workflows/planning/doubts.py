"""Likely mistakes that can run: limits out of reach, models that do not fit."""

from collections.abc import Iterator, Sequence
from dataclasses import fields

from sleap_rt.errors import FrameError
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.model_set import ModelSet
from sleap_rt.runtime.predictors import effective_options, most_instances
from sleap_rt.tracking import TrackerOptions
from sleap_rt.words import counted
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import PredictionPlan

_MOST_NAMED = 4  # nodes
_FAR = 1.5  # times as large, or as small, as in training


def doubts(plan: PredictionPlan, opened: OpenInput) -> list[str]:
    """What a person should know ahead of a run, one sentence each.

    Args:
        plan: of the prediction.
        opened: its input; the first frame of the run is read.
    """
    try:
        shape = opened.source.read(plan.selection.refs[0]).shape
    except FrameError:  # the run itself tells it
        shape = None
    return [*_points_beside_poses(plan, opened), *doubts_about(plan, shape)]


def doubts_about(plan: PredictionPlan, shape: tuple[int, ...] | None) -> list[str]:
    """The same.

    Args:
        plan: of the prediction.
        shape: (height, width, channels) of the frames; None where it is not known.
    """
    options, models = plan.options, plan.models
    found = [f"{limit}: {why}" for limit, why in out_of_reach(options, models).items()]
    found += _of_no_use(options.decode, options.tracking, models)
    found += _with_so_few(options, models)
    if options.frame_range_of is not None and not plan.positions:
        found.append(
            f"part {options.frame_range_of} has no frames: parts are whole "
            "batches, and begin where a video can be decoded from; the other parts have all"
        )
    found += of_two_trainings(models)
    return found if shape is None else [*found, *unlike_training(shape, models)]


def _points_beside_poses(plan: PredictionPlan, opened: OpenInput) -> Iterator[str]:
    """The command takes over the poses of labels where Python gives points by itself."""
    options, labels = plan.options, opened.labels
    is_asked_for = plan.match_known or options.centroid_only or "match_known" in options.given
    if labels is None or is_asked_for or not plan.models.is_centroid_alone:
        return
    if any(ref in labels for ref in plan.selection.refs):
        yield (
            "a centroid model alone gives one point per animal, not the poses that the labels "
            "have; match_known=True takes these over, as the command does, and match_known=False "
            "says that points are wanted"
        )


def out_of_reach(options: PredictionOptions, models: ModelSet) -> dict[str, str]:
    """Limits that nothing can pass, with their values -> why.

    Args:
        options: of the prediction.
        models: of the run.
    """
    decode, filters, n_nodes = options.decode, options.filters, models.skeleton.n_nodes
    tracking = None if models.class_names else options.tracking
    n_start = None if tracking is None else tracking.min_new_track_points
    effective = effective_options(models)
    scores = {
        "peak_threshold": decode.peak_threshold,
        "centroid_peak_threshold": decode.centroid_peak_threshold,
        "min_line_scores": decode.min_line_scores,
    }
    scores = {name: value for name, value in scores.items() if name in effective}
    scores["filter_min_mean_node_score"] = filters.filter_min_mean_node_score
    counts = {
        "min_instance_peaks": decode.min_instance_peaks if "min_instance_peaks" in effective else 0,
        "filter_min_visible_nodes": filters.filter_min_visible_nodes,
        "min_new_track_points": n_start,
    }
    found = {
        f"{name} {value:g}": f"hardly anything reaches more than {most}"
        for limits, most in ((scores, 1), (counts, n_nodes))
        for name, value in limits.items()
        if value is not None and value > most
    }
    if "max_edge_length_ratio" in effective and decode.max_edge_length_ratio == 0:
        found["max_edge_length_ratio 0"] = "every edge is too long, and hardly one is kept"
    return found


def _of_no_use(
    decode: DecodeOptions, tracking: TrackerOptions | None, models: ModelSet
) -> Iterator[str]:
    """What is harmless and changes nothing with these models: programs for sleap-nn send it."""
    names, at_most = models.class_names, most_instances(models)
    if decode.max_instances is not None and at_most is not None and decode.max_instances > at_most:
        yield (
            f"max_instances {decode.max_instances}: no effect with {models.in_words}, which gives "
            f"at most {at_most} in a frame"
        )
    if tracking is not None and names:
        given = [field.name for field in fields(tracking) if not tracking.is_default(field.name)]
        yield (
            f"{', '.join(['tracking', *given])}: no effect with {models.in_words}, whose classes "
            "are the tracks"
        )


def _with_so_few(options: PredictionOptions, models: ModelSet) -> Iterator[str]:
    """What drops animals and can find none to drop, as a frame never has more."""
    of_options = options.decode.max_instances
    limits = [one for one in (of_options, most_instances(models)) if one is not None]
    if not limits:
        return
    most, tracking = min(limits), None if models.class_names else options.tracking
    useless = ["filter_overlapping"] if options.filters.filter_overlapping and most == 1 else []
    if tracking is not None and tracking.tracking_pre_cull_to_target:
        target = tracking.target_count
        useless += ["tracking_pre_cull_to_target"] if target and most <= target else []
    if useless:
        yield (
            f"{', '.join(useless)}: no effect, as a frame has at most {most} anyway "
            f"({'max_instances' if most == of_options else models.in_words})"
        )


def of_two_trainings(models: ModelSet) -> Iterator[str]:
    """The two models of a pair that were trained on different projects, in words."""
    yield from of_two_skeletons([one.skeleton.node_names for one in models.contracts])


def of_two_skeletons(node_names: Sequence[Sequence[str]]) -> Iterator[str]:
    """The same by the nodes of each model."""
    first, last = node_names[0], node_names[-1]
    if {*first} != {*last}:
        yield (
            f"the centroid model was trained on animals of {_nodes(first, last)}, the crop model "
            f"on others, of {_nodes(last, first)}: check that the two belong together"
        )


def _nodes(names: Sequence[str], others: Sequence[str]) -> str:
    """Their number, and some of those that the others are not."""
    own = [name for name in names if name not in others]
    named = [*own[:_MOST_NAMED], *(["..."] if own[_MOST_NAMED:] else [])]
    return counted(len(names), "node") + (f" ({', '.join(named)})" if own else "")


def unlike_training(shape: tuple[int, ...], models: ModelSet) -> Iterator[str]:
    """How a frame, (height, width, channels), is far from those of the training."""
    height, width, channels = shape
    trained = models.first.preprocessing
    pairs = ((height, trained.max_height), (width, trained.max_width))
    factors = [side / most for side, most in pairs if most]
    if factors and not 1 / _FAR <= max(factors) <= _FAR:
        yield (
            f"frames are {width} x {height} px, those of the training at most "
            f"{trained.max_width or 'any'} x {trained.max_height or 'any'}: check that the model "
            "is for this video"
        )
    if trained.channels == "as_is" and channels != trained.in_channels:
        of_video, of_model = ("gray", "colour") if channels == 1 else ("in colour", "gray")
        yield f"frames are {of_video}, and the model was trained on {of_model} ones"
