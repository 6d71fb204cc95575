"""Trained models in, self-contained `.onnx` files out: pre-processing, network and decoding.

Names are imported when they are first used: finding a model in the cache needs no torch, exporting
one does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sleap_rt.export.cache import cached_graphs
    from sleap_rt.export.exporter import export_models

_HOMES = {
    "cached_graphs": "sleap_rt.export.cache",
    "export_models": "sleap_rt.export.exporter",
}

__all__ = ["cached_graphs", "export_models"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
