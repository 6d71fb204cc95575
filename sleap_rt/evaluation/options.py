"""Options of an evaluation: their defaults, units and checks, here and nowhere else."""

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, get_args

from sleap_rt.errors import OptionError
from sleap_rt.options.paths import given_path, given_paths
from sleap_rt.options.upstream import why_no_choice
from sleap_rt.options.value_types import typed

MatchMethod = Literal["auto", "oks", "centroid"]
SimilarityName = Literal["oks", "centroid", "iou"]

CENTROID_THRESHOLD_PX = 50.0  # used for a match_threshold of 0 in centroid mode


def choices(literal: object) -> tuple[str, ...]:
    """The allowed values of a `Literal` type."""
    return get_args(literal)


def no_effect_on_oks(anchor: str) -> str:
    """What to say of an anchor, as it was given, that the method does not use."""
    return (
        f"{anchor} has no effect with match_method oks; leave it out, or choose match_method "
        "centroid"
    )


@dataclass(frozen=True, kw_only=True)
class PoseOptions:
    """How poses are paired and compared, with the defaults of the Python functions."""

    oks_stddev: float = 0.025  # spread of a node's error, as a fraction of the animal's size
    oks_scale: float | None = None  # px²; replaces every instance's own box area
    match_threshold: float = 0.0  # a pair needs oks > this; centroid mode: distance <= this, px
    user_labels_only: bool = True  # only what a person labelled is ground truth
    match_method: MatchMethod = "oks"  # auto: centroid if predictions have one node, else oks
    anchor_part: str | None = None  # centroid mode: the node that is the animal's centroid
    coco_max_dets: int = 20  # COCO AP/AR: best predictions per frame, as in the COCO evaluator

    def __post_init__(self) -> None:
        _check_positive("oks_stddev", self.oks_stddev)
        if self.oks_scale is not None:
            _check_positive("oks_scale", self.oks_scale)
        if not (math.isfinite(self.match_threshold) and self.match_threshold >= 0):
            raise OptionError(
                f"match_threshold must be a number of at least 0, got {self.match_threshold}"
            )
        _check_choice("match_method", self.match_method, choices(MatchMethod))
        if self.anchor_part is not None and self.match_method == "oks":
            raise OptionError(no_effect_on_oks(f"anchor_part {self.anchor_part!r}"))
        if self.match_method == "oks" and self.match_threshold >= 1:
            raise OptionError(
                f"match_threshold must lie in [0, 1) for match_method oks, "
                f"got {self.match_threshold}"
            )
        if self.coco_max_dets < 1:
            raise OptionError(f"coco_max_dets must be at least 1, got {self.coco_max_dets}")


@dataclass(frozen=True, kw_only=True)
class CommandPoseOptions(PoseOptions):
    """`PoseOptions` with the defaults of the command line."""

    oks_stddev: float = 0.05
    user_labels_only: bool = False
    match_method: MatchMethod = "auto"


@dataclass(frozen=True, kw_only=True)
class IdentityOptions:
    """How tracked animals are compared."""

    similarity: SimilarityName = "oks"
    similarity_threshold: float = 0.5  # a match needs similarity >= this; HOTA uses 0.05 ... 0.95
    max_distance: float = 50.0  # px; the centroid distance at which the similarity is 0.5

    def __post_init__(self) -> None:
        _check_choice("similarity", self.similarity, choices(SimilarityName))
        if not 0 < self.similarity_threshold <= 1:
            raise OptionError(
                f"similarity_threshold must lie in (0, 1], got {self.similarity_threshold}"
            )
        _check_positive("max_distance", self.max_distance)


# Of files that people may expect in place of `.npz`; `metrics.v2` is a name like another.
_OTHER_SUFFIXES = (".txt", ".csv", ".tsv", ".xls", ".xlsx", ".html", ".slp", ".h5", ".npy", ".pdf")


@dataclass(frozen=True, kw_only=True)
class EvalOptions:
    """Options of one run of `eval`: files to compare, what to measure, what to write.

    Paths may be given as texts, and one prediction file by itself.
    """

    ground_truth_path: Path
    predicted_paths: tuple[Path, ...]
    poses: PoseOptions = field(default_factory=CommandPoseOptions)
    identities: IdentityOptions | None = None  # None: identities are not measured
    measure_poses: bool = True
    save_metrics: Path | None = None
    report: Path | None = None
    overwrite: bool = False  # replace files that are no earlier result of the same files

    def __post_init__(self) -> None:
        for name in ("ground_truth_path", "save_metrics", "report"):
            object.__setattr__(self, name, given_path(name, getattr(self, name)))
        predicted = given_paths("predicted_paths", self.predicted_paths)
        object.__setattr__(self, "predicted_paths", tuple(predicted))
        if not self.predicted_paths:
            raise OptionError("predicted_path is missing; name at least one .slp file with -p")
        repeated = {path for path in self.predicted_paths if self.predicted_paths.count(path) > 1}
        if repeated:
            raise OptionError(
                f"predicted_path {', '.join(map(str, sorted(repeated)))} is given more than once"
            )
        if not self.measure_poses and self.identities is None:
            raise OptionError("Nothing to measure: neither poses nor identities were asked for")
        inputs = {path.resolve() for path in (self.ground_truth_path, *self.predicted_paths)}
        for name in ("save_metrics", "report"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.name:
                raise OptionError(f"{name} is not the name of a file: {str(path)!r}")
            if path is not None and path.resolve() in inputs:
                raise OptionError(f"{name} {path} is one of the input files; choose another name")
        if self.save_metrics is not None and self.save_metrics.suffix.lower() in _OTHER_SUFFIXES:
            raise OptionError(
                f"save_metrics {self.save_metrics}: must end in .npz or .json, or in neither; both "
                "files are written"
            )
        if self.overwrite and not (self.save_metrics or self.report):
            raise OptionError(
                "overwrite has no effect without save_metrics or --report; leave it out"
            )
        if self.report is not None and self.report.suffix.lower() not in (".html", ".htm"):
            raise OptionError(f"report {self.report}: must end in .html")


for _options in (PoseOptions, CommandPoseOptions, IdentityOptions):
    _options.__init__ = typed(_options.__init__)  # type: ignore[method-assign]
_MEANT = {  # arguments of `EvalOptions` -> what to give
    **dict.fromkeys(
        ("identities", "tracks"), "identities=IdentityOptions() measures them, with usual options"
    ),
    **{
        one.name: f"give it as poses=CommandPoseOptions({one.name}=...)"
        for one in fields(PoseOptions)
    },
}
EvalOptions.__init__ = typed(EvalOptions.__init__, _MEANT)  # type: ignore[method-assign]


def unused_options(options: EvalOptions) -> dict[str, str]:
    """Options that cannot take effect in this run -> why not.

    The command line refuses those that were given; it ignores the defaults of the others.
    """
    poses, identities = options.poses, options.identities
    unused = {}
    if identities is None:
        for name in ("similarity", "similarity_threshold", "max_distance"):
            unused[name] = "it belongs to identities; add --tracks"
    elif identities.similarity != "centroid":
        unused["max_distance"] = f"it is not used with similarity {identities.similarity}"
    oks_for_poses = options.measure_poses and poses.match_method != "centroid"
    if not oks_for_poses:
        if identities is None or identities.similarity != "oks":
            for name in ("oks_stddev", "oks_scale"):
                unused[name] = "nothing is compared by OKS in this run"
        unused["coco_max_dets"] = "COCO AP and AR are not computed in this run"
    return unused


def _check_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise OptionError(f"{name} must be a number above 0, got {value}")


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(
            f"{name} must be one of {', '.join(allowed)}, got {value!r}{why_no_choice(value)}"
        )
