"""Reads frames from any input: videos, images, arrays, labels files. Knows nothing of models."""
