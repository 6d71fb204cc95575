"""The checkpoint pipeline written for clarity: the definition everything else is compared with.

A `TrainedModel` and a frame in, instances in frame pixels out. One frame at a time, NumPy and plain
loops, no thought of speed. It shares no code with the exported graph or the runtime.
"""

from sleap_rt.models.reference.pipeline import (
    ReferenceCrops,
    ReferenceInstances,
    predict_crops,
    predict_instances,
    predict_topdown,
)

__all__ = [
    "ReferenceCrops",
    "ReferenceInstances",
    "predict_crops",
    "predict_instances",
    "predict_topdown",
]
