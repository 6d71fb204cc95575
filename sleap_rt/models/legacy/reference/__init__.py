"""What original SLEAP predicts with a legacy model: plain NumPy around the torch network.

Frames in, `FrameInstances` out (`predict`). This is the definition that exported graphs of legacy
models are compared with; it is written to be read, not to be fast. It differs from how native
models are decoded in resizing (no antialiasing), crops (fractional, interpolated), refinement
(offset heads) and in half-pixel constants.
"""

from sleap_rt.models.legacy.reference.frames import match_size
from sleap_rt.models.legacy.reference.pipeline import ReferenceOptions, predict
from sleap_rt.models.legacy.reference.stages import peaks_in_frame, points_in_crops

__all__ = ["ReferenceOptions", "match_size", "peaks_in_frame", "points_in_crops", "predict"]
