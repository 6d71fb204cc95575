"""Graphs and options that a predictor is opened with."""

from dataclasses import dataclass

from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.model_set import GraphSet


@dataclass(frozen=True)
class Setup:
    """Everything a predictor needs.

    Attributes:
        graphs: of the models, first stage first.
        decode: thresholds and grouping.
        engine: what runs the graphs.
        raw: names of raw outputs to hand out with the instances.
        n_at_once: batches of the run to come that may go side by side.
    """

    graphs: GraphSet
    decode: DecodeOptions
    engine: EngineOptions
    raw: tuple[str, ...] = ()
    n_at_once: int = 1
