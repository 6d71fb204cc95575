"""The version of this package; written into every exported file and prediction."""

__version__ = "0.1.0"
