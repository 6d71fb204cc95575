"""Keras models of SLEAP 1.4 and older to a `TrainedModel`, without TensorFlow."""

from sleap_rt.models.legacy.load import load_legacy_model

__all__ = ["load_legacy_model"]
