"""Which models go together, and the predictor that each supported set gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.errors import OptionError
from sleap_rt.kinds import ModelKind
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import choose_engine
from sleap_rt.runtime.model_set import GraphSet, ModelSet
from sleap_rt.runtime.predictors.bottomup import open_bottomup, open_multi_class_bottomup
from sleap_rt.runtime.predictors.carried import open_topdown
from sleap_rt.runtime.predictors.centroid import CentroidPredictor, MatchedCentroidPredictor
from sleap_rt.runtime.predictors.ground_truth import anchor_node
from sleap_rt.runtime.predictors.interface import Predictor
from sleap_rt.runtime.predictors.setup import Setup
from sleap_rt.runtime.predictors.single_instance import SingleInstancePredictor
from sleap_rt.runtime.predictors.topdown import KnownCropPredictor

_PEAKS = frozenset({"peak_threshold", "integral_refinement"})
_MANY = _PEAKS | {"max_instances"}
_PAFS = frozenset(
    {"max_edge_length_ratio", "dist_penalty_weight", "min_line_scores", "min_instance_peaks"}
)
_CENTROIDS = _MANY | {"centroid_peak_threshold"}
_PAIR = _CENTROIDS | {"detect_every"}
_KNOWN = _MANY | {"anchor_part"}


@dataclass(frozen=True)
class _Set:
    """One supported set.

    Attributes:
        open: opens the predictor.
        options: fields of `DecodeOptions` that take effect.
        raw: names of the raw outputs that can be asked for.
        open_matched: opens the predictor that takes over poses of labelled animals, if there is
            one.
    """

    open: Callable[[Setup], Predictor]
    options: frozenset[str]
    raw: tuple[str, ...]
    open_matched: Callable[[Setup], Predictor] | None = None


_SETS: dict[tuple[ModelKind, ...], _Set] = {
    ("single_instance",): _Set(SingleInstancePredictor, _MANY, ("confmaps",)),  # the best n of one
    ("bottomup",): _Set(
        open_bottomup, _MANY | _PAFS, ("confmaps", "pafs", "peaks", "peak_vals", "line_scores")
    ),
    ("multi_class_bottomup",): _Set(open_multi_class_bottomup, _MANY, ("confmaps", "class_maps")),
    ("centroid", "centered_instance"): _Set(
        open_topdown, _PAIR, ("centroid_confmaps", "crop_confmaps")
    ),
    ("centroid", "multi_class_topdown"): _Set(
        open_topdown, _PAIR, ("centroid_confmaps", "crop_confmaps", "class_probs")
    ),
    ("centroid",): _Set(
        CentroidPredictor, _CENTROIDS, ("confmaps",), open_matched=MatchedCentroidPredictor
    ),
    ("centered_instance",): _Set(KnownCropPredictor, _KNOWN, ("crop_confmaps",)),
    ("multi_class_topdown",): _Set(KnownCropPredictor, _KNOWN, ("crop_confmaps", "class_probs")),
}


def open_predictor(
    models: GraphSet | Sequence[Path],
    decode: DecodeOptions,
    engine: EngineOptions,
    raw: Sequence[str] = (),
    *,
    match_known: bool = False,
    n_at_once: int = 1,
) -> Predictor:
    """Open the graphs of a model, or of a pair of models.

    Args:
        models: graphs, or `.onnx` files in any order.
        decode: thresholds and grouping.
        engine: what runs the graphs.
        raw: raw outputs to hand out with the instances (`FrameInstances.raw`); see `raw_outputs`.
        match_known: for a centroid model alone: each centroid takes over the pose of the labelled
            animal nearest to it. False returns the centroids themselves.
        n_at_once: batches of the run to come that may go side by side; the first one of a run with
            another number takes longer.

    Raises:
        ModelError: a file is missing or not ours, or the files are not a supported set.
        OptionError: an option cannot take effect with these models.
        EngineError: the engine or device is not available.
    """
    graphs = models if isinstance(models, GraphSet) else GraphSet.read(models)
    check_use(graphs, decode, raw, match_known=match_known)
    chosen = choose_engine(engine, graphs.precisions).options
    setup = Setup(graphs, decode, chosen, tuple(raw), n_at_once)
    found = _SETS[graphs.kinds]
    opening = found.open_matched if match_known and found.open_matched is not None else found.open
    return opening(setup)


def check_use(
    models: ModelSet,
    decode: DecodeOptions,
    raw: Sequence[str] = (),
    *,
    match_known: bool = False,
) -> None:
    """Refuse what `open_predictor` would refuse, without opening the graphs.

    Raises:
        OptionError: as `open_predictor`.
    """
    found = _SETS[models.kinds]
    unknown = [name for name in raw if name not in found.raw]
    if unknown:
        raise OptionError(
            f"Raw output {', '.join(unknown)}: {models.in_words} has none of that name; it has "
            f"{', '.join(found.raw)}"
        )
    if decode.detect_every > 1 and "centroid_confmaps" in raw:
        raise OptionError("centroid_confmaps: not there for each frame with detect_every")
    if match_known and found.open_matched is None:
        raise OptionError(
            "Poses of labelled animals are taken over only with a centroid model alone, not with "
            f"{models.in_words}"
        )
    if "anchor_part" in found.options:
        anchor_node(models.first.skeleton, decode.anchor_part)


def effective_options(models: ModelSet) -> frozenset[str]:
    """Fields of `DecodeOptions` that change what these models predict."""
    options = _SETS[models.kinds].options
    if all(contract.decoding.offsets for contract in models.contracts):
        options -= {"integral_refinement"}  # these networks place peaks within a cell themselves
    return options


def most_instances(models: ModelSet) -> int | None:
    """The most animals that these models can give in a frame; None where nothing limits them."""
    if models.kinds == ("single_instance",):
        return 1
    return len(models.class_names) if models.kinds == ("multi_class_bottomup",) else None


def raw_outputs(models: ModelSet) -> tuple[str, ...]:
    """Names of the raw outputs that these models can hand out."""
    return _SETS[models.kinds].raw
