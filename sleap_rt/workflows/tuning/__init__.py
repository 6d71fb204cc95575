"""A plan with open ends in, one with nothing left open out: engine, threads and batch."""

from sleap_rt.workflows.tuning.first_sight import open_checked
from sleap_rt.workflows.tuning.settle import (
    WORTH_TRYING,
    continued,
    fitted,
    foreseen,
    settled_like,
    tuned,
)

__all__ = [
    "WORTH_TRYING",
    "continued",
    "fitted",
    "foreseen",
    "open_checked",
    "settled_like",
    "tuned",
]
