"""TensorRT-RTX and nothing else: NVIDIA's consumer GPUs."""

from pathlib import Path

from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines.trt import TrtEngine


def open_engine(model: Path, options: EngineOptions) -> TrtEngine:
    """See `TrtEngine`."""
    return TrtEngine(model, options, "trt-rtx")
