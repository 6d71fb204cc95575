"""Runs of a tiny graph on a simulated GPU: what is copied where, and when memory is taken."""

from pathlib import Path

import numpy as np
import pytest

from sleap_rt.errors import EngineError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import trt
from sleap_rt.runtime.engines.interface import DeviceArray
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest
from sleap_rt.runtime.engines.tensorrt.gpu.gpu_engine import (
    GpuEngine,
    UnusableEngineError,
    Uploader,
)
from sleap_rt.runtime.engines.trt import TrtEngine

from .simulated_gpu import DOWN, GPU, UP, SimulatedCuda, SimulatedRtx, open_simulated


def frames(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 16, 24, 1), np.uint8)


@pytest.fixture
def engine(cuda: SimulatedCuda, tiny_graph: Path) -> GpuEngine:
    return open_simulated(cuda, tiny_graph.read_bytes())


@pytest.mark.parametrize("n", [1, 3])
def test_results_are_those_of_the_graph(engine: GpuEngine, n: int) -> None:
    batch = frames(n)
    found = engine.run({"frames": batch}, ["confmaps", "total"])
    np.testing.assert_array_equal(found["total"], batch.sum(axis=(1, 2, 3)).astype(np.float32))
    np.testing.assert_array_equal(found["confmaps"], batch.astype(np.float32))


def test_only_what_is_fetched_comes_down_in_one_copy(
    engine: GpuEngine, cuda: SimulatedCuda
) -> None:
    assert set(engine.run({"frames": frames(2)}, ["total"])) == {"total"}
    assert cuda.copies == [(UP, 768), (DOWN, 256)]  # 2 * 16 * 24 bytes; 8 bytes, aligned


def test_without_outputs_nothing_comes_down(engine: GpuEngine, cuda: SimulatedCuda) -> None:
    assert engine.run({"frames": frames(2)}, []) == {}
    assert cuda.copies == [(UP, 768)]


def test_memory_is_kept_from_run_to_run_and_grows_with_the_batch(
    engine: GpuEngine, cuda: SimulatedCuda
) -> None:
    engine.run({"frames": frames(2)}, ["total"])
    blocks = set(cuda.device), set(cuda.host)
    engine.run({"frames": frames(2, seed=1)}, ["total"])
    engine.run({"frames": frames(1)}, ["total"])
    assert (set(cuda.device), set(cuda.host)) == blocks
    engine.run({"frames": frames(5)}, ["total"])
    assert len(cuda.device) == len(blocks[0])  # the smaller blocks were freed


def test_results_stay_after_the_next_run(engine: GpuEngine) -> None:
    first = engine.run({"frames": frames(2)}, ["confmaps"])["confmaps"]
    kept = first.copy()
    engine.run({"frames": frames(2, seed=1)}, ["confmaps"])
    np.testing.assert_array_equal(first, kept)


def test_closing_gives_everything_back(engine: GpuEngine, cuda: SimulatedCuda) -> None:
    engine.run({"frames": frames(2)}, ["total"])
    engine.close()
    assert not cuda.device
    assert not cuda.host
    assert cuda.n_streams == 0


def test_a_full_gpu_is_told(engine: GpuEngine, cuda: SimulatedCuda) -> None:
    cuda.capacity = 1000
    with pytest.raises(EngineError, match=r"out of memory: use a smaller batch_size"):
        engine.run({"frames": frames(4)}, ["total"])


def test_a_shape_beyond_the_engine_is_told(engine: GpuEngine) -> None:
    with pytest.raises(EngineError, match=r"refuses shape \(1, 1000, 1, 1\) of 'frames'"):
        engine.run({"frames": np.zeros((1, 1000, 1, 1), np.uint8)}, ["total"])


def test_an_unusable_engine_is_told(cuda: SimulatedCuda) -> None:
    with pytest.raises(UnusableEngineError):
        open_simulated(cuda, b"unusable")


def test_a_run_whose_shapes_repeat_is_recorded_and_launched(
    engine: GpuEngine, cuda: SimulatedCuda
) -> None:
    for seed in range(8):
        batch = frames(2, seed)
        found = engine.run({"frames": batch}, ["total"])["total"]
        np.testing.assert_array_equal(found, batch.sum(axis=(1, 2, 3)).astype(np.float32))
    assert (cuda.n_recordings, cuda.n_launches) == (1, 4)  # three plain runs and the recorded one


def test_recordings_of_several_shapes_do_not_disturb_each_other(
    engine: GpuEngine, cuda: SimulatedCuda
) -> None:
    for seed in range(7):
        for n in (1, 3):
            batch = frames(n, seed)
            found = engine.run({"frames": batch}, ["total", "confmaps"])
            np.testing.assert_array_equal(found["total"], batch.sum(axis=(1, 2, 3)))
            np.testing.assert_array_equal(found["confmaps"], batch.astype(np.float32))
    assert (cuda.n_recordings, cuda.n_launches) == (2, 6)


def test_memory_that_grows_invalidates_recordings(engine: GpuEngine, cuda: SimulatedCuda) -> None:
    for n in (2, 2, 2, 2, 2, 7, 2, 2, 2, 2, 2):
        batch = frames(n, seed=n)
        found = engine.run({"frames": batch}, ["total"])["total"]
        np.testing.assert_array_equal(found, batch.sum(axis=(1, 2, 3)).astype(np.float32))
    assert (cuda.n_recordings, len(cuda.graphs), cuda.n_launches) == (2, 1, 5)


def test_a_bounded_number_of_recordings_is_kept(engine: GpuEngine, cuda: SimulatedCuda) -> None:
    engine.run({"frames": frames(20)}, ["total"])
    for n in range(1, 20):
        for _ in range(4):
            engine.run({"frames": frames(n)}, ["total"])
    assert (cuda.n_recordings, len(cuda.graphs)) == (19, 16)


def test_without_cuda_graphs_nothing_is_recorded(cuda: SimulatedCuda, tiny_graph: Path) -> None:
    engine = open_simulated(cuda, tiny_graph.read_bytes(), cuda_graphs=False)
    for _ in range(8):
        engine.run({"frames": frames(2)}, ["total"])
    assert cuda.n_recordings == 0


def test_an_engine_that_cannot_be_recorded_runs_on_and_says_so(
    cuda: SimulatedCuda, tiny_graph: Path
) -> None:
    notes: list[str] = []
    engine = open_simulated(cuda, tiny_graph.read_bytes(), notes)
    cuda.refuses_recording = True
    for seed in range(8):
        batch = frames(2, seed)
        found = engine.run({"frames": batch}, ["total"])["total"]
        np.testing.assert_array_equal(found, batch.sum(axis=(1, 2, 3)).astype(np.float32))
    assert cuda.n_launches == 0
    assert len(notes) == 1
    assert "without CUDA graphs: cudaStreamEndCapture failed" in notes[0]


def test_uploads_are_copied_once_and_shared(cuda: SimulatedCuda, tiny_graph: Path) -> None:
    engines = [open_simulated(cuda, tiny_graph.read_bytes()) for _ in range(2)]
    uploader = Uploader(GPU, "trt on cuda:0")
    for seed in range(6):
        batch = frames(2, seed)
        cuda.copies.clear()
        uploaded = uploader.upload(batch)
        assert cuda.copies == [(UP, 768)]
        for engine in engines:
            found = engine.run({"frames": uploaded}, ["total"])["total"]
            np.testing.assert_array_equal(found, batch.sum(axis=(1, 2, 3)).astype(np.float32))
        assert cuda.copies[1:] == [(DOWN, 256)] * 2
    assert cuda.n_launches == 4
    uploader.close()
    for engine in engines:
        engine.close()
    assert not cuda.device
    assert not cuda.host
    assert not cuda.graphs


@pytest.mark.parametrize(("cuda_graphs", "strategy"), [(True, "whole graph"), (False, "disabled")])
def test_tensorrt_rtx_records_by_itself_and_keeps_its_kernels(
    cuda: SimulatedCuda, tiny_graph: Path, tmp_path: Path, *, cuda_graphs: bool, strategy: str
) -> None:
    kernels = tmp_path / "engines" / "tiny.kernels"
    for _ in range(2):
        rtx = TensorRT(SimulatedRtx(cuda), "trt-rtx", "1.7")
        plan = tiny_graph.read_bytes()
        engine = GpuEngine(rtx, plan, GPU, kernels, print, cuda_graphs=cuda_graphs)
        for _ in range(8):
            engine.run({"frames": frames(2)}, ["total"])
        engine.close()
    assert cuda.n_recordings == 0
    assert kernels.read_text() == 2 * f"kernel of {strategy};"


@pytest.fixture
def whole_engine(on_simulated_gpu: list[BuildRequest], tiny_graph: Path) -> TrtEngine:
    """The engine as users open it."""
    return TrtEngine(tiny_graph, EngineOptions(engine="trt-rtx"), "trt-rtx")


@pytest.fixture
def builds(on_simulated_gpu: list[BuildRequest]) -> list[BuildRequest]:
    """What was built."""
    return on_simulated_gpu


def test_an_engine_is_built_when_the_first_frames_arrive(
    whole_engine: TrtEngine, builds: list[BuildRequest]
) -> None:
    assert whole_engine.device == "cuda:0"
    assert [spec.name for spec in whole_engine.outputs] == ["total", "confmaps"]
    assert not builds
    for n in (1, 8, 3):
        found = whole_engine.run({"frames": frames(n)}, ["total"])
        np.testing.assert_array_equal(found["total"], frames(n).sum(axis=(1, 2, 3)))
    assert [request.outputs for request in builds] == [("total",)]


def test_larger_batches_and_raw_outputs_build_another(
    whole_engine: TrtEngine, builds: list[BuildRequest]
) -> None:
    whole_engine.run({"frames": frames(1)}, ["total"])
    whole_engine.run({"frames": frames(9)}, ["total"])
    found = whole_engine.run({"frames": frames(1)})
    assert list(found) == ["total", "confmaps"]
    assert [request.profile.max_batch for request in builds] == [8, 16, 16]
    assert builds[-1].outputs == ("confmaps", "total")


def test_an_unusable_engine_is_replaced(
    whole_engine: TrtEngine,
    builds: list[BuildRequest],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads: list[bytes] = []
    load = trt.GpuEngine  # type: ignore[attr-defined]  # as the fixture left it

    def fail_once(tensorrt: TensorRT, plan: bytes, *args: object, **options: bool) -> GpuEngine:
        loads.append(plan)
        return load(tensorrt, b"unusable" if len(loads) == 1 else plan, *args, **options)

    monkeypatch.setattr(trt, "GpuEngine", fail_once)
    assert whole_engine.run({"frames": frames(1)}, ["total"])
    assert len(builds) == 2
    assert "building it again" in capsys.readouterr().err


def test_uploads_of_another_engine_are_refused(whole_engine: TrtEngine) -> None:
    foreign = DeviceArray((1, 16, 24, 1), np.dtype(np.uint8), "ort on cuda:0", None)
    with pytest.raises(EngineError, match="uploaded for ort on cuda:0, not for trt-rtx on cuda:0"):
        whole_engine.run({"frames": foreign}, ["total"])


def test_a_workspace_limits_builds(
    whole_engine: TrtEngine, builds: list[BuildRequest], tiny_graph: Path
) -> None:
    limited = TrtEngine(tiny_graph, EngineOptions(engine="trt-rtx", workspace=64), "trt-rtx")
    for engine in (whole_engine, limited):
        engine.run({"frames": frames(1)}, ["total"])
        engine.close()
    assert [request.workspace_bytes for request in builds] == [None, 64 * 1024 * 1024]


def test_a_closed_engine_holds_no_memory(whole_engine: TrtEngine, cuda: SimulatedCuda) -> None:
    whole_engine.run({"frames": frames(1)}, ["total"])
    whole_engine.run({"frames": whole_engine.upload(frames(9))}, ["total"])  # another engine
    whole_engine.close()
    assert not cuda.device
    assert cuda.n_streams == 0
    whole_engine.close()  # nothing happens
