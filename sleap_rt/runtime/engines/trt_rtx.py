"""TensorRT-RTX and nothing else: NVIDIA's consumer GPUs."""

from functools import partial
from pathlib import Path

from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines.interface import Declaration, Device
from sleap_rt.runtime.engines.tensorrt.bindings import FIXES, why_not
from sleap_rt.runtime.engines.trt import OPTIONS, TrtEngine

ENGINE = Declaration(
    product="TensorRT-RTX",
    install=FIXES["trt-rtx"],
    packages=("tensorrt-rtx", "tensorrt-rtx-cu12-bindings", "cuda-bindings"),
    # Without a place: engine `trt` takes TensorRT-RTX where only that is installed.
    devices=(Device(kind="cuda", title="an NVIDIA GPU", numbered=True, builds_per_shape=True),),
    options=OPTIONS,
    why_not=partial(why_not, "trt-rtx"),
    builds_per_size=True,
)


def open_engine(model: Path, options: EngineOptions) -> TrtEngine:
    """See `TrtEngine`."""
    return TrtEngine(model, options, "trt-rtx")
