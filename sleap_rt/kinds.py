"""The kinds of models, each with what its network gives and its graph takes, and which go together.

A new kind is a row of `KINDS` and, if it reads its maps in a new way, a step of decoding; models
that run together are a row of `SETS`. Both name the options that have an effect.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sleap_rt.errors import ModelError

ModelKind = Literal[
    "single_instance",
    "centroid",
    "centered_instance",
    "bottomup",
    "multi_class_bottomup",
    "multi_class_topdown",
]
MODEL_KINDS: tuple[ModelKind, ...] = get_args(ModelKind)
Head = Literal["confmaps", "pafs", "class_maps", "class_probs", "offsets"]
MAP_SUMS = "map_sums"
"""Output of every graph: the sum of all that the network gave for a frame or a crop. It is not
finite where anything in there is no number, which in maps only looks as if nothing were found."""


@dataclass(frozen=True)
class Kind:
    """Properties of one kind of models.

    Attributes:
        heads: output of the network -> layer that gives it, as both families name it.
        inputs: of the graph, in order, besides `frames`.
        outputs: decoded outputs of the graph, in order; the raw ones of the network follow.
        overrides: fields of `ModelOverrides` that change it, besides those that change any model.
        sees_crops: the network sees crops around given centers, not whole frames.
        is_one_node: the model finds one point per animal, and its outputs have no axis of nodes.
    """

    heads: Mapping[Head, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    overrides: frozenset[str] = frozenset()
    sees_crops: bool = False
    is_one_node: bool = False

    @property
    def finds_many(self) -> bool:
        """Whether the graph finds several peaks per map, not only the highest."""
        return "slots" in self.inputs

    @property
    def maps(self) -> tuple[Head, ...]:
        """The network's outputs that need decoding."""
        return tuple(head for head in self.heads if head not in self.outputs)


_PEAK = ("peak_threshold", "integral_refinement")
_LINES = ("max_edge_length_ratio", "dist_penalty_weight")
_CROPS = ("centers", "frame_index")
_MANY = "MultiInstanceConfmapsHead"
_CENTERED = "CenteredInstanceConfmapsHead"
_CENTERS = frozenset({"crop_size", "anchor_part"})

KINDS: Mapping[ModelKind, Kind] = {
    "single_instance": Kind(
        heads={"confmaps": "SingleInstanceConfmapsHead"},
        inputs=_PEAK,
        outputs=("peaks", "peak_vals", MAP_SUMS),
    ),
    "centroid": Kind(
        heads={"confmaps": "CentroidConfmapsHead"},
        inputs=(*_PEAK, "slots"),
        outputs=("centroids", "centroid_vals", "n_candidates", MAP_SUMS),
        overrides=frozenset({"anchor_part"}),
        is_one_node=True,
    ),
    "centered_instance": Kind(
        heads={"confmaps": _CENTERED},
        inputs=(*_CROPS, *_PEAK),
        outputs=("peaks", "peak_vals", MAP_SUMS),
        overrides=_CENTERS,
        sees_crops=True,
    ),
    "bottomup": Kind(
        heads={"confmaps": _MANY, "pafs": "PartAffinityFieldsHead"},
        inputs=(*_PEAK, "slots", *_LINES),
        outputs=("peaks", "peak_vals", "n_candidates", "line_scores", MAP_SUMS),
        overrides=frozenset({"n_points"}),
    ),
    "multi_class_bottomup": Kind(
        heads={"confmaps": _MANY, "class_maps": "ClassMapsHead"},
        inputs=(*_PEAK, "slots"),
        outputs=("peaks", "peak_vals", "n_candidates", "class_probs", MAP_SUMS),
    ),
    "multi_class_topdown": Kind(
        heads={"confmaps": _CENTERED, "class_probs": "ClassVectorsHead"},
        inputs=(*_CROPS, *_PEAK),
        outputs=("peaks", "peak_vals", "class_probs", MAP_SUMS),
        overrides=_CENTERS,
        sees_crops=True,
    ),
}
CROP_KINDS: tuple[ModelKind, ...] = tuple(kind for kind, row in KINDS.items() if row.sees_crops)


@dataclass(frozen=True)
class ModelsTogether:
    """Properties of models that run together, or of one that runs alone.

    Attributes:
        options: fields of `DecodeOptions` that take effect.
        raw: names of the raw outputs that can be asked for.
    """

    options: frozenset[str]
    raw: tuple[str, ...]


_PEAKS = frozenset({"peak_threshold", "integral_refinement", "max_instances"})
_GROUPING = frozenset({*_LINES, "min_line_scores", "min_instance_peaks"})
_CENTROIDS = _PEAKS | {"centroid_peak_threshold"}
_PAIR = _CENTROIDS | {"detect_every"}
_KNOWN = _PEAKS | {"anchor_part"}  # of labelled animals

SETS: Mapping[tuple[ModelKind, ...], ModelsTogether] = {
    ("single_instance",): ModelsTogether(_PEAKS, ("confmaps",)),  # max_instances: best n of one
    ("bottomup",): ModelsTogether(
        _PEAKS | _GROUPING, ("confmaps", "pafs", "peaks", "peak_vals", "line_scores")
    ),
    ("multi_class_bottomup",): ModelsTogether(_PEAKS, ("confmaps", "class_maps")),
    ("centroid",): ModelsTogether(_CENTROIDS, ("confmaps",)),
    ("centroid", "centered_instance"): ModelsTogether(
        _PAIR, ("centroid_confmaps", "crop_confmaps")
    ),
    ("centroid", "multi_class_topdown"): ModelsTogether(
        _PAIR, ("centroid_confmaps", "crop_confmaps", "class_probs")
    ),
    ("centered_instance",): ModelsTogether(_KNOWN, ("crop_confmaps",)),
    ("multi_class_topdown",): ModelsTogether(_KNOWN, ("crop_confmaps", "class_probs")),
}


def name_of_set(kinds: Sequence[ModelKind]) -> str:
    """A set's name in the exports of sleap-nn: of one model, its kind.

    Args:
        kinds: a supported set, first stage first.
    """
    if len(kinds) == 1:
        return kinds[0]
    return "topdown" if kinds[1] == "centered_instance" else f"{kinds[1]}_combined"


def overrides_of_others(kinds: Iterable[ModelKind]) -> frozenset[str]:
    """Settings that may be replaced in models of other kinds, but in none of these.

    Args:
        kinds: of models that run together.
    """
    here = frozenset[str]().union(*(KINDS[kind].overrides for kind in kinds))
    return frozenset[str]().union(*(row.overrides for row in KINDS.values())) - here


def is_crop_model_alone(kinds: Sequence[ModelKind]) -> bool:
    """Whether a set is a crop model alone: without centroids, it works on labelled animals."""
    return len(kinds) == 1 and kinds[0] in CROP_KINDS


def supported_set(kinds: Sequence[str]) -> tuple[ModelKind, ...]:
    """The kinds of models given together, first stage first.

    Args:
        kinds: of the models, in any order.

    Raises:
        ModelError: they are not a supported set.
    """
    for supported in SETS:
        if sorted(supported) == sorted(kinds):
            return supported
    twice = [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]
    problem = (
        f"{kinds.count(twice[0])} {twice[0]} models were given, and one would be used"
        if twice
        else f"Models of the kinds {' and '.join(sorted(kinds))} do not go together"
        if kinds
        else "No model was given"
    )
    sets = "; ".join(" + ".join(supported) for supported in SETS)
    raise ModelError(f"{problem}. Sets that work, in any order: {sets}.")
