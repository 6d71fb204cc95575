"""What a user of upstream's export meets first and must not meet here.

There, a graph is right only for frames of the training size, forgets the input scale, has its
thresholds baked in, and runs the instance model on twenty crops however few animals there are.
Each graph here is compared with the plain pipeline, which reads the checkpoint itself.
"""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import sleap_io as sio
from tolerances import INSTANCE_SCORE, PX, SCORE

from sleap_rt.export.graph.chain import graph_of
from sleap_rt.instances import FrameInstances
from sleap_rt.models.native.weights_for_set import load_native_models
from sleap_rt.models.pairs import in_order
from sleap_rt.models.reference import predict_frame, predict_pair
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime import engines, open_predictor
from sleap_rt.runtime.frames.video import VideoFile

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CPU = EngineOptions(device="cpu")
SIZES = [(190, 250), (333, 517), (260, 200)]  # the crawlers were trained on at (250, 324)
SETS = {
    "single_instance": ("one_crawler", ["single_instance"]),
    "bottomup": ("crawlers", ["bottomup"]),
    "topdown": ("crawlers", ["centroid", "centered_instance"]),
}


def frame_of(clip: str, size: tuple[int, int] | None = None, index: int = 10) -> np.ndarray:
    """A frame (height, width, channels), brought to a size in a way that no model knows of."""
    with VideoFile(SAMPLES / f"{clip}.mp4") as video:
        frame = video.read(index)
    if size is not None:
        frame = cv2.resize(frame, size[::-1], interpolation=cv2.INTER_CUBIC)
    return frame.reshape(*frame.shape[:2], -1)


def plain_pipeline(names: list[str], frame: np.ndarray, options: DecodeOptions) -> FrameInstances:
    models = in_order(load_native_models([SAMPLES / "models" / name for name in names]))
    if len(models) == 2:
        return predict_pair(models, frame, options)
    return predict_frame(models[0], frame, options)


def assert_graphs_agree(graphs, names, frame, options) -> int:
    """Graphs find what the plain pipeline finds; returns how many instances."""
    predictor = open_predictor(graphs, options, CPU)
    (found,) = predictor.predict(frame[None], [0])
    predictor.close()
    expected = plain_pipeline(names, frame, options)
    assert len(found) == len(expected.points)
    np.testing.assert_allclose(found.points, expected.points, rtol=0, atol=PX)
    np.testing.assert_allclose(found.point_scores, expected.point_scores, rtol=0, atol=SCORE)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=0, atol=INSTANCE_SCORE)
    return len(found)


@pytest.mark.parametrize("name", SETS)
def test_one_graph_is_right_at_frame_sizes_it_never_saw(name, sample_graphs):
    clip, models = SETS[name]
    graphs = sample_graphs(*models)
    n_found = [
        assert_graphs_agree(graphs, models, frame_of(clip, size), DecodeOptions()) for size in SIZES
    ]
    assert min(n_found) > 0


def test_a_model_without_a_training_size_takes_frames_as_they_come():
    """Its input scale of 0.5 is then applied by the graph's first part, to any size."""
    (model,) = load_native_models([SAMPLES / "models/centroid"])
    sizing = replace(model.preprocessing, max_height=None, max_width=None)
    model = replace(model, preprocessing=sizing)
    session = onnxruntime.InferenceSession(
        graph_of(model).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    options = DecodeOptions()
    for size in SIZES:
        frame = frame_of("crawlers", size)
        feed = {
            "frames": np.stack([frame, frame[::-1], np.zeros_like(frame)]),
            "peak_threshold": np.array(options.peak_threshold, np.float32),
            "integral_refinement": np.array(1, np.float32),
            "slots": np.zeros(16, np.float32),
        }
        centroids, _ = session.run(["centroids", "centroid_vals"], feed)
        expected = predict_frame(model, frame, options).points[:, 0]
        found = centroids[0][~np.isnan(centroids[0, :, 0])]
        assert len(found) == len(expected) > 0
        np.testing.assert_allclose(found, expected, rtol=0, atol=PX)
        assert np.isnan(centroids[2]).all()


@pytest.mark.parametrize("name", ["bottomup", "topdown"])
def test_points_of_a_model_with_an_input_scale_lie_in_frame_px(name, sample_graphs):
    """Against the scene's truth: at half size, a forgotten scale would be off by half the frame."""
    clip, models = SETS[name]
    (first, *_) = load_native_models([SAMPLES / "models" / models[0]])
    assert first.preprocessing.input_scale == 0.5
    labels = sio.load_slp(str(SAMPLES / f"{clip}.slp"), open_videos=False)
    (truth,) = (frame for frame in labels if frame.frame_idx == 10)
    predictor = open_predictor(sample_graphs(*models), DecodeOptions(), CPU)
    (found,) = predictor.predict(frame_of(clip)[None], [0])
    predictor.close()
    assert len(found) == len(truth.instances)
    for instance in truth.instances:
        gaps = np.linalg.norm(found.points - instance.numpy(), axis=2)  # (n_instances, n_nodes)
        assert np.nanmean(gaps, axis=1).min() < 2.0


@pytest.mark.parametrize("name", SETS)
def test_a_threshold_takes_effect_after_the_export(name, sample_graphs):
    clip, models = SETS[name]
    graphs, frame = sample_graphs(*models), frame_of(clip)
    n_found = [
        assert_graphs_agree(graphs, models, frame, DecodeOptions(peak_threshold=threshold))
        for threshold in (0.02, 0.2, 0.6, 0.99, 5.0)
    ]
    assert n_found[1] > n_found[-1] == 0
    assert n_found == sorted(n_found, reverse=True)


@pytest.fixture
def recorded(monkeypatch):
    """Feeds of the engine `recording`, which stands beside the others for this test."""
    folder = str(Path(__file__).resolve().parent / "engines")
    monkeypatch.setattr(engines, "__path__", [*engines.__path__, folder])
    module = import_module("sleap_rt.runtime.engines.recording")
    module.runs.clear()
    return module.runs


def _paint_over_one_animal(frame: np.ndarray, graphs: list[Path]) -> None:
    predictor = open_predictor(graphs, DecodeOptions(), CPU)
    (found,) = predictor.predict(frame[None], [0])
    predictor.close()
    left, top = (np.nanmin(found.points[0], axis=0) - 12).clip(0).astype(int)
    right, bottom = (np.nanmax(found.points[0], axis=0) + 12).astype(int)
    frame[top:bottom, left:right] = np.median(frame)


def test_as_many_crops_are_run_as_animals_are_found(sample_graphs, recorded):
    graphs = sample_graphs("centroid", "centered_instance")
    frames = np.stack([frame_of("crawlers")] * 2)
    _paint_over_one_animal(frames[1], graphs)
    predictor = open_predictor(
        graphs, DecodeOptions(), EngineOptions(engine="recording", threads=1)
    )
    results = predictor.predict(frames, [0, 1])
    blank = np.zeros_like(frames[:1])
    assert len(predictor.predict(blank, [0])[0]) == 0
    predictor.close()
    crop_runs = [feed for feed in recorded if "centers" in feed]
    assert len(crop_runs) == 1  # the blank frame runs no crop model at all
    n_crops = [int((crop_runs[0]["frame_index"] == i).sum()) for i in range(2)]
    assert n_crops == [len(result) for result in results]
    assert n_crops[0] > n_crops[1] > 0
    assert len(crop_runs[0]["centers"]) == sum(n_crops)
