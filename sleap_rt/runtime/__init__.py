"""Exported graphs and frames in, instances in frame pixels out.

Needs neither torch nor onnx: a graph's file carries all that is needed to use it.
"""

from sleap_rt.runtime.api import run_inference
from sleap_rt.runtime.graph_file import GraphFile, read_graph_file
from sleap_rt.runtime.pose_predictor import PosePredictor
from sleap_rt.runtime.predictors import Predictor, open_predictor
from sleap_rt.runtime.run import predict_frames

__all__ = [
    "GraphFile",
    "PosePredictor",
    "Predictor",
    "open_predictor",
    "predict_frames",
    "read_graph_file",
    "run_inference",
]
