"""Decides which engine a run needs, and loads or builds it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sleap_rt.runtime.engines._cache import EngineCache, Note, graph_hash
from sleap_rt.runtime.engines.tensorrt.ahead import ahead_of_time_engine
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest, build_engine, decoded_outputs
from sleap_rt.runtime.engines.tensorrt.gpu.gpus import Gpu
from sleap_rt.runtime.engines.tensorrt.keys import EngineKey, engine_key
from sleap_rt.runtime.engines.tensorrt.progress import ProgressLine, build_title
from sleap_rt.runtime.engines.tensorrt.shapes import Shape, profile_for
from sleap_rt.runtime.engines.wrapping.building import building


class EnginePlans:
    """The engines of one graph on one GPU.

    An engine serves one frame size and a limited number of frames, crops and slots. It computes all
    decoded outputs, and the raw outputs asked for so far. A run that exceeds this needs another
    engine.

    Args:
        tensorrt: the installed one.
        model: the `.onnx` file.
        outputs: of the graph.
        gpu: that the engines run on.
        cache: where engines are kept.
        note: gets a line when an engine beside the model cannot be used.
        select_gpu: makes that GPU the current one of the thread that calls it.
        workspace_bytes: limit of the builds.
    """

    def __init__(
        self,
        tensorrt: TensorRT,
        model: Path,
        outputs: Sequence[str],
        gpu: Gpu,
        cache: EngineCache,
        note: Note,
        select_gpu: Callable[[], None] | None = None,
        *,
        workspace_bytes: int | None = None,
    ) -> None:
        self._tensorrt = tensorrt
        self._model = model
        self._outputs = decoded_outputs(outputs)
        self._gpu = gpu
        self._cache = cache
        self._note = note
        self._select_gpu = select_gpu
        self._workspace_bytes = workspace_bytes
        self._graph_hash = graph_hash(model)
        self._current: BuildRequest | None = None

    def needs(self, shapes: Mapping[str, Shape], fetch: Sequence[str]) -> bool:
        """Whether a run with inputs of these shapes needs another engine than the last one."""
        return self._request(shapes, fetch) != self._current

    def engine_for(self, shapes: Mapping[str, Shape], fetch: Sequence[str]) -> bytes:
        """The engine for a run: one exported with the model, or kept, or built now.

        Raises:
            EngineError: the graph cannot be built.
        """
        request = self._request(shapes, fetch)
        plan = ahead_of_time_engine(
            self._tensorrt, request, self._gpu.architecture, self._graph_hash, self._note
        )
        if plan is None:
            plan = self._kept_or_built(request)
        self._current = request
        return plan

    def rebuild(self) -> bytes:
        """Build the current engine again, because the one at hand turned out to be unusable."""
        assert self._current is not None  # the unusable engine was made for it
        self._cache.discard(self._key(self._current))
        return self._kept_or_built(self._current)

    @property
    def kernels(self) -> Path:
        """Where the kernels of the current engine are kept."""
        assert self._current is not None
        return self._cache.kernels(self._key(self._current))

    def _kept_or_built(self, request: BuildRequest) -> bytes:
        return self._cache.get_or_build(self._key(request), lambda: self._build(request))

    def _request(self, shapes: Mapping[str, Shape], fetch: Sequence[str]) -> BuildRequest:
        if self._current is None:
            outputs = {*self._outputs, *fetch}
            return BuildRequest(
                model=self._model,
                profile=profile_for(shapes),
                outputs=tuple(sorted(outputs)),
                workspace_bytes=self._workspace_bytes,
                timings=self._cache.timings,
            )
        return replace(
            self._current,
            profile=self._current.profile.grown_to(shapes),
            outputs=tuple(sorted({*self._current.outputs, *fetch})),
        )

    def _key(self, request: BuildRequest) -> EngineKey:
        return engine_key(self._tensorrt, request, str(self._gpu), self._graph_hash)

    def _build(self, request: BuildRequest) -> bytes:
        title = build_title(request.model.name, request.profile, str(self._gpu))
        with building(), ProgressLine(title) as line:
            return build_engine(self._tensorrt, request, line.update, self._select_gpu)
