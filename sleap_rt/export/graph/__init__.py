"""A trained model to an ONNX graph: a chain of parts that are written operator by operator."""

from sleap_rt.export.graph.chain import chain_of, graph_of

__all__ = ["chain_of", "graph_of"]
