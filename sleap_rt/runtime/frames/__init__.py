"""Any input to frames: videos, images, arrays, labels files. Knows nothing of models."""
