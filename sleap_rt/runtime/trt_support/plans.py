"""Which engine a run needs, and getting hold of it."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sleap_rt.runtime.trt_support.build import BuildRequest, build_engine
from sleap_rt.runtime.trt_support.cache import EngineCache, EngineKey, graph_hash
from sleap_rt.runtime.trt_support.library import TensorRT
from sleap_rt.runtime.trt_support.progress import ProgressLine
from sleap_rt.runtime.trt_support.shapes import Shape, ShapeProfile, profile_for
from sleap_rt.runtime.trt_support.targets import Target


class EnginePlans:
    """The engines of one graph on one GPU.

    An engine serves a frame size, up to so many frames, crops and slots, and computes the outputs
    that were asked for so far. A run that exceeds this asks for another engine.

    Args:
        tensorrt: the installed one.
        model: the `.onnx` file.
        gpu: name and compute capability, as they are to stand in messages and in the key.
        cache: where engines are kept.
        target: architecture to build for; None for the GPU of this machine.
    """

    def __init__(
        self,
        tensorrt: TensorRT,
        model: Path,
        gpu: str,
        cache: EngineCache,
        target: Target | None = None,
    ) -> None:
        self._tensorrt = tensorrt
        self._model = model
        self._gpu = gpu
        self._cache = cache
        self._target = target
        self._graph_hash = graph_hash(model)
        self._current: BuildRequest | None = None

    def needs(self, shapes: Mapping[str, Shape], fetch: Sequence[str]) -> bool:
        """Whether a run with inputs of these shapes needs another engine than the last one."""
        return self._request(shapes, fetch) != self._current

    def engine_for(self, shapes: Mapping[str, Shape], fetch: Sequence[str]) -> bytes:
        """The engine for a run, from the cache or built now, with visible progress.

        Raises:
            EngineError: the graph cannot be built.
        """
        request = self._request(shapes, fetch)
        plan = self._cache.get_or_build(self._key(request), lambda: self._build(request))
        self._current = request
        return plan

    def rebuild(self) -> bytes:
        """The current engine once more, built anew: the one at hand turned out to be unusable."""
        assert self._current is not None  # there was an engine to find unusable
        request, key = self._current, self._key(self._current)
        self._cache.discard(key)
        return self._cache.get_or_build(key, lambda: self._build(request))

    def _request(self, shapes: Mapping[str, Shape], fetch: Sequence[str]) -> BuildRequest:
        if self._current is None:
            profile, outputs = profile_for(shapes), set(fetch)
            return BuildRequest(
                model=self._model,
                profile=profile,
                outputs=tuple(sorted(outputs)),
                target=self._target,
            )
        known = self._current.outputs or ()
        return replace(
            self._current,
            profile=self._current.profile.grown_to(shapes),
            outputs=tuple(sorted({*known, *fetch})),
        )

    def _key(self, request: BuildRequest) -> EngineKey:
        return EngineKey(
            graph=self._graph_hash,
            tensorrt=f"{self._tensorrt.flavour} {self._tensorrt.version}",
            gpu=self._gpu,
            platform=f"{platform.system()} {platform.machine()}",
            profile=request.profile,
            outputs=request.outputs,
            workspace_bytes=request.workspace_bytes,
        )

    def _build(self, request: BuildRequest) -> bytes:
        with ProgressLine(_title(request.model.name, request.profile, self._gpu)) as line:
            return build_engine(self._tensorrt, request, line.update)


def _title(model: str, profile: ShapeProfile, gpu: str) -> str:
    height, width, _ = profile.frame_size
    return f"building the TensorRT engine of {model} for frames of {width}x{height} px on {gpu}"
