"""The calls of CUDA: GPUs, memory, copies.

Only this module and `gpu_engine` need a GPU to run. They are small, since most machines that run
the tests have none: a test checks every call against the real bindings. Decisions live in the
modules beside them.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines._nvidia import why_no_gpu
from sleap_rt.runtime.engines.interface import Array
from sleap_rt.runtime.engines.tensorrt.gpu.gpus import Gpu

_NON_BLOCKING = 1  # cudaStreamNonBlocking: does not wait for the default stream


def find_gpu(index: int) -> Gpu:
    """The GPU of this index, made the current one of this thread.

    Raises:
        EngineError: there is no such GPU, or no driver, or cuda-python is not installed.
    """
    runtime = cuda_runtime()
    error, count = runtime.cudaGetDeviceCount()
    if error != runtime.cudaError_t.cudaSuccess or not count:
        raise EngineError(
            f"TensorRT needs an NVIDIA GPU: {why_no_gpu() or _text(runtime, error)}. "
            "Check the driver with `nvidia-smi`, or pass `--engine ort --device cpu`."
        )
    if index >= count:
        raise EngineError(
            f"Device 'cuda:{index}' was asked for, but there are {count} GPUs here, numbered from "
            "0; pass one of them to --device."
        )
    select_gpu(index)
    properties = call(runtime.cudaGetDeviceProperties, index)
    name = properties.name.decode(errors="replace").rstrip("\0")
    return Gpu(index, name, f"{properties.major}.{properties.minor}")


def select_gpu(index: int) -> None:
    """Make a GPU the current one of this thread."""
    call(cuda_runtime().cudaSetDevice, index)


class Stream:
    """A queue of work for the GPU, and the copies that go through it."""

    def __init__(self) -> None:
        self._handle = call(cuda_runtime().cudaStreamCreateWithFlags, _NON_BLOCKING)

    @property
    def address(self) -> int:
        return int(self._handle)

    def copy_up(self, device: int, host: int, n_bytes: int) -> None:
        kind = cuda_runtime().cudaMemcpyKind.cudaMemcpyHostToDevice
        call(cuda_runtime().cudaMemcpyAsync, device, host, n_bytes, kind, self._handle)

    def copy_down(self, host: int, device: int, n_bytes: int) -> None:
        kind = cuda_runtime().cudaMemcpyKind.cudaMemcpyDeviceToHost
        call(cuda_runtime().cudaMemcpyAsync, host, device, n_bytes, kind, self._handle)

    def wait(self) -> None:
        call(cuda_runtime().cudaStreamSynchronize, self._handle)

    def record(self, enqueue: Callable[[], None]) -> "Recording":
        """Record the work that `enqueue` puts into the queue; the GPU does not run it yet.

        Raises:
            EngineError: part of it cannot be recorded.
        """
        runtime = cuda_runtime()
        # Calls of other threads are neither recorded nor forbidden meanwhile.
        mode = runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        call(runtime.cudaStreamBeginCapture, self._handle, mode)
        try:
            try:
                enqueue()
            finally:
                graph = call(runtime.cudaStreamEndCapture, self._handle)
            executable = call(runtime.cudaGraphInstantiate, graph, 0)
            call(runtime.cudaGraphDestroy, graph)
            return Recording(executable, self._handle)
        except EngineError:
            runtime.cudaGetLastError()  # clears it: the next call would report it again
            raise

    def close(self) -> None:
        call(cuda_runtime().cudaStreamDestroy, self._handle)


class Recording:
    """A CUDA graph: recorded work, launched as a whole.

    Args:
        executable: CUDA's handle.
        stream: CUDA's handle of the queue it is put into.
    """

    def __init__(self, executable: Any, stream: Any) -> None:
        self._executable, self._stream = executable, stream

    def launch(self) -> None:
        call(cuda_runtime().cudaGraphLaunch, self._executable, self._stream)

    def close(self) -> None:
        call(cuda_runtime().cudaGraphExecDestroy, self._executable)


class DeviceBlock:
    """Memory on the GPU, reused from run to run; grows when a run needs more."""

    def __init__(self) -> None:
        self.address, self.n_bytes = 0, 0

    def reserve(self, n_bytes: int) -> None:
        """Grow to at least this many bytes, perhaps at another address."""
        if n_bytes > self.n_bytes:
            self.free()
            self.address, self.n_bytes = int(call(cuda_runtime().cudaMalloc, n_bytes)), n_bytes

    def free(self) -> None:
        if self.address:
            call(cuda_runtime().cudaFree, self.address)
        self.address, self.n_bytes = 0, 0


class PinnedBlock:
    """Page-locked memory of the host, which the GPU copies from and to directly."""

    def __init__(self) -> None:
        self.address = 0
        self.memory: Array = np.empty(0, np.uint8)

    def reserve(self, n_bytes: int) -> None:
        if n_bytes > len(self.memory):
            self.free()
            self.address = int(call(cuda_runtime().cudaMallocHost, n_bytes))
            self.memory = _host_memory(self.address, n_bytes)

    def free(self) -> None:
        self.memory = np.empty(0, np.uint8)
        if self.address:
            call(cuda_runtime().cudaFreeHost, self.address)
        self.address = 0


def _host_memory(address: int, n_bytes: int) -> Array:
    """Memory that numpy did not allocate, as (n_bytes,) uint8."""
    memory: Any = (ctypes.c_uint8 * n_bytes).from_address(address)
    block: Array = np.frombuffer(memory, np.uint8)
    return block


def cuda_runtime() -> Any:
    try:
        from cuda.bindings import runtime
    except ImportError as error:
        raise EngineError(
            "Running TensorRT needs the Python package 'cuda-bindings', which is not installed. "
            "Install it with `pip install 'sleap-rt[trt-rtx]'` or `pip install 'sleap-rt[trt]'`."
        ) from error
    return runtime


def call(function: Any, *args: Any) -> Any:
    """The result of a call of CUDA's runtime, whose first value is its error code."""
    error, *results = function(*args)
    runtime = cuda_runtime()
    if error != runtime.cudaError_t.cudaSuccess:
        if error == runtime.cudaError_t.cudaErrorMemoryAllocation:
            raise EngineError(
                "The GPU is out of memory: use a smaller --batch_size, or close other programs"
            )
        raise EngineError(f"{function.__name__} failed: {_text(runtime, error)}")
    return results[0] if results else None


def _text(runtime: Any, error: Any) -> str:
    _, text = runtime.cudaGetErrorString(error)
    return str(text.decode(errors="replace"))
