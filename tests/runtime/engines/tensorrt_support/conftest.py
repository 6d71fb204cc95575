"""TensorRT-RTX, which builds engines without a GPU, and graphs small enough to build at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sleap_rt.runtime.engines import trt
from sleap_rt.runtime.engines.tensorrt import plans
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest
from sleap_rt.runtime.engines.tensorrt.gpu import cuda as cuda_calls
from sleap_rt.runtime.engines.tensorrt.gpu.gpu_engine import GpuEngine

from .simulated_gpu import GPU, SimulatedCuda, open_simulated


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> SimulatedCuda:
    simulated = SimulatedCuda()
    monkeypatch.setattr(cuda_calls, "cuda_runtime", lambda: simulated)
    return simulated


@pytest.fixture
def on_simulated_gpu(
    rtx: TensorRT, cuda: SimulatedCuda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[BuildRequest]:
    """Engines that users open run on the simulated GPU; returns what was built for it.

    Graphs are parsed by TensorRT-RTX itself. An engine of the simulated GPU is the graph.
    """
    requests: list[BuildRequest] = []

    def build(
        tensorrt: object, request: BuildRequest, progress: object, select_gpu: Callable[[], None]
    ) -> bytes:
        select_gpu()
        requests.append(request)
        return request.model.read_bytes()

    def load(tensorrt: TensorRT, plan: bytes, *args: object, **options: bool) -> GpuEngine:
        return open_simulated(cuda, plan, **options)

    monkeypatch.setattr(plans, "build_engine", build)
    monkeypatch.setattr(trt, "find_gpu", lambda index: GPU)
    monkeypatch.setattr(trt, "GpuEngine", load)
    monkeypatch.setattr(trt, "cache_folder", lambda: tmp_path / "engines")
    return requests


@pytest.fixture(scope="session")
def tiny_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames in; their sum, and as a raw output the frames as floats, out."""
    frames = helper.make_tensor_value_info(
        "frames", TensorProto.UINT8, ["batch", "height", "width", "channels"]
    )
    nodes = [
        helper.make_node("Cast", ["frames"], ["confmaps"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["confmaps", "axes"], ["total"], keepdims=0),
    ]
    axes = onnx.numpy_helper.from_array(np.array([1, 2, 3]), "axes")
    return _save(
        helper.make_graph(
            nodes,
            "tiny",
            [frames],
            [
                helper.make_tensor_value_info("total", TensorProto.FLOAT, ["batch"]),
                helper.make_tensor_value_info("confmaps", TensorProto.FLOAT, [None] * 4),
            ],
            [axes],
        ),
        tmp_path_factory.mktemp("tiny") / "tiny.onnx",
    )


@pytest.fixture(scope="session")
def unreadable_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph with an operator that TensorRT does not know."""
    frames = helper.make_tensor_value_info("frames", TensorProto.UINT8, [1, None, None, 1])
    node = helper.make_node("Bernoulli", ["frames"], ["noise"], name="noise_maker", dtype=1)
    noise = helper.make_tensor_value_info("noise", TensorProto.FLOAT, [1, None, None, 1])
    graph = helper.make_graph([node], "unreadable", [frames], [noise])
    return _save(graph, tmp_path_factory.mktemp("unreadable") / "unreadable.onnx")


def _save(graph: onnx.GraphProto, path: Path) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, path)
    return path
