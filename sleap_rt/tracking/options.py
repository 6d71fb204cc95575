"""Every option of the tracker: its default, its unit and its check, here and nowhere else."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from numbers import Integral
from typing import Any, Literal, get_args, get_type_hints

from sleap_rt.errors import OptionError, log_of
from sleap_rt.libraries.opencv import need_opencv
from sleap_rt.options.running import NO_FILTERS, DecodeOptions, EngineOptions, FilterOptions
from sleap_rt.options.upstream import why_no_choice, why_unknown
from sleap_rt.options.value_types import typed

SCORINGS_OF_FEATURES: dict[str, tuple[str, ...]] = {
    "keypoints": ("oks", "euclidean_dist", "cosine_sim"),
    "centroids": ("euclidean_dist", "cosine_sim"),
    "bboxes": ("iou", "euclidean_dist", "cosine_sim"),
    "image": ("cosine_sim", "euclidean_dist"),
}

_log = log_of(__name__)


@dataclass(frozen=True, kw_only=True)
class TrackerOptions:
    """All options of the tracker.

    An option that has no effect in combination with the others must keep its default.

    Attributes:
        tracking_window_size: past frames that are compared with; with `local_queues`, past
            instances of a track.
        min_new_track_points: visible nodes that an instance needs to start a track.
        candidates_method: `fixed_window` forgets a track that is not seen for a window,
            `local_queues` never.
        min_match_points: visible nodes that a past instance needs to be compared with.
        features: what of two instances is compared.
        scoring_method: similarity of the features.
        scoring_reduction: how the scores with the past instances of a track become one.
        robust_best_instance: quantile in (0, 1] for `robust_quantile`.
        track_matching_method: `hungarian` takes the best total, `greedy` the best pair first.
        max_tracks: most tracks ever begun in one video; None sets no limit.
        oks_stddev: spread of every node, as a share of the animal's size.
        use_flow: move past poses to the current frame by optical flow, which reads the images.
        of_img_scale: resize of both images ahead of the flow.
        of_window_size: window of the flow, px of the resized image, odd.
        of_max_levels: levels of the image pyramid above the first.
        motion_model: `kalman` predicts where tracks are, and matches by that.
        post_connect_single_breaks: join a track that ends with the one that begins there.
        tracking_target_instance_count: animals expected in a frame.
        tracking_pre_cull_to_target: not 0: at most the expected number of animals enters the
            tracker.
        tracking_pre_cull_iou_threshold: overlap in [0, 1] above which that drops an instance; 0: by
            score alone.
        tracking_clean_instance_count: above 0: at most so many instances of a frame leave the
            tracker, and breaks are joined.
        tracking_clean_iou_threshold: overlap in [0, 1] above which that drops an instance; 0: by
            score alone.

    Raises:
        OptionError: a value is not allowed, or stands in a combination that cannot be honoured.
    """

    tracking_window_size: int = 5
    min_new_track_points: int = 0
    candidates_method: Literal["fixed_window", "local_queues"] = "fixed_window"
    min_match_points: int = 0
    features: Literal["keypoints", "centroids", "bboxes", "image"] = "keypoints"
    scoring_method: Literal["oks", "cosine_sim", "iou", "euclidean_dist"] = "oks"
    scoring_reduction: Literal["mean", "max", "robust_quantile"] = "mean"
    robust_best_instance: float = 1.0
    track_matching_method: Literal["hungarian", "greedy"] = "hungarian"
    max_tracks: int | None = None
    oks_stddev: float = 0.025
    use_flow: bool = False
    of_img_scale: float = 1.0
    of_window_size: int = 21
    of_max_levels: int = 3
    motion_model: Literal["none", "kalman"] = "none"
    post_connect_single_breaks: bool = False
    tracking_target_instance_count: int | None = None
    tracking_pre_cull_to_target: int = 0
    tracking_pre_cull_iou_threshold: float = 0.0
    tracking_clean_instance_count: int = 0
    tracking_clean_iou_threshold: float = 0.0

    def __post_init__(self) -> None:
        self._check_values()
        self._check_motion()  # first: what it has no use for must not be blamed on something else
        self._check_matching()
        self._check_flow()
        self._check_counts()
        if self.needs_images:
            need_opencv("use_flow" if self.use_flow else "features image")

    @classmethod
    def choices(cls, name: str) -> tuple[str, ...]:
        """The allowed values of an option that is a choice; empty for other options."""
        return tuple(value for value in get_args(_TYPES[name]) if isinstance(value, str))

    def is_default(self, name: str) -> bool:
        return bool(getattr(self, name) == _DEFAULTS[name])

    @property
    def needs_images(self) -> bool:
        """Whether every frame's image is read."""
        return self.use_flow or self.features == "image"

    @property
    def connects_breaks(self) -> bool:
        return self.post_connect_single_breaks or self.tracking_clean_instance_count > 0

    @property
    def target_count(self) -> int | None:
        """Animals expected in a frame; None if no option gives their number."""
        return self.tracking_target_instance_count or self.max_tracks

    def resolved(self, *, n_nodes: int) -> "TrackerOptions":
        """The options for this skeleton; replaces those that cannot work, and logs it."""
        options = self
        if options.motion_model != "none":
            return options
        if options.max_tracks is not None and options.candidates_method == "fixed_window":
            _log.info(
                "max_tracks: tracks wait for their animals to come back (candidates_method "
                "local_queues)"
            )
            options = replace(options, candidates_method="local_queues")
        plain = options.is_default("features") and options.is_default("scoring_method")
        if n_nodes == 1 and plain:
            _log.warning(
                "a skeleton of one node has no size for features keypoints and scoring_method oks: "
                "using centroids and euclidean_dist"
            )
            options = replace(
                options,
                features="centroids",
                scoring_method="euclidean_dist",
                oks_stddev=_DEFAULTS["oks_stddev"],
            )
        return options

    def _check_values(self) -> None:
        for name in _CHOICE_NAMES:
            value, choices = getattr(self, name), self.choices(name)
            if value not in choices:
                self._refuse(name, f"must be one of {', '.join(choices)}{why_no_choice(value)}")
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and (not isinstance(value, Integral) or value < least):
                self._refuse(name, f"must be a whole number, {least} or more")
        for name in ("of_img_scale", "oks_stddev"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                self._refuse(name, "must be a number above 0")
        for name in ("tracking_pre_cull_iou_threshold", "tracking_clean_iou_threshold"):
            if not 0 <= getattr(self, name) <= 1:
                self._refuse(name, "must lie in [0, 1]")
        if not 0 < self.robust_best_instance <= 1:
            self._refuse("robust_best_instance", "must lie in (0, 1]")

    def _check_matching(self) -> None:
        partners = SCORINGS_OF_FEATURES[self.features]
        if self.scoring_method not in partners and self.is_default("scoring_method"):
            self._refuse(
                "features",
                f"does not go with the usual scoring_method, {self.scoring_method}; give one that "
                f"does: {', '.join(partners)}",
            )
        if self.scoring_method not in partners:
            self._refuse(
                "scoring_method",
                f"does not go with features {self.features}; {', '.join(partners)} do",
            )
        if self.scoring_reduction != "robust_quantile":
            self._need_default("robust_best_instance", "scoring_reduction is robust_quantile")
        if self.scoring_method != "oks":
            self._need_default("oks_stddev", "scoring_method is oks")

    def _check_flow(self) -> None:
        if self.of_window_size % 2 == 0:
            self._refuse("of_window_size", "must be odd")
        if self.use_flow and self.features == "image":
            self._refuse("use_flow", "moves poses, which features image does not compare: drop one")
        if not self.use_flow:
            for name in ("of_img_scale", "of_window_size", "of_max_levels"):
                self._need_default(name, "use_flow is on")

    def _check_counts(self) -> None:
        if not self.tracking_pre_cull_to_target:
            self._need_default(
                "tracking_pre_cull_iou_threshold", "tracking_pre_cull_to_target is on"
            )
        if not self.tracking_clean_instance_count:
            self._need_default(
                "tracking_clean_iou_threshold", "tracking_clean_instance_count is above 0"
            )
        for name in ("tracking_pre_cull_to_target", "post_connect_single_breaks"):
            known = self.target_count or (
                name == "post_connect_single_breaks" and self.tracking_clean_instance_count
            )
            if getattr(self, name) and not known:
                self._refuse(
                    name,
                    "needs the number of animals: give tracking_target_instance_count, max_tracks "
                    "or max_instances (each 1 or more)",
                )
        used = self.tracking_pre_cull_to_target or self.connects_breaks
        if not used and self.motion_model == "none":
            self._need_default(
                "tracking_target_instance_count",
                "one of tracking_pre_cull_to_target, post_connect_single_breaks, "
                "tracking_clean_instance_count, motion_model kalman is on",
            )

    def _check_motion(self) -> None:
        if self.motion_model == "none":
            return
        for name in WITHOUT_MOTION:
            self._need_default(name, "motion_model is none")

    def _need_default(self, name: str, condition: str) -> None:
        if not self.is_default(name):
            default = _DEFAULTS[name]
            usual = "" if default is None or default is False else f" (default {default})"
            self._refuse(name, f"takes effect only when {condition}; drop it{usual}")

    def _refuse(self, name: str, why: str) -> None:
        value = getattr(self, name)
        raise OptionError(f"{name}: {why}" if value is True else f"{name} {value!r}: {why}")


def _explaining(init: Callable[..., None]) -> Callable[..., None]:
    """The same, which tells what is here in place of an option of sleap-nn or SLEAP."""

    @wraps(init)
    def called(self: TrackerOptions, *given: Any, **named: Any) -> None:
        for name in named.keys() - _DEFAULTS.keys():
            if reason := why_unknown(name):
                raise OptionError(reason)
        init(self, *given, **named)

    return called


_ELSEWHERE = {
    "tracking": "a Tracker always tracks; leave it out",
    **dict.fromkeys(
        (field.name for kind in (DecodeOptions, EngineOptions) for field in fields(kind)),
        "it is settled when models are opened; give it to PosePredictor",
    ),
    **dict.fromkeys((field.name for field in fields(FilterOptions)), NO_FILTERS),
}
TrackerOptions.__init__ = _explaining(  # type: ignore[method-assign]
    typed(TrackerOptions.__init__, _ELSEWHERE)
)

_TYPES: dict[str, Any] = get_type_hints(TrackerOptions)
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(TrackerOptions)}
_CHOICE_NAMES = (
    "candidates_method",
    "features",
    "scoring_method",
    "scoring_reduction",
    "track_matching_method",
    "motion_model",
)
_LEAST = {
    "tracking_window_size": 1,
    "min_new_track_points": 0,
    "min_match_points": 0,
    "max_tracks": 1,
    "of_window_size": 3,
    "of_max_levels": 0,
    "tracking_target_instance_count": 1,
    "tracking_pre_cull_to_target": 0,
    "tracking_clean_instance_count": 0,
}
# The motion model has its own candidates, features and scores: these would be ignored beside it.
WITHOUT_MOTION = (
    "tracking_window_size",
    "candidates_method",
    "min_match_points",
    "features",
    "scoring_method",
    "scoring_reduction",
    "track_matching_method",
    "oks_stddev",
    "use_flow",
)
