"""Keras models of SLEAP 1.4 and older to a `TrainedModel`, without TensorFlow."""
