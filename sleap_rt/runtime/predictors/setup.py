"""What a predictor is opened with."""

from dataclasses import dataclass

from sleap_rt.contract import GraphContract
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.graph_file import GraphFile


@dataclass(frozen=True)
class Setup:
    """Everything a predictor needs.

    Attributes:
        files: the graphs, first stage first.
        decode: thresholds and grouping.
        engine: what runs the graphs.
        raw: names of raw outputs to hand out with the instances.
    """

    files: tuple[GraphFile, ...]
    decode: DecodeOptions
    engine: EngineOptions
    raw: tuple[str, ...] = ()

    @property
    def last(self) -> GraphContract:
        """Of the graph whose nodes the instances have."""
        return self.files[-1].contract
