"""NVIDIA's driver, asked without any package, and the CUDA that onnxruntime-gpu needs."""

import contextlib
import ctypes
import io

_DRIVERS = ("libcuda.so.1", "nvcuda.dll")


def why_no_gpu() -> str | None:
    """The obstacle to running on an NVIDIA GPU, in words; None where there is none."""
    driver = _load_driver()
    if driver is None:
        return "there is no NVIDIA driver"
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return "the NVIDIA driver finds no GPU"
    return None


def load_cuda() -> str:
    """Load CUDA and cuDNN for ONNX Runtime from where pip installs them, or from the system.

    Returns:
        What ONNX Runtime says about the first library that it could not load; else nothing.
    """
    import onnxruntime as ort

    if not hasattr(ort, "preload_dlls"):  # builds before 1.21, such as those for older Jetsons
        return ""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):  # it prints, and standard output is for results
        ort.preload_dlls()
    return said.getvalue().strip().partition("\n")[0]


def cuda_advice() -> str:
    """What to do where ONNX Runtime is built for CUDA and yet cannot use it."""
    import onnxruntime as ort

    built, known = getattr(ort, "cuda_version", ""), _newest_cuda()
    major = built.partition(".")[0]
    if not known or not major.isdecimal() or known[0] >= int(major):
        return "Check the driver, and install CUDA and cuDNN with `pip install 'sleap-rt[gpu]'`"
    advice = (
        f"This onnxruntime-gpu is built for CUDA {built}, and the driver knows CUDA "
        f"{known[0]}.{known[1]} at most. Update the driver"
    )
    if known[0] == 12:
        advice += (
            ", or install `pip install 'onnxruntime-gpu[cuda,cudnn]<1.27'`, which is for CUDA 12"
        )
    return advice


def _newest_cuda() -> tuple[int, int] | None:
    """Major and minor number of the newest CUDA that the driver knows."""
    driver, version = _load_driver(), ctypes.c_int(0)
    if driver is None or driver.cuDriverGetVersion(ctypes.byref(version)):
        return None
    return version.value // 1000, version.value % 1000 // 10  # 12040 is CUDA 12.4


def _load_driver() -> ctypes.CDLL | None:
    for name in _DRIVERS:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None
