"""Predictions against labels -> metrics and a report. NumPy and SciPy; sleap-io reads the files.

Enters: labels (files or `sleap_io.Labels`). Leaves: a metrics dictionary in the field's layout,
the `.npz` and `.json` that hold it, a table, an HTML report.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sleap_rt.evaluation.evaluator import Evaluator
    from sleap_rt.evaluation.options import (
        CommandPoseOptions,
        EvalOptions,
        IdentityOptions,
        PoseOptions,
    )
    from sleap_rt.evaluation.results import Evaluation, EvaluationRun
    from sleap_rt.evaluation.run import run_eval, run_evaluation
    from sleap_rt.evaluation.storage import load_metrics

__all__ = [
    "CommandPoseOptions",
    "EvalOptions",
    "Evaluation",
    "EvaluationRun",
    "Evaluator",
    "IdentityOptions",
    "PoseOptions",
    "load_metrics",
    "run_eval",
    "run_evaluation",
]

_MODULES = ("options", "storage", "results", "run", "evaluator")  # where the public names live


def __getattr__(name: str) -> Any:
    """Public names are imported when first used: the command line only needs the options."""
    if name in __all__:
        for module_name in _MODULES:
            module = import_module(f"{__name__}.{module_name}")
            if name in vars(module):
                return vars(module)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
