"""TensorRT 10 and 11, or TensorRT-RTX where only that is installed: NVIDIA GPUs.

An engine is built for the frame size when the first frames arrive, and kept for later runs.
"""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines._cache import EngineCache, cache_folder
from sleap_rt.runtime.engines.interface import (
    Array,
    Declaration,
    Device,
    DeviceArray,
    Feed,
    find_device,
)
from sleap_rt.runtime.engines.tensorrt.bindings import FIXES, Flavour, find_tensorrt, why_not
from sleap_rt.runtime.engines.tensorrt.build import read_graph_tensors
from sleap_rt.runtime.engines.tensorrt.gpu.cuda import find_gpu, select_gpu
from sleap_rt.runtime.engines.tensorrt.gpu.feeds import checked_feed
from sleap_rt.runtime.engines.tensorrt.gpu.gpu_engine import (
    GpuEngine,
    UnusableEngineError,
    Uploader,
)
from sleap_rt.runtime.engines.tensorrt.plans import EnginePlans

OPTIONS = ("workspace", "cuda_graphs")
ENGINE = Declaration(
    product="TensorRT",
    install=FIXES["trt"],
    packages=("tensorrt", "cuda-bindings"),
    # After ONNX Runtime, since building the first engine may take minutes.
    devices=(
        Device(kind="cuda", title="an NVIDIA GPU", place=20, numbered=True, builds_per_shape=True),
    ),
    options=OPTIONS,
    why_not=partial(why_not, "trt"),
    builds_per_size=True,
    sleap_nn_name="tensorrt",
)


class TrtEngine:
    """One graph on one GPU.

    Args:
        model: an `.onnx` file.
        options: device, workspace, CUDA graphs.
        flavour: `trt-rtx` insists on TensorRT-RTX.

    Raises:
        EngineError: no TensorRT or no GPU here, or TensorRT cannot read the graph.
    """

    def __init__(self, model: Path, options: EngineOptions, flavour: Flavour = "trt") -> None:
        _, index = find_device(flavour, ENGINE, options.device)
        self._tensorrt = find_tensorrt(flavour)
        self._gpu = find_gpu(index)
        self._cuda_graphs = options.cuda_graphs is not False
        self.device = f"cuda:{index}"
        self._owner = f"{self._tensorrt.flavour} on {self.device}"
        self.inputs, self.outputs = read_graph_tensors(self._tensorrt, model)
        self._plans = EnginePlans(
            self._tensorrt,
            model,
            [spec.name for spec in self.outputs],
            self._gpu,
            EngineCache(cache_folder(), _note),
            _note,
            partial(select_gpu, index),
            workspace_bytes=None if options.workspace is None else options.workspace << 20,
        )
        self._engine: GpuEngine | None = None
        self._uploader: Uploader | None = None

    def upload(self, array: Array) -> DeviceArray:
        if self._uploader is None:
            self._uploader = Uploader(self._gpu, self._owner)
        return self._uploader.upload(array)

    def run(self, feed: Feed, fetch: Sequence[str] | None = None) -> dict[str, Array]:
        names = [spec.name for spec in self.outputs] if fetch is None else list(fetch)
        arrays = checked_feed(self.inputs, self.outputs, feed, names, self._owner)
        shapes = {name: array.shape for name, array in arrays.items()}
        if self._engine is None or self._plans.needs(shapes, names):
            self._engine = self._load(shapes, names)
        found = self._engine.run(arrays, names)
        return {name: found[name] for name in names}

    def _load(self, shapes: Mapping[str, tuple[int, ...]], names: Sequence[str]) -> GpuEngine:
        self._close_engine()
        plan = self._plans.engine_for(shapes, names)
        try:
            return self._opened(plan)
        except UnusableEngineError as error:
            _note(f"{error}; building it again")
            return self._opened(self._plans.rebuild())

    def _opened(self, plan: bytes) -> GpuEngine:
        kernels = self._plans.kernels
        return GpuEngine(
            self._tensorrt, plan, self._gpu, kernels, _note, cuda_graphs=self._cuda_graphs
        )

    def _close_engine(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def close(self) -> None:
        self._close_engine()
        if self._uploader is not None:
            self._uploader.close()
            self._uploader = None


open_engine = TrtEngine


def _note(text: str) -> None:
    print(text, file=sys.stderr)
