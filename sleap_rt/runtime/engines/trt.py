"""TensorRT 10 and 11, or TensorRT-RTX where that is what is installed: NVIDIA GPUs.

Engines are built for the size of the frames when the first ones arrive, and kept.
"""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from sleap_rt.errors import OptionError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import Array
from sleap_rt.runtime.trt_support.bindings import Flavour, find_tensorrt
from sleap_rt.runtime.trt_support.build import read_graph_tensors
from sleap_rt.runtime.trt_support.cache import EngineCache, cache_folder
from sleap_rt.runtime.trt_support.cuda import find_gpu, select_gpu
from sleap_rt.runtime.trt_support.feeds import checked_feed, device_index
from sleap_rt.runtime.trt_support.gpu_engine import GpuEngine, UnusableEngineError
from sleap_rt.runtime.trt_support.plans import EnginePlans


class TrtEngine:
    """One graph on one GPU.

    Args:
        model: an `.onnx` file.
        options: device.
        flavour: `trt-rtx` insists on TensorRT-RTX.

    Raises:
        OptionError: CPU threads were asked for.
        EngineError: no TensorRT or no GPU here, or TensorRT cannot read the graph.
    """

    def __init__(self, model: Path, options: EngineOptions, flavour: Flavour = "trt") -> None:
        if options.threads is not None:
            raise OptionError(f"threads are CPU threads; engine {flavour!r} runs on the GPU")
        index = device_index(options.device, flavour)
        tensorrt = find_tensorrt(flavour)
        self._gpu = find_gpu(index)
        self._api = tensorrt.api
        self.device = f"cuda:{index}"
        self.inputs, self.outputs = read_graph_tensors(tensorrt, model)
        outputs = [spec.name for spec in self.outputs]
        cache = EngineCache(cache_folder(), _note)
        select = partial(select_gpu, index)
        self._plans = EnginePlans(tensorrt, model, outputs, self._gpu, cache, _note, select)
        self._engine: GpuEngine | None = None

    def run(
        self, feed: Mapping[str, Array], fetch: Sequence[str] | None = None
    ) -> dict[str, Array]:
        names = [spec.name for spec in self.outputs] if fetch is None else list(fetch)
        arrays = checked_feed(self.inputs, self.outputs, feed, names)
        shapes = {name: array.shape for name, array in arrays.items()}
        if self._engine is None or self._plans.needs(shapes, names):
            self._engine = self._load(shapes, names)
        found = self._engine.run(arrays, names)
        return {name: found[name] for name in names}

    def _load(self, shapes: Mapping[str, tuple[int, ...]], names: Sequence[str]) -> GpuEngine:
        self.close()
        plan = self._plans.engine_for(shapes, names)
        try:
            return GpuEngine(self._api, plan, self._gpu)
        except UnusableEngineError as error:
            _note(f"{error}; building it again")
            return GpuEngine(self._api, self._plans.rebuild(), self._gpu)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None


open_engine = TrtEngine


def _note(text: str) -> None:
    print(text, file=sys.stderr)
