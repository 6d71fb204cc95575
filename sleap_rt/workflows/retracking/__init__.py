"""Follows the animals of a labels file, without a model."""

from sleap_rt.workflows.retracking.options import (
    RetrackOptions,
    RetrackSummary,
    refuse_without_effect,
)
from sleap_rt.workflows.retracking.retrack import retrack_data

__all__ = ["RetrackOptions", "RetrackSummary", "refuse_without_effect", "retrack_data"]
