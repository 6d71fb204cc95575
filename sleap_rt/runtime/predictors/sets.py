"""Which models go together, and the predictor that each supported set gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.contract import GraphContract
from sleap_rt.errors import ModelError, OptionError
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import choose_engine
from sleap_rt.runtime.graph_file import read_graph_file
from sleap_rt.runtime.predictors.bottomup import open_bottomup, open_multi_class_bottomup
from sleap_rt.runtime.predictors.centroid import CentroidPredictor, MatchedCentroidPredictor
from sleap_rt.runtime.predictors.compatibility import check_family
from sleap_rt.runtime.predictors.ground_truth import anchor_node
from sleap_rt.runtime.predictors.interface import Predictor
from sleap_rt.runtime.predictors.setup import Setup
from sleap_rt.runtime.predictors.single_instance import SingleInstancePredictor
from sleap_rt.runtime.predictors.topdown import KnownCropPredictor, TopDownPredictor

_PEAKS = frozenset({"peak_threshold", "integral_refinement"})
_MANY = _PEAKS | {"max_instances"}
_PAFS = frozenset(
    {"max_edge_length_ratio", "dist_penalty_weight", "min_line_scores", "min_instance_peaks"}
)
_CENTROIDS = _MANY | {"centroid_peak_threshold"}
_KNOWN = _MANY | {"anchor_part"}


@dataclass(frozen=True)
class _Set:
    """One supported set.

    Attributes:
        open: the predictor.
        options: fields of `DecodeOptions` that take effect.
        raw: names of the raw outputs that can be asked for.
        open_matched: the predictor that takes over poses of labelled animals, where there is one.
    """

    open: Callable[[Setup], Predictor]
    options: frozenset[str]
    raw: tuple[str, ...]
    open_matched: Callable[[Setup], Predictor] | None = None


_SETS: dict[tuple[str, ...], _Set] = {
    ("single_instance",): _Set(SingleInstancePredictor, _PEAKS, ("confmaps",)),
    ("bottomup",): _Set(
        open_bottomup, _MANY | _PAFS, ("confmaps", "pafs", "peaks", "peak_vals", "line_scores")
    ),
    ("multi_class_bottomup",): _Set(open_multi_class_bottomup, _MANY, ("confmaps", "class_maps")),
    ("centroid", "centered_instance"): _Set(
        TopDownPredictor, _CENTROIDS, ("centroid_confmaps", "crop_confmaps")
    ),
    ("centroid", "multi_class_topdown"): _Set(
        TopDownPredictor, _CENTROIDS, ("centroid_confmaps", "crop_confmaps", "class_probs")
    ),
    ("centroid",): _Set(
        CentroidPredictor, _CENTROIDS, ("confmaps",), open_matched=MatchedCentroidPredictor
    ),
    ("centered_instance",): _Set(KnownCropPredictor, _KNOWN, ("crop_confmaps",)),
    ("multi_class_topdown",): _Set(KnownCropPredictor, _KNOWN, ("crop_confmaps", "class_probs")),
}


def open_predictor(
    models: Sequence[Path],
    decode: DecodeOptions,
    engine: EngineOptions,
    raw: Sequence[str] = (),
    *,
    match_known: bool = False,
) -> Predictor:
    """Open the graphs of a model, or of a pair of models.

    Args:
        models: `.onnx` files, in any order.
        decode: thresholds and grouping.
        engine: what runs the graphs.
        raw: raw outputs to hand out with the instances (`FrameInstances.raw`); see `raw_outputs`.
        match_known: for a centroid model alone: each centroid takes over the pose of the labelled
            animal nearest to it. Without it, centroids are given as what they are.

    Raises:
        ModelError: a file is missing or not ours, or the files are no supported set.
        OptionError: an option cannot take effect with these models.
        EngineError: the engine or device is not available.
    """
    files = [read_graph_file(path) for path in models]
    check_family(files)
    check_use([file.contract for file in files], decode, raw, match_known=match_known)
    kinds = supported_set([file.contract.kind for file in files])
    found = _SETS[kinds]
    ordered = sorted(files, key=lambda file: kinds.index(file.contract.kind))
    engine = choose_engine(engine, {file.contract.precision for file in files}).options
    setup = Setup(tuple(ordered), decode, engine, tuple(raw))
    if match_known and found.open_matched is not None:
        return found.open_matched(setup)
    return found.open(setup)


def check_use(
    contracts: Sequence[GraphContract],
    decode: DecodeOptions,
    raw: Sequence[str] = (),
    *,
    match_known: bool = False,
) -> None:
    """Whether `open_predictor` can do what it is asked for, found out without the graphs.

    Raises:
        ModelError: the models are no supported set.
        OptionError: as `open_predictor`.
    """
    kinds = supported_set([contract.kind for contract in contracts])
    found = _SETS[kinds]
    unknown = [name for name in raw if name not in found.raw]
    if unknown:
        raise OptionError(
            f"raw output {', '.join(unknown)}: {' + '.join(kinds)} has none of that name; it has "
            f"{', '.join(found.raw)}"
        )
    if match_known and found.open_matched is None:
        raise OptionError(
            "poses of labelled animals are taken over only with a centroid model alone, not with "
            f"{' + '.join(kinds)}"
        )
    if "anchor_part" in found.options:
        anchor_node(contracts[0].skeleton, decode.anchor_part)


def supported_set(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds of models given together, first stage first.

    Args:
        kinds: of the models, in any order.

    Raises:
        ModelError: they are no supported set.
    """
    for supported in _SETS:
        if sorted(supported) == sorted(kinds):
            return supported
    twice = [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]
    problem = (
        f"{kinds.count(twice[0])} {twice[0]} models were given, and one is used"
        if twice
        else f"no pipeline takes {' + '.join(sorted(kinds)) or 'no model'}"
    )
    sets = "; ".join(" + ".join(supported) for supported in _SETS)
    raise ModelError(f"{problem}. Supported sets, in any order: {sets}.")


def effective_options(contracts: Sequence[GraphContract]) -> frozenset[str]:
    """Fields of `DecodeOptions` that change what models given together predict.

    Raises:
        ModelError: they are no supported set.
    """
    options = _SETS[supported_set([contract.kind for contract in contracts])].options
    if all(contract.decoding.offsets for contract in contracts):
        options -= {"integral_refinement"}  # these networks place peaks within a cell themselves
    return options


def raw_outputs(contracts: Sequence[GraphContract]) -> tuple[str, ...]:
    """Names of the raw outputs that models given together can hand out.

    Raises:
        ModelError: they are no supported set.
    """
    return _SETS[supported_set([contract.kind for contract in contracts])].raw
