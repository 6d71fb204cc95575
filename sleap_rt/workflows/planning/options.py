"""The options of a prediction, gathered from all groups."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sleap_rt.errors import OptionError
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    FrameRange,
    RunOptions,
    SelectionOptions,
)
from sleap_rt.runtime.outputs.centroids import CentroidOutput
from sleap_rt.runtime.outputs.names import settled_format
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.cluster.asked import AskedCluster


@dataclass(frozen=True, kw_only=True)
class PredictionOptions:
    """All options of a prediction except models and input.

    Attributes:
        selection: which frames.
        decode: thresholds and grouping.
        filters: which instances to drop.
        tracking: how to track; None does not track.
        engine: what runs the graphs.
        run: batch size and queue.
        centroid_only: a centroid model alone gives centroids, also if the input is labels.
        centroid_output: how centroids are stored; one of `CENTROID_OUTPUTS`.
        output_path: the file to write; None writes none.
        names_output: a missing `output_path` is named after the input's file.
        output_format: kind of the file; one of `FORMATS`, or `auto`: as `output_path` ends, else
            slp.
        no_empty_frames: leave out frames without instances.
        overwrite: replace a file that is not the unchanged result of the same input.
        preview: a picture of the result will be drawn beside it.
        reproducible: leave times out of the result, so that the same run gives the same bytes.
        resume: continue the journal of an interrupted run; `auto` does if there is one. None
            refuses to overwrite one, False starts again.
        journal: keeps what was predicted until it is written; None: `<output_path>.journal`.
        cluster: whose workers predict; None predicts here.
        frame_range_of: the one part of the frames to predict; `output_path` is then a part.
        given: names of options that the user set; those without effect are refused.
    """

    selection: SelectionOptions = field(default_factory=SelectionOptions)
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    filters: FilterOptions = field(default_factory=FilterOptions)
    tracking: TrackerOptions | None = None
    engine: EngineOptions = field(default_factory=EngineOptions)
    run: RunOptions = field(default_factory=RunOptions)
    centroid_only: bool = False
    centroid_output: CentroidOutput = "instance"
    output_path: Path | None = None
    names_output: bool = False
    output_format: str = "auto"
    no_empty_frames: bool = False
    overwrite: bool = False
    preview: bool = False
    reproducible: bool = False
    resume: bool | Literal["auto"] | None = None
    journal: Path | None = None
    cluster: AskedCluster | None = None
    frame_range_of: FrameRange | None = None
    given: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        is_part = self.frame_range_of is not None
        if is_part and self.output_format not in ("auto", "slp"):
            raise OptionError("output_format: a part has none; name the result at `merge`")
        if is_part and self.cluster is not None:
            raise OptionError(
                "frame_range_of and cluster exclude each other: a cluster divides the frames itself"
            )
        name = "slp" if is_part else settled_format(self.output_format, self.output_path)
        object.__setattr__(self, "output_format", name)
