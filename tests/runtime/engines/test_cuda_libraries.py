"""CUDA comes from the packages of the extra `gpu`: loaded where it is wanted, else told how to get.

The driver and ONNX Runtime's CUDA are stand-ins, since a machine has them or not.
"""

import onnxruntime as ort
import pytest

from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import _nvidia, open_engine

NOT_LOADED = "Failed to load libcublasLt.so.13: cannot open shared object file"


class Driver:
    """A driver with one GPU that knows CUDA up to a version, as `cuDriverGetVersion` writes it."""

    def __init__(self, version):
        self.version = version

    def cuInit(self, flags):  # noqa: N802  # the driver's own names
        return 0

    def cuDeviceGetCount(self, count):  # noqa: N802
        count._obj.value = 1
        return 0

    def cuDriverGetVersion(self, version):  # noqa: N802
        version._obj.value = self.version
        return 0


@pytest.fixture
def loads(monkeypatch):
    """How often CUDA was loaded; ONNX Runtime has the provider, and falls back to the CPU."""
    counted = []

    def preload():
        counted.append(1)
        print(f"{NOT_LOADED}\nPlease follow some page")

    class Session(ort.InferenceSession):
        def __init__(self, graph, settings, providers):
            print("Falling back")
            super().__init__(graph, settings, providers=["CPUExecutionProvider"])

    available = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(ort, "get_available_providers", lambda: available)
    monkeypatch.setattr(ort, "preload_dlls", preload, raising=False)
    monkeypatch.setattr(ort, "cuda_version", "13.0", raising=False)
    monkeypatch.setattr(ort, "InferenceSession", Session)
    monkeypatch.setattr(_nvidia, "_load_driver", lambda: Driver(13020))
    return counted


def message(graph, device):
    with pytest.raises(EngineError) as raised:
        open_engine(graph, EngineOptions(engine="ort", device=device))
    return str(raised.value)


def test_cuda_is_loaded_only_where_it_is_wanted(loads, sample_graphs):
    (graph,) = sample_graphs("single_instance")
    open_engine(graph, EngineOptions(engine="ort", device="cpu")).close()
    assert loads == []
    message(graph, "cuda")
    message(graph, "tensorrt")
    assert len(loads) == 2


def test_missing_libraries_are_named_with_the_extra_that_has_them(loads, sample_graphs, capsys):
    (graph,) = sample_graphs("single_instance")
    said = message(graph, "cuda:0")
    assert NOT_LOADED in said
    assert "[gpu]'" in said
    assert capsys.readouterr().out == "", "standard output is for results"


@pytest.mark.parametrize(
    ("knows", "words", "has_older"), [(12040, "CUDA 12.4", True), (11080, "CUDA 11.8", False)]
)
def test_an_old_driver_is_told_with_what_runs_on_it(
    knows, words, has_older, loads, sample_graphs, monkeypatch
):
    monkeypatch.setattr(_nvidia, "_load_driver", lambda: Driver(knows))
    (graph,) = sample_graphs("single_instance")
    said = message(graph, "cuda")
    assert "built for CUDA 13.0" in said
    assert f"the driver knows {words} at most" in said
    assert ("onnxruntime-gpu[cuda,cudnn]<1.27" in said) == has_older


def test_without_a_driver_the_libraries_are_not_blamed(loads, sample_graphs, monkeypatch):
    monkeypatch.setattr(_nvidia, "_load_driver", lambda: None)
    (graph,) = sample_graphs("single_instance")
    said = message(graph, "cuda")
    assert "there is no NVIDIA driver here" in said
    assert "pip install" not in said


def test_builds_without_a_loader_open_as_before(loads, sample_graphs, monkeypatch):
    monkeypatch.delattr(ort, "preload_dlls")
    monkeypatch.delattr(ort, "cuda_version")
    (graph,) = sample_graphs("single_instance")
    assert "could not be loaded. Check the driver" in message(graph, "cuda")
