"""The TensorRT that is installed: TensorRT 10 or 11, or TensorRT-RTX."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines._nvidia import why_no_gpu
from sleap_rt.runtime.engines.interface import is_installed

Flavour = Literal["trt", "trt-rtx"]
# TensorRT-RTX comes as `tensorrt_rtx` from NVIDIA's archive, as `tensorrt_rtx_bindings` from PyPI.
_MODULES: dict[Flavour, tuple[str, ...]] = {
    "trt": ("tensorrt",),
    "trt-rtx": ("tensorrt_rtx", "tensorrt_rtx_bindings"),
}
_PRODUCTS: dict[Flavour, str] = {"trt": "TensorRT", "trt-rtx": "TensorRT-RTX"}
FIXES: dict[Flavour, str] = {
    "trt": (
        "Install TensorRT-RTX for a GeForce or RTX GPU (`pip install 'sleap-rt[trt-rtx]'`) or "
        "TensorRT for a data-center GPU (`pip install 'sleap-rt[trt]'`). On a Jetson it is part of "
        "JetPack: create the virtual environment with `--system-site-packages`."
    ),
    "trt-rtx": "Install it with `pip install 'sleap-rt[trt-rtx]'`.",
}
# What the code around the bindings was written against: `STRICT_NANS`, CUDA graphs of RTX, ...
_OLDEST: dict[Flavour, tuple[int, int]] = {"trt": (10, 3), "trt-rtx": (1, 2)}


@dataclass(frozen=True)
class TensorRT:
    """An installed TensorRT.

    Attributes:
        api: its Python module.
        flavour: `trt`, or `trt-rtx` for TensorRT-RTX.
        version: as the module says.
    """

    api: Any
    flavour: Flavour
    version: str

    @property
    def is_rtx(self) -> bool:
        return self.flavour == "trt-rtx"


def why_not(wanted: Flavour, kind: str) -> str | None:
    """Why TensorRT does not run here, as far as can be told without loading it; None if it may.

    Args:
        wanted: as for `find_tensorrt`.
        kind: of device; not used, since TensorRT serves only NVIDIA GPUs.
    """
    if (obstacle := why_no_gpu()) is not None:
        return obstacle
    modules = [name for flavour in _flavours(wanted) for name in _MODULES[flavour]]
    if not any(map(is_installed, modules)):
        return f"{_PRODUCTS[wanted]} is not installed"
    return None if is_installed("cuda") else "cuda-bindings is not installed"


def _flavours(wanted: Flavour) -> tuple[Flavour, ...]:
    return ("trt", "trt-rtx") if wanted == "trt" else ("trt-rtx",)


def find_tensorrt(wanted: Flavour) -> TensorRT:
    """Load TensorRT.

    Args:
        wanted: `trt` takes TensorRT or, where it is not installed, TensorRT-RTX; `trt-rtx` takes
            only the latter.

    Raises:
        EngineError: it is not installed, too old, or its libraries cannot be loaded.
    """
    for flavour in _flavours(wanted):
        for name in _MODULES[flavour]:
            try:
                api = import_module(name)
            except ModuleNotFoundError as error:
                if error.name != name:
                    raise EngineError(_broken(name, error)) from error
            except (ImportError, OSError) as error:
                raise EngineError(_broken(name, error)) from error
            else:
                return _checked(TensorRT(api, flavour, str(api.__version__)))
    raise EngineError(
        f"Engine {wanted!r} needs {_PRODUCTS[wanted]}, which is not installed. {FIXES[wanted]}"
    )


def _checked(found: TensorRT) -> TensorRT:
    oldest = _OLDEST[found.flavour]
    if tuple(map(int, found.version.split(".")[:2])) < oldest:
        raise EngineError(
            f"{found.flavour} {found.version} is installed; {oldest[0]}.{oldest[1]} or newer is "
            f"needed. {FIXES[found.flavour]}"
        )
    return found


def _broken(name: str, error: Exception) -> str:
    return (
        f"The Python package {name!r} is installed but cannot be loaded: {error}. Install it "
        "again, in the version that matches this Python and CUDA."
    )
