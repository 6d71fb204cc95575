"""SLEAP pose models as self-contained graphs: export once, run anywhere, track and evaluate.

Public names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import sleap_rt.libraries.sleap_io  # ahead of sleap-io: it loads no more than it needs
import sleap_rt.libraries.telemetry  # noqa: F401  # off, before any module of ours imports onnxruntime
from sleap_rt.version import __version__

if TYPE_CHECKING:
    from sleap_rt.api.exporting import export_models
    from sleap_rt.api.inference import run_inference
    from sleap_rt.api.live import LiveProcessor, run_live
    from sleap_rt.api.merging import merge_parts
    from sleap_rt.api.pose_predictor import PosePredictor
    from sleap_rt.api.rendering import render
    from sleap_rt.evaluation import Evaluator
    from sleap_rt.tracking import Tracker

__all__ = [
    "Evaluator",
    "LiveProcessor",
    "PosePredictor",
    "Tracker",
    "__version__",
    "export_models",
    "merge_parts",
    "render",
    "run_inference",
    "run_live",
]

_HOMES = {
    "Evaluator": "sleap_rt.evaluation",
    "LiveProcessor": "sleap_rt.api.live",
    "PosePredictor": "sleap_rt.api.pose_predictor",
    "Tracker": "sleap_rt.tracking",
    "export_models": "sleap_rt.api.exporting",
    "merge_parts": "sleap_rt.api.merging",
    "render": "sleap_rt.api.rendering",
    "run_inference": "sleap_rt.api.inference",
    "run_live": "sleap_rt.api.live",
}
_PUBLIC_MODULES = ("api", "errors", "evaluation", "tracking")  # with dots, as docs name them


def __getattr__(name: str) -> Any:
    if name in _PUBLIC_MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:  # Python adds the name that was meant
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    own = {name for name in globals() if name.startswith("__")}
    return sorted({*own, *__all__, *_PUBLIC_MODULES})
