"""The predictor that each supported set of models gets."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sleap_rt.errors import OptionError
from sleap_rt.kinds import SETS, ModelKind
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

_Open = Callable[[Setup], Predictor]
_PREDICTORS: Mapping[tuple[ModelKind, ...], _Open] = {
    ("single_instance",): SingleInstancePredictor,
    ("bottomup",): open_bottomup,
    ("multi_class_bottomup",): open_multi_class_bottomup,
    ("centroid",): CentroidPredictor,
    ("centroid", "centered_instance"): open_topdown,
    ("centroid", "multi_class_topdown"): open_topdown,
    ("centered_instance",): KnownCropPredictor,
    ("multi_class_topdown",): KnownCropPredictor,
}
_MATCHED: Mapping[tuple[ModelKind, ...], _Open] = {("centroid",): MatchedCentroidPredictor}
"""Predictors that take over poses of labelled animals."""


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
    return (_MATCHED if match_known else _PREDICTORS)[graphs.kinds](setup)


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
    found = SETS[models.kinds]
    unknown = [name for name in raw if name not in found.raw]
    if unknown:
        raise OptionError(
            f"Raw output {', '.join(unknown)}: {models.in_words} has none of that name; it has "
            f"{', '.join(found.raw)}"
        )
    if decode.detect_every > 1 and "centroid_confmaps" in raw:
        raise OptionError("centroid_confmaps: not there for each frame with detect_every")
    if match_known and models.kinds not in _MATCHED:
        raise OptionError(
            "Poses of labelled animals are taken over only with a centroid model alone, not with "
            f"{models.in_words}"
        )
    if "anchor_part" in found.options:
        anchor_node(models.first.skeleton, decode.anchor_part)


def effective_options(models: ModelSet) -> frozenset[str]:
    """Fields of `DecodeOptions` that change what these models predict."""
    options = SETS[models.kinds].options
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
    return SETS[models.kinds].raw
