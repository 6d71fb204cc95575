"""Whole predictors on a simulated GPU: the poses of the CPU, and no more copies than needed."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime import open_predictor
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest
from sleap_rt.runtime.inspect.verify import verify_graph

from .simulated_gpu import UP, SimulatedCuda

pytestmark = pytest.mark.engine

TRT = EngineOptions(engine="trt-rtx")
CLIP = Path(__file__).resolve().parents[4] / "samples/crawlers.mp4"


@pytest.fixture(scope="module")
def batches() -> list[np.ndarray]:
    """Six batches of two frames."""
    capture = cv2.VideoCapture(str(CLIP))
    frames = [np.ascontiguousarray(capture.read()[1][..., :1]) for _ in range(12)]
    return [np.stack(frames[i : i + 2]) for i in range(0, 12, 2)]


@pytest.mark.parametrize("models", [("bottomup",), ("centroid", "centered_instance")])
def test_poses_are_those_of_the_cpu(
    on_simulated_gpu: list[BuildRequest],
    cuda: SimulatedCuda,
    sample_graphs: Callable[..., list[Path]],
    batches: list[np.ndarray],
    models: tuple[str, ...],
) -> None:
    cuda.capacity = 1 << 30
    graphs = sample_graphs(*models)
    cpu = EngineOptions(engine="ort", device="cpu", threads=1)
    on_cpu = open_predictor(graphs, DecodeOptions(), cpu)
    on_gpu = open_predictor(graphs, DecodeOptions(), TRT)
    assert on_gpu.device == "cuda:0"
    for batch in batches:
        cuda.copies.clear()
        found = on_gpu.predict(batch, [0, 1])
        for here, there in zip(found, on_cpu.predict(batch, [0, 1]), strict=True):
            assert len(here) >= 2
            np.testing.assert_array_equal(here.points, there.points)
            np.testing.assert_array_equal(here.scores, there.scores)
        large = [n_bytes for kind, n_bytes in cuda.copies if kind == UP and n_bytes > 10_000]
        assert large == [batch.nbytes], "frames go up once, for all stages"
    assert cuda.n_launches >= len(graphs), "runs that repeat are launched as recorded"
    on_cpu.close()
    on_gpu.close()
    assert not cuda.device


def test_verify_reaches_recorded_runs(
    on_simulated_gpu: list[BuildRequest],
    cuda: SimulatedCuda,
    sample_graphs: Callable[..., list[Path]],
) -> None:
    cuda.capacity = 1 << 30
    (graph,) = sample_graphs("bottomup")
    verified = verify_graph(graph, TRT)
    assert verified.passed
    assert verified.n_expected > 0
    assert cuda.n_launches == 2
