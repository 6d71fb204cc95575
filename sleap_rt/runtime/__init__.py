"""Exported graphs and frames in, instances in frame pixels out.

Needs neither torch nor onnx: a graph's file carries all that is needed to use it. Public names are
imported when they are first used: `info` reads a graph without what runs it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sleap_rt.runtime.graph_file import GraphFile, read_graph_file
    from sleap_rt.runtime.pipeline.batches import predict_frames
    from sleap_rt.runtime.predictors import Predictor, open_predictor

__all__ = [
    "GraphFile",
    "Predictor",
    "open_predictor",
    "predict_frames",
    "read_graph_file",
]

_HOMES = {
    "GraphFile": "sleap_rt.runtime.graph_file",
    "Predictor": "sleap_rt.runtime.predictors",
    "open_predictor": "sleap_rt.runtime.predictors",
    "predict_frames": "sleap_rt.runtime.pipeline.batches",
    "read_graph_file": "sleap_rt.runtime.graph_file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
