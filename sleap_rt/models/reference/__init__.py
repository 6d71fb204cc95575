"""The checkpoint's pipeline in plain code: what exported graphs are held to.

Written to be read, not to be fast; it shares no code with graphs or runtime. What differs between
models of sleap-nn and of SLEAP 1.4 and older is in `native.py` and `legacy.py`.
"""

from sleap_rt.models.reference.pipeline import (
    CropPoints,
    predict_crops,
    predict_frame,
    predict_pair,
    prepare_crops,
    prepare_frame,
)

__all__ = [
    "CropPoints",
    "predict_crops",
    "predict_frame",
    "predict_pair",
    "prepare_crops",
    "prepare_frame",
]
