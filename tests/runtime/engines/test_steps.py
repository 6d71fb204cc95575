"""Devices that build for each size of their inputs see few sizes, and the results stay the same."""

from dataclasses import replace

import numpy as np
import pytest

from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import declarations, open_engine
from sleap_rt.runtime.engines import ort as ort_file
from sleap_rt.runtime.engines.wrapping.steps import SteppedEngine, stepped_size
from sleap_rt.runtime.inspect.verify import read_sample
from sleap_rt.runtime.predictors import open_predictor

CPU = EngineOptions(engine="ort", device="cpu")


def test_steps():
    steps = [stepped_size(n) for n in range(26)]
    assert steps == [1, 1, 2, 3, 4, *[6] * 2, *[8] * 2, *[12] * 4, *[16] * 4, *[24] * 8, 32]
    assert all(n <= stepped_size(n) <= 1.5 * n for n in range(1, 3000))


def test_which_devices_build_for_each_size():
    found = {
        (name, device.kind)
        for name, declared in declarations().items()
        for device in declared.devices
        if device.builds_per_shape
    }
    of_ort = {("ort", kind) for kind in ("tensorrt", "hip", "mps")}
    assert found == {("trt", "cuda"), ("trt-rtx", "cuda"), *of_ort}


class Recording:
    """An engine that notes the sizes of its inputs, and refuses empty ones as providers do."""

    def __init__(self, engine):
        self._engine, self.shapes = engine, []
        self.inputs, self.outputs, self.device = engine.inputs, engine.outputs, engine.device
        self.upload, self.close = engine.upload, engine.close

    def run(self, feed, fetch=None):
        assert all(array.size for array in feed.values()), "an empty tensor"
        rows = {n: len(a) for n, a in feed.items() if n in ("frames", "centers", "slots")}
        self.shapes.append(rows)
        return self._engine.run(feed, fetch)


@pytest.fixture
def provider(monkeypatch):
    """ONNX Runtime's CPU, declared as a device that builds for each size; its engines."""
    opened = []

    def open_recording(model, options):
        opened.append(Recording(ort_file.OrtEngine(model, options)))
        return opened[-1]

    devices = tuple(
        replace(device, builds_per_shape=device.kind == "cpu") for device in ort_file.ENGINE.devices
    )
    monkeypatch.setattr(ort_file, "ENGINE", replace(ort_file.ENGINE, devices=devices))
    monkeypatch.setattr(ort_file, "open_engine", open_recording)
    return opened


@pytest.mark.parametrize(
    "models",
    [
        ("single_instance",),
        ("bottomup",),
        ("centroid", "centered_instance"),
        ("centroid", "multi_class_topdown"),
        ("multi_class_bottomup",),
    ],
)
def test_runs_see_few_sizes_and_find_the_same(models, sample_graphs, provider, monkeypatch):
    graphs = (
        [*sample_graphs(*models)]
        if len(models) == 1
        else [sample_graphs(name)[0] for name in models]
    )
    (frame,) = read_sample(graphs[0]).feed["frames"]
    stack = np.stack([np.roll(frame, 7 * i, axis=1) for i in range(7)])
    stack[5] = 0
    decode = DecodeOptions(peak_threshold=0.05)
    found = _all_batches(graphs, decode, stack)
    assert {n for engine in provider for rows in engine.shapes for n in rows.values()} <= {
        stepped_size(n) for n in range(1, 600)
    }
    monkeypatch.undo()
    expected = _all_batches(graphs, decode, stack)
    assert sum(map(len, expected)) > 0
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.points, other.points, atol=1e-3)
        np.testing.assert_allclose(one.point_scores, other.point_scores, atol=1e-5)
        assert (one.track_ids == other.track_ids).all()


def _all_batches(graphs, decode, stack):
    """Batches of every length."""
    predictor = open_predictor(graphs, decode, CPU)
    results = []
    for length in range(1, 8):
        results += predictor.predict(stack[:length], range(length))
    predictor.close()
    return results


def test_nothing_empty_reaches_a_provider(sample_graphs, provider):
    crops = sample_graphs("centered_instance")[0]
    sample = read_sample(crops)
    engine = open_engine(crops, CPU)
    assert isinstance(engine, SteppedEngine)
    nothing = {"centers": np.zeros((0, 2), np.float32), "frame_index": np.zeros(0, np.int64)}
    found = engine.run({**sample.feed, **nothing})
    assert found["peaks"].shape == (0, *sample.expected["peaks"].shape[1:])
    none = {"frames": sample.feed["frames"][:0], **nothing}
    assert len(engine.run({**sample.feed, **none})["peak_vals"]) == 0
    (recording,) = provider
    assert [rows["centers"] for rows in recording.shapes] == [1, 1]
    assert [rows["frames"] for rows in recording.shapes] == [1, 1]


def test_crops_of_a_frame_are_the_same_in_company(sample_graphs, provider):
    """Five crops are filled up to six; the sixth is cut off, the five are as alone."""
    crops = sample_graphs("centered_instance")[0]
    feed = read_sample(crops).feed
    centers = np.array([[40, 40], [90, 60], [20, 100], [150, 80], [77.5, 33]], np.float32)
    feed = {**feed, "centers": centers, "frame_index": np.zeros(5, np.int64)}
    engine = open_engine(crops, CPU)
    together = engine.run(feed, ["peaks", "peak_vals"])
    assert len(together["peaks"]) == 5
    for row in range(5):
        one = {"centers": centers[row : row + 1], "frame_index": np.zeros(1, np.int64)}
        alone = engine.run({**feed, **one}, ["peaks", "peak_vals"])
        np.testing.assert_allclose(together["peaks"][row], alone["peaks"][0], atol=1e-3)
    assert [rows["centers"] for rows in provider[0].shapes] == [6, 1, 1, 1, 1, 1]
