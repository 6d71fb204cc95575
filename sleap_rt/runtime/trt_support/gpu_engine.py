"""The calls of TensorRT's runtime: one engine on the GPU, with its memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines import Array, TensorSpec
from sleap_rt.runtime.trt_support.buffers import BufferPlan, plan_buffers
from sleap_rt.runtime.trt_support.cuda import DeviceBlock, PinnedBlock, Stream, select_gpu
from sleap_rt.runtime.trt_support.gpus import Gpu


class UnusableEngineError(EngineError):
    """An engine that this TensorRT or this GPU refuses; building it anew may help."""


class GpuEngine:
    """An engine on the GPU, with its memory.

    Args:
        api: TensorRT's Python module.
        plan: the engine, as built or as kept in the cache.
        gpu: where to run.

    Raises:
        UnusableEngineError: this TensorRT or this GPU refuses the engine.
        EngineError: the GPU has no memory left for it.
    """

    def __init__(self, api: Any, plan: bytes, gpu: Gpu) -> None:
        self._gpu = gpu
        select_gpu(gpu.index)
        self._log = api.Logger(api.Logger.ERROR)
        self._loader = api.Runtime(self._log)
        self._engine = self._loader.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise UnusableEngineError("TensorRT cannot load the kept engine")
        # Working memory is ours, sized for the shapes of each run: an engine for up to 64 crops
        # would otherwise take the memory of 64 crops from the start.
        self._context = self._engine.create_execution_context(
            api.ExecutionContextAllocationStrategy.USER_MANAGED
        )
        if self._context is None:
            raise EngineError("TensorRT cannot start the engine; the GPU may be out of memory")
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        modes = {name: self._engine.get_tensor_mode(name) for name in names}
        self._outputs = [name for name in names if modes[name] == api.TensorIOMode.OUTPUT]
        self._dtypes = {
            name: np.dtype(api.nptype(self._engine.get_tensor_dtype(name))) for name in names
        }
        self._stream = Stream()
        self._tensors, self._work = DeviceBlock(), DeviceBlock()
        self._staging = PinnedBlock()

    def run(self, feed: Mapping[str, Array], fetch: Sequence[str]) -> dict[str, Array]:
        """Copy up, compute, copy down, wait.

        Args:
            feed: every input, contiguous and of its right type, within the engine's profile.
            fetch: outputs to copy down.
        """
        select_gpu(self._gpu.index)  # another thread may run than opened
        buffers = self._place(feed, fetch)
        for slot in buffers.inputs:
            slot.view(self._staging.memory)[...] = feed[slot.name]
        host, device, stream = self._staging.address, self._tensors.address, self._stream
        stream.copy_up(device, host, buffers.input_bytes)
        started = self._context.execute_async_v3(stream.address)
        start, end = buffers.fetched_start, buffers.host_bytes
        if end > start:
            stream.copy_down(host + start, device + start, end - start)
        stream.wait()
        if not started:
            raise EngineError("TensorRT refused to run the engine; the reason is printed above")
        return {slot.name: slot.view(self._staging.memory).copy() for slot in buffers.fetched}

    def _place(self, feed: Mapping[str, Array], fetch: Sequence[str]) -> BufferPlan:
        """Tell TensorRT the shapes of this run and where its tensors lie."""
        context = self._context
        for name, array in feed.items():
            if not context.set_input_shape(name, array.shape):
                raise EngineError(f"the TensorRT engine refuses shape {array.shape} of {name!r}")
        buffers = plan_buffers(
            [TensorSpec(name, array.dtype, array.shape) for name, array in feed.items()],
            [
                TensorSpec(name, self._dtypes[name], tuple(context.get_tensor_shape(name)))
                for name in self._outputs
            ],
            fetch,
        )
        self._tensors.reserve(buffers.device_bytes)
        self._staging.reserve(buffers.host_bytes)
        for slot in (*buffers.inputs, *buffers.fetched, *buffers.others):
            context.set_tensor_address(slot.name, self._tensors.address + slot.offset)
        self._work.reserve(context.update_device_memory_size_for_shapes())
        context.set_device_memory(self._work.address, self._work.n_bytes)
        return buffers

    def close(self) -> None:
        self._stream.close()
        del self._context, self._engine, self._loader
        for block in (self._tensors, self._work, self._staging):
            block.free()
