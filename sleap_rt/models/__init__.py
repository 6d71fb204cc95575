"""A trained model as it is on disk in, a `TrainedModel` out: what it is plus a torch network.

Needs torch, and is therefore never imported by what runs exported graphs.
"""

from sleap_rt.models.legacy import load_legacy_model
from sleap_rt.models.native import load_native_model, load_native_models
from sleap_rt.models.trained import TrainedModel

__all__ = ["TrainedModel", "load_legacy_model", "load_native_model", "load_native_models"]
