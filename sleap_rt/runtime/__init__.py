"""Exported graphs and frames in, instances in frame pixels out.

Needs neither torch nor onnx: a graph's file carries all that is needed to use it.
"""

from sleap_rt.runtime.graph_file import GraphFile, read_graph_file
from sleap_rt.runtime.pipeline.batches import predict_frames
from sleap_rt.runtime.predictors import Predictor, open_predictor
from sleap_rt.workflows.api import run_inference
from sleap_rt.workflows.pose_predictor import PosePredictor

__all__ = [
    "GraphFile",
    "PosePredictor",
    "Predictor",
    "open_predictor",
    "predict_frames",
    "read_graph_file",
    "run_inference",
]
