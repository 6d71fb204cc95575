"""Exported graphs of legacy models against what the original software predicted."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx.utils
import onnxruntime
import pytest
from recordings import (
    IMAGE,
    INSTANCE_CASES,
    MODELS,
    OTHER_BACKBONES,
    PIPELINES,
    PROB,
    PX_CLASS_CROPS,
    PX_CROPS,
    PX_FLAT,
    PX_FRAME,
    VAL_CROPS,
    VAL_FRAME,
    ZEROS,
    Arrays,
    assert_instances_equal,
    assert_outputs_equal,
    dummy_activations,
    frames_of,
    model_folders,
    near,
    recorded_activations,
    recorded_case,
    stored_predictions,
    telling_frames,
)

from sleap_rt.instances import FrameInstances, KnownInstances
from sleap_rt.models.legacy.load_legacy import load_legacy_model
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime import read_graph_file
from sleap_rt.runtime.engines import Engine, declarations, open_engine
from sleap_rt.runtime.inspect.objection import CAUTIOUS, objection_to
from sleap_rt.runtime.predictors import open_predictor

pytestmark = [pytest.mark.parity, pytest.mark.engine]

CPU = EngineOptions(engine="ort", device="cpu")
THRESHOLD = {
    "peak_threshold": np.array(DecodeOptions.peak_threshold, np.float32),
    "integral_refinement": np.array(1, np.float32),
}
Graphs = Callable[..., list[Path]]


@pytest.fixture(scope="session")
def graphs(shared_data: Path, exported: Callable[[Sequence[Path]], list[Path]]) -> Graphs:
    """`graphs("centroid", "centered_instance")`, the first stage first."""
    pairs = {"centroid": ("centroid", "centered_instance")}
    pairs |= {"centered_instance": pairs["centroid"]}

    def find(*names: str) -> list[Path]:
        found = []
        for name in names:
            together = pairs.get(name, (name,))
            paths = exported([shared_data / "legacy" / each for each in together])
            found.append(paths[together.index(name)])
        return found

    return find


def _feed(engine: Engine, frames: np.ndarray, **inputs: np.ndarray) -> Arrays:
    """Everything the graph says about these frames."""
    some = {"slots": np.zeros(256), "max_edge_length_ratio": 0.25, "dist_penalty_weight": 1}
    needed = {spec.name for spec in engine.inputs}
    defaults = {name: np.array(some[name], np.float32) for name in some if name in needed}
    return engine.run({"frames": frames, **THRESHOLD, **defaults, **inputs})


def _compare_heads(name: str, folder: Path, found: Arrays, recorded: Arrays, atol: float) -> None:
    heads: Any = load_legacy_model(folder).network.heads
    by_layer = {head.layer: found[output] for output, head in heads.items()}
    assert_outputs_equal(name, by_layer, recorded, atol)


@pytest.mark.parametrize("name", MODELS)
def test_network_outputs_on_a_black_frame(shared_data: Path, graphs: Graphs, name: str) -> None:
    folder = model_folders(shared_data)[name]
    recorded = dummy_activations(folder)
    n, height, width, channels = recorded["input"].shape
    scale = load_legacy_model(folder).preprocessing.input_scale
    size = (1, int(height / scale), int(width / scale), channels)
    engine = open_engine(graphs(name)[0], CPU)
    crops = {}
    if "centers" in {spec.name for spec in engine.inputs}:
        crops = {"centers": np.full((n, 2), 40, np.float32), "frame_index": np.zeros(n, np.int64)}
    found = _feed(engine, np.zeros(size, np.uint8), **crops)
    _compare_heads(name, folder, found, recorded, ZEROS)


@pytest.mark.parametrize("name", MODELS)
def test_network_outputs_on_the_recorded_frame(
    shared_data: Path, graphs: Graphs, name: str
) -> None:
    """Raw frame in: this includes gray conversion, scaling, padding and cropping."""
    folder = model_folders(shared_data)[name]
    recorded = recorded_activations(shared_data, name)
    source = f"{str(recorded['video']).split('.')[0]}_{recorded['frame_idx']}"
    frame = np.load(shared_data / "golden" / "original" / "frames.npz")[source]
    crops = {}
    if name in ("centered_instance", "topdown_multiclass"):
        case = {
            "centered_instance": "topdown",
            "topdown_multiclass": "topdown_multiclass_gt_centroids",
        }
        centers = recorded_case(shared_data, case[name])["centroids"][0]
        crops = {"centers": centers[:2], "frame_index": np.zeros(2, np.int64)}
    found = _feed(open_engine(graphs(name)[0], CPU), frame[None], **crops)
    limit = VAL_CROPS if crops else IMAGE[name]
    _compare_heads(name, folder, found, recorded, limit)


@pytest.mark.parametrize("name", ["centered_instance", "topdown_multiclass"])
def test_network_outputs_on_recorded_crops(
    shared_data: Path, graphs: Graphs, tmp_path: Path, name: str
) -> None:
    """Fed behind the cropping, where no gray level can differ."""
    _compare_network(shared_data, name, graphs(name)[0], tmp_path)


def _compare_network(shared_data: Path, name: str, path: Path, tmp_path: Path) -> None:
    """The network inside a graph, on recorded inputs."""
    folder = model_folders(shared_data)[name]
    network: Any = load_legacy_model(folder).network
    outputs = list(network.heads)
    parts = {part.name: part for part in read_graph_file(path).contract.parts}
    (entry,) = parts["network"].inputs
    part = tmp_path / "network.onnx"
    onnx.utils.extract_model(str(path), str(part), [entry], outputs)
    recorded = recorded_activations(shared_data, name)
    session = onnxruntime.InferenceSession(part, providers=["CPUExecutionProvider"])
    found = session.run(outputs, {entry: recorded["input"].transpose(0, 3, 1, 2)})
    by_output = dict(zip(outputs, found, strict=True))
    _compare_heads(name, folder, by_output, recorded, IMAGE[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHER_BACKBONES)
def test_network_outputs_of_other_backbones(
    shared_data: Path, exported: Callable[[Sequence[Path]], list[Path]], tmp_path: Path, name: str
) -> None:
    """The recorded inputs are no bytes, so they are fed where the graph has sized its frames."""
    (path,) = exported([model_folders(shared_data)[name]])
    _compare_network(shared_data, name, path, tmp_path)


def _predict(
    paths: list[Path],
    frames: list[np.ndarray],
    known: list[np.ndarray] | None = None,
    engine: EngineOptions = CPU,
) -> list[FrameInstances]:
    """Frame by frame, as recordings mix sizes."""
    predictor = open_predictor(paths, DecodeOptions(), engine)
    found = []
    for i, frame in enumerate(frames):
        animals: Sequence[KnownInstances] | None = None if known is None else [known[i]]
        found += predictor.predict(frame[None], [i], animals)
    predictor.close()
    return found


@pytest.mark.parametrize(("name", "models", "px", "val"), INSTANCE_CASES)
def test_instances(
    shared_data: Path, graphs: Graphs, name: str, models: list[str], px: float, val: float
) -> None:
    case = recorded_case(shared_data, name)
    found = _predict(graphs(*models), frames_of(shared_data, case))
    assert sum(len(instances) for instances in found) == case["n_instances"].sum() > 18
    assert_instances_equal(found, case, px, val)


@pytest.mark.parametrize(("name", "models", "px", "val"), INSTANCE_CASES)
def test_instances_in_mnn(
    shared_data: Path, graphs: Graphs, name: str, models: list[str], px: float, val: float
) -> None:
    """Where its rounding keeps the limits, its instances are those of the original, too."""
    if (obstacle := declarations()["mnn"].why_not("cpu")) is not None:
        pytest.skip(obstacle)
    paths, engine = graphs(*models), EngineOptions(engine="mnn", device="cpu")
    if name == "bottomup":
        objection = objection_to(engine, paths, share=CAUTIOUS)
        assert objection is not None, "else it might be chosen"
        val *= 2  # and this is about how far it is off: 1.1e-4
    case = recorded_case(shared_data, name)
    found = _predict(paths, frames_of(shared_data, case), engine=engine)
    assert_instances_equal(found, case, px, val)


def test_predictions_stored_at_training_time(shared_data: Path, graphs: Graphs) -> None:
    """Loosely: the stored ones are of another encoding of the same frame."""
    case = recorded_case(shared_data, "topdown_gt_centroids")
    (found,) = _predict(graphs("bottomup"), frames_of(shared_data, case))
    stored = stored_predictions(shared_data / "legacy" / "bottomup" / "labels_pr.val.slp")
    near(found.points, stored["points"], 0.2, "points")
    near(found.scores, stored["scores"], 0.01, "scores")


def test_a_batch_gives_what_its_frames_give(shared_data: Path, graphs: Graphs) -> None:
    case = {k: v[:4] for k, v in recorded_case(shared_data, "topdown").items()}
    frames = frames_of(shared_data, case)
    predictor = open_predictor(graphs("centroid", "centered_instance"), DecodeOptions(), CPU)
    for i, instances in enumerate(predictor.predict(np.stack(frames), range(4))):
        n = case["n_instances"][i]
        near(instances.points, case["instance_peaks"][i, :n], PX_CROPS, i)


def test_peaks_and_connections_of_bottomup(shared_data: Path, graphs: Graphs) -> None:
    case = {k: values[::4] for k, values in recorded_case(shared_data, "bottomup").items()}
    engine, n_lines = open_engine(graphs("bottomup")[0], CPU), 0
    for i, frame in enumerate(frames_of(shared_data, case)):
        found = _feed(engine, frame[None])
        channels = case["peak_channel_inds"][i]
        for node in range(2):
            there = ~np.isnan(found["peak_vals"][0, node])
            near(found["peaks"][0, node, there], case["peaks"][i, channels == node], PX_FRAME, i)
        lines = case["edge_inds"][i] == 0
        # Peaks are numbered over both nodes in the recording, node by node in the graph.
        rank = np.array([np.sum(channels[:k] == channel) for k, channel in enumerate(channels)])
        a, b = rank[case["edge_peak_inds"][i, lines]].T
        n_lines += len(a)
        found_scores = found["line_scores"][0, 0]
        assert np.isfinite(found_scores).sum() == len(a)
        near(found_scores[a, b], case["line_scores"][i, lines], VAL_FRAME, i)
    assert n_lines > 12


def test_peaks_and_probabilities_of_class_maps(shared_data: Path, graphs: Graphs) -> None:
    case = telling_frames(recorded_case(shared_data, "bottomup_multiclass"), every=2)
    engine = open_engine(graphs("bottomup_multiclass")[0], CPU)
    n_peaks = 0
    for frame, index, channels, peaks, vals, probs in zip(
        frames_of(shared_data, case),
        *(case[k] for k in ("frame_idx", "peak_channel_inds", "peaks", "peak_vals")),
        case["peak_class_probs"],
        strict=True,
    ):
        found = _feed(engine, frame[None])
        for node in range(2):
            mine, there = channels == node, ~np.isnan(found["peak_vals"][0, node])
            n_peaks += there.sum()
            near(found["peaks"][0, node, there], peaks[mine], PX_FLAT, index)
            near(found["peak_vals"][0, node, there], vals[mine], VAL_FRAME, index)
            near(found["class_probs"][0, node, there], probs[mine], PROB, index)
    assert n_peaks > 12


def test_chosen_peaks_of_class_maps_are_as_probable_as_recorded(
    shared_data: Path, graphs: Graphs
) -> None:
    """Which of several saturated peaks is chosen depends on the last bit, how good it is not."""
    case = telling_frames(recorded_case(shared_data, "bottomup_multiclass"), every=3)
    found = _predict(graphs("bottomup_multiclass"), frames_of(shared_data, case))
    for i, instances in enumerate(found):
        expected = case["class_probs"][i, : case["n_instances"][i]]
        near(instances.tracking_scores, expected, PROB, case["frame_idx"][i])


def test_centroids_and_class_vectors_of_every_crop(shared_data: Path, graphs: Graphs) -> None:
    case = telling_frames(recorded_case(shared_data, "topdown_multiclass"), every=4)
    centroid, instance = (open_engine(p, CPU) for p in graphs("centroid", "topdown_multiclass"))
    n_crops = 0
    for i, frame in enumerate(frames_of(shared_data, case)):
        what, expected = case["frame_idx"][i], np.isfinite(case["centroid_vals"][i])
        found = _feed(centroid, frame[None])
        there = ~np.isnan(found["centroid_vals"][0])
        centers = found["centroids"][0, there]
        near(centers, case["centroids"][i, expected], PX_FRAME, what)
        near(found["centroid_vals"][0, there], case["centroid_vals"][i, expected], VAL_FRAME, what)
        crops = {"centers": centers, "frame_index": np.zeros(len(centers), np.int64)}
        found = _feed(instance, frame[None], **crops)
        near(found["class_probs"], case["crop_class_probs"][i, expected], PROB, what)
        n_crops += len(centers)
    assert n_crops > 20


def test_a_pair_with_class_vectors_gives_each_identity_once(
    shared_data: Path, graphs: Graphs
) -> None:
    """Scores are those of the own crop, where the original pairs class k with crop k."""
    case = telling_frames(recorded_case(shared_data, "topdown_multiclass"), every=4)
    frames = frames_of(shared_data, case)
    for i, instances in enumerate(_predict(graphs("centroid", "topdown_multiclass"), frames)):
        assert instances.track_ids.tolist() in ([0, 1], [0], [1])
        values = case["centroid_vals"][i]
        for score in instances.scores:
            assert np.nanmin(np.abs(values - score)) < VAL_FRAME


def test_instances_around_labelled_animals(shared_data: Path, graphs: Graphs) -> None:
    case = recorded_case(shared_data, "topdown_gt_centroids")
    frames = frames_of(shared_data, case)
    # Of two nodes placed like this the bounding box has the recorded center.
    known = [np.stack([c - 9, c + 9], axis=1) for c in case["centroids"]]
    (found,) = _predict(graphs("centered_instance"), frames, known)
    near(found.points, case["instance_peaks"][0], PX_CROPS, "points")
    near(found.point_scores, case["instance_peak_vals"][0], VAL_CROPS, "values")
    near(found.scores, case["instance_scores"][0], VAL_FRAME, "scores")


def test_identities_around_labelled_animals(shared_data: Path, graphs: Graphs) -> None:
    """In frame 1400 both crops prefer the first class; the other one is dropped, as recorded."""
    case = recorded_case(shared_data, "topdown_multiclass_gt_centroids")
    case = {k: v[4:] if len(v) == len(case["frame_idx"]) else v for k, v in case.items()}
    # Head and thorax; crops are centered on the thorax.
    known = [np.stack([np.full_like(c, np.nan), c], axis=1) for c in case["centroids"]]
    found = _predict(graphs("topdown_multiclass"), frames_of(shared_data, case), known)
    assert [len(instances) for instances in found] == case["n_instances"].tolist()
    assert len(found[-1]) == 1
    for i, instances in enumerate(found):
        what, n = case["frame_idx"][i], case["n_instances"][i]
        np.testing.assert_array_equal(instances.track_ids, case["class_inds"][i, :n])
        near(instances.points, case["instance_peaks"][i, :n], PX_CLASS_CROPS, what)
        near(instances.point_scores, case["instance_peak_vals"][i, :n], VAL_CROPS, what)
        near(instances.tracking_scores, case["class_probs"][i, :n], PROB, what)


@pytest.mark.parametrize("models", PIPELINES, ids="+".join)
def test_a_black_frame_has_no_instances(
    shared_data: Path, graphs: Graphs, models: list[str]
) -> None:
    (found,) = _predict(graphs(*models), [np.zeros((72, 90, 1), np.uint8)])
    assert found.points.shape == (0, 2, 2)
    assert found.scores.shape == found.track_ids.shape == found.tracking_scores.shape == (0,)
