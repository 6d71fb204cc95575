"""Poses from frames: one predictor per supported set of exported graphs."""

from sleap_rt.runtime.predictors.interface import Frames, KnownInstances, Predictor, check_frames
from sleap_rt.runtime.predictors.sets import (
    effective_options,
    open_predictor,
    options_of,
    raw_outputs,
)

__all__ = [
    "Frames",
    "KnownInstances",
    "Predictor",
    "check_frames",
    "effective_options",
    "open_predictor",
    "options_of",
    "raw_outputs",
]
