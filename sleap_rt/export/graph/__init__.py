"""A trained model to an ONNX graph: a chain of parts that are written operator by operator."""

from sleap_rt.export.graph.chain import graph_of, parts_of

__all__ = ["graph_of", "parts_of"]
