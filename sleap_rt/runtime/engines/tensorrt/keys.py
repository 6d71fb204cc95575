"""What an engine depends on."""

import platform
from dataclasses import dataclass

from sleap_rt.runtime.engines._cache import CacheKey
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile


@dataclass(frozen=True, kw_only=True)
class EngineKey(CacheKey):
    """Everything that invalidates an engine.

    Attributes:
        graph: `graph_hash` of the model; it covers weights and precision.
        tensorrt: flavour and version.
        gpu: name and compute capability; for an engine built ahead of time, the architecture.
        platform: operating system and processor.
        profile: sizes of the inputs.
        outputs: that the engine computes.
        workspace_bytes: limit of the build; None where TensorRT chose it.
    """

    layout = 1
    graph: str
    tensorrt: str
    gpu: str
    platform: str
    profile: ShapeProfile
    outputs: tuple[str, ...]
    workspace_bytes: int | None


def engine_key(tensorrt: TensorRT, request: BuildRequest, gpu: str, graph: str) -> EngineKey:
    """The key of the engine that a request asks for.

    Args:
        tensorrt: that builds and runs it.
        request: what to build.
        gpu: that it is built for.
        graph: `graph_hash` of the model.
    """
    return EngineKey(
        graph=graph,
        tensorrt=f"{tensorrt.flavour} {tensorrt.version}",
        gpu=gpu,
        platform=f"{platform.system()} {platform.machine()}",
        profile=request.profile,
        outputs=request.outputs,
        workspace_bytes=request.workspace_bytes,
    )
