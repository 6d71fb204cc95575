"""A legacy (SLEAP 1.4 and earlier) Keras model in, a `LegacyModel` out. TensorFlow is not needed.

`reference` defines what the original software predicts with such a model.
"""
