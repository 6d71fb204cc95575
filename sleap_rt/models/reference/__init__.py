"""The checkpoint's pipeline in plain code, with which exported graphs are compared.

Written to be read, not to be fast; it shares no code with graphs or runtime. `native.py` and
`legacy.py` hold the differences between models of sleap-nn and of SLEAP 1.4 and older.
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
