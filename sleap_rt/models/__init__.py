"""A trained model as it is on disk in, a `TrainedModel` out: a description and a torch network.

Names are imported when they are first used: networks need torch, descriptions do not. The code
that runs exported graphs imports neither.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sleap_rt.models.legacy.load_legacy import load_legacy_model
    from sleap_rt.models.native.load_native import load_native_model
    from sleap_rt.models.native.weights_for_set import load_native_models
    from sleap_rt.models.trained import TrainedModel

_HOMES = {
    "TrainedModel": "sleap_rt.models.trained",
    "load_legacy_model": "sleap_rt.models.legacy.load_legacy",
    "load_native_model": "sleap_rt.models.native.load_native",
    "load_native_models": "sleap_rt.models.native.weights_for_set",
}

__all__ = ["TrainedModel", "load_legacy_model", "load_native_model", "load_native_models"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
