"""The calls of TensorRT's runtime: one engine on the GPU, with its memory."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines.interface import Array, DeviceArray, Feed, TensorSpec
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.gpu.buffers import BufferPlan, plan_buffers
from sleap_rt.runtime.engines.tensorrt.gpu.cuda import DeviceBlock, PinnedBlock, Stream, select_gpu
from sleap_rt.runtime.engines.tensorrt.gpu.gpus import Gpu
from sleap_rt.runtime.engines.tensorrt.gpu.recordings import RecordedRun, Recordings
from sleap_rt.runtime.engines.tensorrt.warm_start import load_kernels, save_kernels


class UnusableEngineError(EngineError):
    """An engine that this TensorRT or this GPU refuses; building it anew may help."""


class GpuEngine:
    """An engine on the GPU, with its memory.

    Args:
        tensorrt: that runs it.
        plan: the engine, as built or as kept in the cache.
        gpu: where to run.
        kernels: file of the kernels that TensorRT-RTX compiles while it runs.
        note: gets a line when runs cannot be recorded.
        cuda_graphs: record runs whose shapes repeat.

    Raises:
        UnusableEngineError: this TensorRT or this GPU refuses the engine.
        EngineError: the GPU has no memory left for it.
    """

    def __init__(
        self,
        tensorrt: TensorRT,
        plan: bytes,
        gpu: Gpu,
        kernels: Path,
        note: Callable[[str], None],
        *,
        cuda_graphs: bool = True,
    ) -> None:
        self._api, self._gpu, self._note = tensorrt.api, gpu, note
        self._is_rtx, self._cuda_graphs = tensorrt.is_rtx, cuda_graphs
        self._kernels_path = kernels
        self._kernels: Any = None  # TensorRT-RTX's cache of them
        select_gpu(gpu.index)
        self._log = self._api.Logger(self._api.Logger.ERROR)
        self._loader = self._api.Runtime(self._log)
        self._engine = self._loader.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise UnusableEngineError("TensorRT cannot load the kept engine")
        self._context = self._new_context()
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        modes = {name: self._engine.get_tensor_mode(name) for name in names}
        self._outputs = [name for name in names if modes[name] == self._api.TensorIOMode.OUTPUT]
        self._dtypes = {
            name: np.dtype(self._api.nptype(self._engine.get_tensor_dtype(name))) for name in names
        }
        self._stream = Stream()
        self._tensors, self._work = DeviceBlock(), DeviceBlock()
        self._staging = PinnedBlock()
        self._recordings = Recordings()

    def _new_context(self) -> Any:
        # Working memory is ours, sized for the shapes of each run: an engine for up to 64 crops
        # would otherwise take the memory of 64 crops from the start.
        settings = self._api.ExecutionContextAllocationStrategy.USER_MANAGED
        if self._is_rtx:
            # It records by itself: only it knows when its kernels for a shape are final.
            strategies = self._api.CudaGraphStrategy
            config = self._engine.create_runtime_config()
            config.set_execution_context_allocation_strategy(settings)
            config.cuda_graph_strategy = (
                strategies.WHOLE_GRAPH_CAPTURE if self._cuda_graphs else strategies.DISABLED
            )
            self._kernels = load_kernels(config, self._kernels_path)
            settings = config
        context = self._engine.create_execution_context(settings)
        if context is None:
            raise EngineError("TensorRT cannot start the engine; the GPU may be out of memory")
        return context

    def run(self, feed: Feed, fetch: Sequence[str]) -> dict[str, Array]:
        """Copy up, compute, copy down, wait.

        Args:
            feed: every input, of its right type, within the engine's profile; contiguous arrays, or
                uploads for this GPU.
            fetch: outputs to copy down.
        """
        select_gpu(self._gpu.index)  # this thread may not be the one that opened the engine
        key = (*((name, array.shape, _address(array)) for name, array in feed.items()), *fetch)
        recorded = self._recordings.get(key)
        if recorded is not None:
            self._fill(recorded.buffers, feed)
            recorded.recording.launch()
            self._stream.wait()
            return self._results(recorded.buffers)
        records = self._cuda_graphs and not self._is_rtx and self._recordings.is_due(key)
        # A recording has a context of its own, whose shapes never change again.
        context = self._new_context() if records else self._context
        buffers = self._place(context, feed, fetch)
        self._fill(buffers, feed)
        self._enqueue(context, buffers)
        self._stream.wait()
        results = self._results(buffers)
        if records:
            self._record(key, context, buffers)
        return results

    def _place(self, context: Any, feed: Feed, fetch: Sequence[str]) -> BufferPlan:
        """Tell TensorRT the shapes of this run and where its tensors lie."""
        for name, array in feed.items():
            if not context.set_input_shape(name, array.shape):
                raise EngineError(f"The TensorRT engine refuses shape {array.shape} of {name!r}")
            if isinstance(array, DeviceArray):
                context.set_tensor_address(name, array.memory)
        buffers = plan_buffers(
            [TensorSpec(name, array.dtype, array.shape) for name, array in _on_host(feed).items()],
            [
                TensorSpec(name, self._dtypes[name], tuple(context.get_tensor_shape(name)))
                for name in self._outputs
            ],
            fetch,
        )
        self._reserve(buffers, context.update_device_memory_size_for_shapes())
        for slot in (*buffers.inputs, *buffers.fetched, *buffers.others):
            context.set_tensor_address(slot.name, self._tensors.address + slot.offset)
        context.set_device_memory(self._work.address, self._work.n_bytes)
        return buffers

    def _reserve(self, buffers: BufferPlan, work_bytes: int) -> None:
        blocks = (self._tensors, self._staging, self._work)
        before = [block.address for block in blocks]
        self._tensors.reserve(buffers.device_bytes)
        self._staging.reserve(buffers.host_bytes)
        self._work.reserve(work_bytes)
        if [block.address for block in blocks] != before:
            self._recordings.forget()  # they use the memory that was freed

    def _fill(self, buffers: BufferPlan, feed: Feed) -> None:
        for slot in buffers.inputs:
            slot.view(self._staging.memory)[...] = feed[slot.name]

    def _enqueue(self, context: Any, buffers: BufferPlan) -> None:
        host, device, stream = self._staging.address, self._tensors.address, self._stream
        if buffers.input_bytes:
            stream.copy_up(device, host, buffers.input_bytes)
        if not context.execute_async_v3(stream.address):
            raise EngineError("TensorRT refused to run the engine; the reason is printed above")
        start, end = buffers.fetched_start, buffers.host_bytes
        if end > start:
            stream.copy_down(host + start, device + start, end - start)

    def _results(self, buffers: BufferPlan) -> dict[str, Array]:
        return {slot.name: slot.view(self._staging.memory).copy() for slot in buffers.fetched}

    def _record(self, key: Hashable, context: Any, buffers: BufferPlan) -> None:
        try:
            recording = self._stream.record(lambda: self._enqueue(context, buffers))
        except EngineError as error:
            self._cuda_graphs = False
            self._note(f"runs are launched one by one, without CUDA graphs: {error}")
            return
        self._recordings.keep(key, RecordedRun(recording, buffers, context))

    def close(self) -> None:
        self._recordings.forget()
        if self._kernels is not None:
            save_kernels(self._kernels, self._kernels_path)
        self._stream.close()
        del self._context, self._engine, self._loader
        for block in (self._tensors, self._work, self._staging):
            block.free()


class Uploader:
    """Copies arrays to the GPU, for engines to share; each upload replaces the last.

    Args:
        gpu: to copy to.
        owner: engine and device that the uploads are for.
    """

    def __init__(self, gpu: Gpu, owner: str) -> None:
        self._gpu, self._owner = gpu, owner
        select_gpu(gpu.index)
        self._stream, self._device, self._staging = Stream(), DeviceBlock(), PinnedBlock()

    def upload(self, array: Array) -> DeviceArray:
        """Copy an array up, and wait until it is there."""
        select_gpu(self._gpu.index)
        self._device.reserve(array.nbytes)
        self._staging.reserve(array.nbytes)
        staged = self._staging.memory[: array.nbytes].view(array.dtype).reshape(array.shape)
        staged[...] = array
        self._stream.copy_up(self._device.address, self._staging.address, array.nbytes)
        self._stream.wait()
        return DeviceArray(array.shape, array.dtype, self._owner, self._device.address)

    def close(self) -> None:
        self._stream.close()
        self._device.free()
        self._staging.free()


def _on_host(feed: Feed) -> Mapping[str, Array]:
    return {name: array for name, array in feed.items() if not isinstance(array, DeviceArray)}


def _address(array: Array | DeviceArray) -> int | None:
    return array.memory if isinstance(array, DeviceArray) else None
