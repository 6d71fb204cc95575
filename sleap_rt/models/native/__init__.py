"""Models trained with sleap-nn: `training_config.yaml` and `best.ckpt` to a `TrainedModel`."""

from sleap_rt.models.native.load import load_native_model
from sleap_rt.models.native.weights_for_set import load_native_models

__all__ = ["load_native_model", "load_native_models"]
