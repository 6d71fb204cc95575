"""The network of a trained model, call by call, as ONNX operators."""

from sleap_rt.export.graph.network.writer import network_part

__all__ = ["network_part"]
