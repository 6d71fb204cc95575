"""A GPU in software: memory that only copies reach, and engines that ONNX Runtime runs.

It stands in for the functions of CUDA and the classes of TensorRT's runtime that the package calls.
Whatever a real one would crash on (a copy beyond a block, memory used after it was freed, a tensor
without an address) is an AssertionError here.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime as ort

from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.gpu.gpu_engine import GpuEngine
from sleap_rt.runtime.engines.tensorrt.gpu.gpus import Gpu

SUCCESS, NO_MEMORY, INVALIDATED = 0, 2, 901
UP, DOWN = 1, 2
GPU = Gpu(0, "Simulated", "8.6")


@dataclass
class SimulatedCuda:
    """What `cuda.bindings.runtime` offers, as far as it is used.

    Attributes:
        capacity: bytes of device memory.
        device: address -> block of device memory.
        host: address -> block of page-locked memory.
        copies: (direction, bytes) of every copy so far.
        n_streams: streams that are open.
        recorded: what is being recorded; None where nothing is.
        graphs: executable graphs: handle -> what they do.
        n_recordings: graphs made so far.
        n_launches: of graphs.
        refuses_recording: nothing can be recorded.
    """

    capacity: int = 1 << 20
    device: dict[int, Any] = field(default_factory=dict)
    host: dict[int, Any] = field(default_factory=dict)
    copies: list[tuple[int, int]] = field(default_factory=list)
    n_streams: int = 0
    recorded: list[Callable[[], object]] | None = None
    graphs: dict[int, list[Callable[[], object]]] = field(default_factory=dict)
    n_recordings: int = 0
    n_launches: int = 0
    refuses_recording: bool = False
    cudaError_t: Any = field(  # noqa: N815 (CUDA's name)
        default_factory=lambda: SimpleNamespace(cudaSuccess=0, cudaErrorMemoryAllocation=2)
    )
    cudaMemcpyKind: Any = field(  # noqa: N815
        default_factory=lambda: SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)
    )

    cudaStreamCaptureMode: Any = field(  # noqa: N815
        default_factory=lambda: SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)
    )

    def cudaMalloc(self, n_bytes: int) -> tuple[int, int]:  # noqa: N802
        if n_bytes + sum(map(ctypes.sizeof, self.device.values())) > self.capacity:
            return NO_MEMORY, 0
        return SUCCESS, _new_block(self.device, n_bytes)

    def cudaFree(self, address: int) -> tuple[int]:  # noqa: N802
        del self.device[address]
        return (SUCCESS,)

    def cudaMallocHost(self, n_bytes: int) -> tuple[int, int]:  # noqa: N802
        return SUCCESS, _new_block(self.host, n_bytes)

    def cudaFreeHost(self, address: int) -> tuple[int]:  # noqa: N802
        del self.host[address]
        return (SUCCESS,)

    def cudaMemcpyAsync(  # noqa: N802
        self, to: int, from_: int, n_bytes: int, kind: int, stream: int
    ) -> tuple[int]:
        if self.recorded is not None:
            self.recorded.append(lambda: self.cudaMemcpyAsync(to, from_, n_bytes, kind, stream))
            return (SUCCESS,)
        sides = (self.device, self.host) if kind == UP else (self.host, self.device)
        for blocks, address in zip(sides, (to, from_), strict=True):
            assert is_inside(blocks, address, n_bytes), "a copy leaves its block"
        ctypes.memmove(to, from_, n_bytes)
        self.copies.append((kind, n_bytes))
        return (SUCCESS,)

    def cudaStreamCreateWithFlags(self, flags: int) -> tuple[int, int]:  # noqa: N802
        self.n_streams += 1
        return SUCCESS, 77

    def cudaStreamBeginCapture(self, stream: int, mode: int) -> tuple[int]:  # noqa: N802
        self.recorded = []
        return (SUCCESS,)

    def cudaStreamEndCapture(self, stream: int) -> tuple[int, Any]:  # noqa: N802
        recorded, self.recorded = self.recorded, None
        return (INVALIDATED, None) if self.refuses_recording else (SUCCESS, recorded)

    def cudaGraphInstantiate(self, graph: Any, flags: int) -> tuple[int, int]:  # noqa: N802
        self.n_recordings += 1
        handle = 1000 + self.n_recordings
        self.graphs[handle] = graph
        return SUCCESS, handle

    def cudaGraphDestroy(self, graph: Any) -> tuple[int]:  # noqa: N802
        return (SUCCESS,)

    def cudaGraphLaunch(self, handle: int, stream: int) -> tuple[int]:  # noqa: N802
        self.n_launches += 1
        for work in self.graphs[handle]:
            work()
        return (SUCCESS,)

    def cudaGraphExecDestroy(self, handle: int) -> tuple[int]:  # noqa: N802
        del self.graphs[handle]
        return (SUCCESS,)

    def cudaGetLastError(self) -> tuple[int]:  # noqa: N802
        return (SUCCESS,)

    def cudaGetErrorString(self, error: int) -> tuple[int, bytes]:  # noqa: N802
        return SUCCESS, b"operation failed due to a previous error during capture"

    def cudaStreamSynchronize(self, stream: int) -> tuple[int]:  # noqa: N802
        assert self.recorded is None, "waiting cannot be recorded"
        return (SUCCESS,)

    def cudaStreamDestroy(self, stream: int) -> tuple[int]:  # noqa: N802
        self.n_streams -= 1
        return (SUCCESS,)

    def cudaSetDevice(self, index: int) -> tuple[int]:  # noqa: N802
        return (SUCCESS,)


def _new_block(blocks: dict[int, Any], n_bytes: int) -> int:
    block = (ctypes.c_uint8 * n_bytes)()
    ctypes.memset(block, 0xA5, n_bytes)  # what was there before
    blocks[ctypes.addressof(block)] = block
    return ctypes.addressof(block)


def is_inside(blocks: dict[int, Any], address: int, n_bytes: int) -> bool:
    return any(
        start <= address and address + n_bytes <= start + ctypes.sizeof(block)
        for start, block in blocks.items()
    )


class Mode(Enum):
    INPUT = 0
    OUTPUT = 1


class Strategy(Enum):
    STATIC = 0
    USER_MANAGED = 2


class SimulatedTensorRT:
    """What TensorRT's module offers for running an engine. A plan is the graph's own bytes."""

    TensorIOMode = Mode
    ExecutionContextAllocationStrategy = Strategy

    def __init__(self, cuda: SimulatedCuda) -> None:
        self._cuda = cuda
        self.Logger = type("Logger", (), {"ERROR": 1, "__init__": lambda self, level: None})

    def Runtime(self, log: Any) -> Any:  # noqa: N802 (TensorRT's name)
        return SimpleNamespace(deserialize_cuda_engine=self._deserialize)

    def nptype(self, dtype: type) -> type:
        return dtype

    def _deserialize(self, plan: bytes) -> "_Engine | None":
        if plan.startswith(b"unusable"):
            return None
        settings = ort.SessionOptions()
        settings.intra_op_num_threads = 1  # with more, the last bit depends on their number
        session = ort.InferenceSession(plan, settings, providers=["CPUExecutionProvider"])
        return _Engine(session, self._cuda)


_DTYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(int64)": np.int64}


class _Engine:
    def __init__(self, session: ort.InferenceSession, cuda: SimulatedCuda) -> None:
        self.session, self.cuda = session, cuda
        self.tensors = {value.name: value for value in session.get_inputs()}
        self._inputs = set(self.tensors)
        self.tensors |= {value.name: value for value in session.get_outputs()}
        self.num_io_tensors = len(self.tensors)
        self._known_shapes: dict[Any, dict[str, tuple[int, ...]]] = {}

    def get_tensor_name(self, i: int) -> str:
        return list(self.tensors)[i]

    def get_tensor_mode(self, name: str) -> Mode:
        return Mode.INPUT if name in self._inputs else Mode.OUTPUT

    def get_tensor_dtype(self, name: str) -> type:
        return _DTYPES[self.tensors[name].type]

    def output_shapes(self, inputs: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        key = tuple(inputs.items())
        if key not in self._known_shapes:
            feed = {n: np.zeros(shape, self.get_tensor_dtype(n)) for n, shape in inputs.items()}
            names = [name for name in self.tensors if name not in inputs]
            found = self.session.run(names, feed)
            self._known_shapes[key] = {
                n: array.shape for n, array in zip(names, found, strict=True)
            }
        return self._known_shapes[key]

    def create_execution_context(self, strategy: Strategy) -> "_Context":
        assert strategy is Strategy.USER_MANAGED
        return _Context(self)


class _Context:
    def __init__(self, engine: _Engine) -> None:
        self._engine = engine
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._addresses: dict[str, int] = {}
        self._work = (0, 0)

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self._shapes[name] = shape
        return max(shape, default=0) < 1000  # beyond lies what no profile covers

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        if name in self._shapes:
            return self._shapes[name]
        return self._engine.output_shapes(self._shapes)[name]

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._addresses[name] = address
        return True

    def _n_work_bytes(self) -> int:
        return 64 * int(np.prod(self._shapes["frames"]))

    def update_device_memory_size_for_shapes(self) -> int:
        return self._n_work_bytes()

    def set_device_memory(self, address: int, n_bytes: int) -> None:
        self._work = (address, n_bytes)

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == 77
        recorded = self._engine.cuda.recorded
        if recorded is not None:
            state = self._state()

            def launched() -> None:
                assert self._state() == state, "the recording's context was given to another run"
                self.execute_async_v3(stream)

            recorded.append(launched)
            return True
        device = self._engine.cuda.device
        assert self._work[1] >= self._n_work_bytes()
        assert is_inside(device, *self._work)
        names = list(self._engine.tensors)
        arrays = {name: self._view(name) for name in names}
        outputs = [name for name in names if name not in self._shapes]
        found = self._engine.session.run(outputs, {n: arrays[n].copy() for n in self._shapes})
        for name, array in zip(outputs, found, strict=True):
            arrays[name][...] = array
        return True

    def _state(self) -> tuple[Any, ...]:
        return dict(self._shapes), dict(self._addresses), self._work

    def _view(self, name: str) -> np.ndarray:
        shape, dtype = self.get_tensor_shape(name), np.dtype(self._engine.get_tensor_dtype(name))
        n_bytes = int(np.prod(shape)) * dtype.itemsize
        assert is_inside(self._engine.cuda.device, self._addresses[name], n_bytes), name
        block = (ctypes.c_uint8 * n_bytes).from_address(self._addresses[name])
        return np.frombuffer(block, np.uint8).view(dtype).reshape(shape)


class SimulatedRtx(SimulatedTensorRT):
    """TensorRT-RTX, which takes the settings of runs as one object and compiles kernels."""

    CudaGraphStrategy = SimpleNamespace(DISABLED="disabled", WHOLE_GRAPH_CAPTURE="whole graph")

    def _deserialize(self, plan: bytes) -> "_Engine | None":
        engine = super()._deserialize(plan)
        return None if engine is None else _RtxEngine(engine.session, engine.cuda)


class Kernels:
    """A runtime cache; every context adds a kernel."""

    def __init__(self) -> None:
        self.content = b""

    def deserialize(self, blob: bytes) -> bool:
        self.content = blob
        return True

    def serialize(self) -> bytes:
        return self.content


class _RtxConfig:
    cuda_graph_strategy = "not set"

    def set_execution_context_allocation_strategy(self, strategy: Strategy) -> None:
        self.strategy = strategy

    def create_runtime_cache(self) -> Kernels:
        return Kernels()

    def set_runtime_cache(self, kernels: Kernels) -> bool:
        self.kernels = kernels
        return True


class _RtxEngine(_Engine):
    def create_runtime_config(self) -> _RtxConfig:
        return _RtxConfig()

    def create_execution_context(self, config: Any) -> "_Context":
        config.kernels.content += f"kernel of {config.cuda_graph_strategy};".encode()
        return super().create_execution_context(config.strategy)


def open_simulated(
    cuda: SimulatedCuda, plan: bytes, notes: list[str] | None = None, *, cuda_graphs: bool = True
) -> GpuEngine:
    """An engine on the simulated GPU, run by TensorRT; its plan is a graph's own bytes."""
    tensorrt = TensorRT(SimulatedTensorRT(cuda), "trt", "10.3")
    note = [].append if notes is None else notes.append
    return GpuEngine(tensorrt, plan, GPU, Path("unused"), note, cuda_graphs=cuda_graphs)
