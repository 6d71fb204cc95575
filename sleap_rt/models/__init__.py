"""A trained model as it is on disk in, a `TrainedModel` out: a description and a torch network.

Needs torch, so the code that runs exported graphs never imports it.
"""

from sleap_rt.models.legacy import load_legacy_model
from sleap_rt.models.native import load_native_model, load_native_models
from sleap_rt.models.trained import TrainedModel

__all__ = ["TrainedModel", "load_legacy_model", "load_native_model", "load_native_models"]
