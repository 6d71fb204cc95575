"""Poses from frames: one predictor per supported set of exported graphs."""

from sleap_rt.runtime.engines import LANES, is_building, n_lanes
from sleap_rt.runtime.predictors.carried import check_single_frames
from sleap_rt.runtime.predictors.interface import (
    EnginesFirst,
    Frames,
    ModelsElsewhere,
    Pending,
    Predictor,
    UsedModels,
    check_frames,
)
from sleap_rt.runtime.predictors.sets import (
    check_use,
    effective_options,
    most_instances,
    open_predictor,
    raw_outputs,
)

__all__ = [
    "LANES",
    "EnginesFirst",
    "Frames",
    "ModelsElsewhere",
    "Pending",
    "Predictor",
    "UsedModels",
    "check_frames",
    "check_single_frames",
    "check_use",
    "effective_options",
    "is_building",
    "most_instances",
    "n_lanes",
    "open_predictor",
    "raw_outputs",
]
