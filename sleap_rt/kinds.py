"""The kinds of models: outputs of each kind's network, inputs and outputs of its graph.

A new kind is a row of this table and, if it reads its maps in a new way, a step of decoding.
"""

from collections.abc import Mapping, Sequence
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
        sees_crops: the network sees crops around given centers, not whole frames.
        is_one_node: the model finds one point per animal, and its outputs have no axis of nodes.
    """

    heads: Mapping[Head, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
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
        is_one_node=True,
    ),
    "centered_instance": Kind(
        heads={"confmaps": _CENTERED},
        inputs=(*_CROPS, *_PEAK),
        outputs=("peaks", "peak_vals", MAP_SUMS),
        sees_crops=True,
    ),
    "bottomup": Kind(
        heads={"confmaps": _MANY, "pafs": "PartAffinityFieldsHead"},
        inputs=(*_PEAK, "slots", *_LINES),
        outputs=("peaks", "peak_vals", "n_candidates", "line_scores", MAP_SUMS),
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
        sees_crops=True,
    ),
}
CROP_KINDS: tuple[ModelKind, ...] = tuple(kind for kind, row in KINDS.items() if row.sees_crops)
SETS: tuple[tuple[ModelKind, ...], ...] = (
    ("single_instance",),
    ("bottomup",),
    ("multi_class_bottomup",),
    ("centroid",),
    ("centroid", "centered_instance"),
    ("centroid", "multi_class_topdown"),
    ("centered_instance",),
    ("multi_class_topdown",),
)


def name_of_set(kinds: Sequence[ModelKind]) -> str:
    """A set's name in the exports of sleap-nn: of one model, its kind.

    Args:
        kinds: a supported set, first stage first.
    """
    if len(kinds) == 1:
        return kinds[0]
    return "topdown" if kinds[1] == "centered_instance" else f"{kinds[1]}_combined"


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
