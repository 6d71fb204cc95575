"""SLEAP pose models as self-contained ONNX graphs: export once, run anywhere, track, evaluate."""

from sleap_rt.version import __version__

__all__ = ["__version__"]
