"""Exported graphs and frames in, instances in frame pixels out.

Needs neither torch nor onnx: a graph's file carries all that is needed to use it.
"""

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
