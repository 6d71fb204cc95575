"""A legacy (SLEAP 1.4 and earlier) Keras model in, a `LegacyModel` out. TensorFlow is not needed.

`legacy.reference` defines what the original software predicts with such a model.
"""

from sleap_rt.legacy_files import is_legacy_model
from sleap_rt.models.legacy.load import load_legacy_model
from sleap_rt.models.legacy.model import LegacyDecoding, LegacyModel, LegacyPreprocessing
from sleap_rt.models.legacy.network import Head, LegacyNetwork

__all__ = [
    "Head",
    "LegacyDecoding",
    "LegacyModel",
    "LegacyNetwork",
    "LegacyPreprocessing",
    "is_legacy_model",
    "load_legacy_model",
]
