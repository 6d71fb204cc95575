"""Exported graphs of legacy models against what the original software predicted."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx.utils
import onnxruntime
import pytest
from recordings import (
    Arrays,
    dummy_activations,
    frames_of,
    model_folders,
    recorded_activations,
    recorded_case,
)

from sleap_rt.instances import FrameInstances
from sleap_rt.models.legacy import load_legacy_model
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import Engine, open_engine
from sleap_rt.runtime.predictors import KnownInstances, open_predictor

pytestmark = [pytest.mark.parity, pytest.mark.engine]

# px, confidence, activations: see the README of the recordings. Crops are truncated to bytes, so
# that a last-bit change of a crop's position moves pixels by one level; `bottomup_multiclass` has
# nearly flat peaks, and its recording of zeros carries the rounding of its own run.
PX_FRAME, PX_CROPS, PX_CLASS_CROPS, PX_FLAT = 1e-3, 5e-3, 1e-2, 2e-2
VAL_FRAME, VAL_CROPS, PROB = 1e-4, 1e-3, 1e-4
NETWORK_ERROR = 1e-4  # confidence; frames with a smaller margin may count differently
ATOL_ZEROS, ATOL_ZEROS_ROUNDED, ATOL_OTHER = 1e-6, 5e-5, 3e-5
SIZED = "sizing/image"  # what the first part of a graph hands over

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


def _near(actual: np.ndarray, expected: np.ndarray, atol: float, what: object) -> None:
    """Same shape, NaN in the same places, and close."""
    assert actual.shape == expected.shape, what
    np.testing.assert_allclose(actual, expected, atol=atol, rtol=0, err_msg=str(what))


def _feed(engine: Engine, frames: np.ndarray, **inputs: np.ndarray) -> Arrays:
    """Everything the graph says about these frames."""
    some = {"slots": np.zeros(256), "max_edge_length_ratio": 0.25, "dist_penalty_weight": 1}
    needed = {spec.name for spec in engine.inputs}
    defaults = {name: np.array(some[name], np.float32) for name in some if name in needed}
    return engine.run({"frames": frames, **THRESHOLD, **defaults, **inputs})


def _compare_heads(folder: Path, found: Arrays, recorded: Arrays, limits: dict[str, float]) -> None:
    heads = load_legacy_model(folder).network.heads
    not_outputs = {"input", "output_names", "video", "frame_idx"}
    assert {head.layer for head in heads} == set(recorded) - not_outputs
    for head in heads:
        output = found[head.output]
        channels_last = output.transpose(0, 2, 3, 1) if output.ndim == 4 else output
        limit = limits.get(head.output, limits[""])
        _near(channels_last, recorded[head.layer], limit, head.layer)


MODELS = [
    "bottomup",
    "bottomup_multiclass",
    "centered_instance",
    "centroid",
    "single_instance",
    "topdown_multiclass",
]
ATOL_IMAGE = dict.fromkeys(MODELS, 2e-5) | {"bottomup_multiclass": 1e-4}


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
    _compare_heads(
        folder,
        found,
        recorded,
        {"": ATOL_ZEROS}
        | ({"confmaps": ATOL_ZEROS_ROUNDED} if name == "bottomup_multiclass" else {}),
    )


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
    limit = VAL_CROPS if crops else ATOL_IMAGE[name]
    _compare_heads(folder, found, recorded, {"": limit})


@pytest.mark.parametrize("name", ["centered_instance", "topdown_multiclass"])
def test_network_outputs_on_recorded_crops(
    shared_data: Path, graphs: Graphs, tmp_path: Path, name: str
) -> None:
    """Fed behind the cropping, where no grey level can differ."""
    _compare_network(shared_data, name, graphs(name)[0], tmp_path, ATOL_IMAGE[name])


def _compare_network(
    shared_data: Path, name: str, path: Path, tmp_path: Path, limit: float
) -> None:
    """The network inside a graph, on recorded inputs."""
    folder = model_folders(shared_data)[name]
    outputs = [head.output for head in load_legacy_model(folder).network.heads]
    nodes = onnx.load(path).graph.node
    names = {output for node in nodes for output in node.output}
    # Crops enter at the first convolution; frames where they have been sized.
    entry = next(node.input[0] for node in nodes if node.op_type == "Conv")
    entry = entry if "centers" in {i.name for i in onnx.load(path).graph.input} else SIZED
    assert entry in names
    part = tmp_path / "network.onnx"
    onnx.utils.extract_model(str(path), str(part), [entry], outputs)
    recorded = recorded_activations(shared_data, name)
    session = onnxruntime.InferenceSession(part, providers=["CPUExecutionProvider"])
    found = session.run(outputs, {entry: recorded["input"].transpose(0, 3, 1, 2)})
    _compare_heads(folder, dict(zip(outputs, found, strict=True)), recorded, {"": limit})


OTHER = [
    "hourglass_bottomup",
    "leap_single_instance",
    "resnet50_centroid",
    "unet_nomiddle_centroid",
    "unet_stem_offsets_bottomup",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHER)
def test_network_outputs_of_other_backbones(
    shared_data: Path, exported: Callable[[Sequence[Path]], list[Path]], tmp_path: Path, name: str
) -> None:
    """The recorded inputs are no bytes, so they are fed where the graph has sized its frames."""
    (path,) = exported([model_folders(shared_data)[name]])
    _compare_network(shared_data, name, path, tmp_path, ATOL_OTHER)


def _firm(case: Arrays) -> np.ndarray:
    """Frames in which no peak depends on the network's last bits."""
    return np.minimum(case["margin_threshold"], case["margin_tie"]) > NETWORK_ERROR


def _telling(case: Arrays, *, every: int = 1) -> Arrays:
    """The firm frames of a recording; one of the first five of `clip.mp4`, which are alike."""
    alike = np.isin(case["frame_idx"], (1, 2, 3, 4)) & np.isin(case["video"], ("clip.mp4",))
    kept = np.flatnonzero(_firm(case) & ~alike)[::every]
    n_frames = len(case["frame_idx"])
    return {k: values[kept] if len(values) == n_frames else values for k, values in case.items()}


def _predict(
    paths: list[Path], frames: list[np.ndarray], known: list[np.ndarray] | None = None
) -> list[FrameInstances]:
    """Frame by frame, as recordings mix sizes."""
    predictor = open_predictor(paths, DecodeOptions(), CPU)
    found = []
    for i, frame in enumerate(frames):
        animals: Sequence[KnownInstances] | None = None if known is None else [known[i]]
        found += predictor.predict(frame[None], [i], animals)
    predictor.close()
    return found


@pytest.mark.parametrize(
    ("name", "models", "px", "val"),
    [
        ("single_instance", ["single_instance"], PX_FRAME, VAL_FRAME),
        ("bottomup", ["bottomup"], PX_FRAME, VAL_FRAME),
        ("topdown", ["centroid", "centered_instance"], PX_CROPS, VAL_CROPS),
    ],
)
def test_instances(
    shared_data: Path, graphs: Graphs, name: str, models: list[str], px: float, val: float
) -> None:
    case = recorded_case(shared_data, name)
    assert _firm(case).all()
    found = _predict(graphs(*models), frames_of(shared_data, case))
    assert sum(len(instances) for instances in found) == case["n_instances"].sum() > 18
    for i, instances in enumerate(found):
        what, n = f"{case['video'][i]} {case['frame_idx'][i]}", case["n_instances"][i]
        _near(instances.points, case["instance_peaks"][i, :n], px, what)
        _near(instances.point_scores, case["instance_peak_vals"][i, :n], val, what)
        _near(instances.scores, case["instance_scores"][i, :n], VAL_FRAME, what)


def test_a_batch_gives_what_its_frames_give(shared_data: Path, graphs: Graphs) -> None:
    case = {k: v[:4] for k, v in recorded_case(shared_data, "topdown").items()}
    frames = frames_of(shared_data, case)
    predictor = open_predictor(graphs("centroid", "centered_instance"), DecodeOptions(), CPU)
    for i, instances in enumerate(predictor.predict(np.stack(frames), range(4))):
        n = case["n_instances"][i]
        _near(instances.points, case["instance_peaks"][i, :n], PX_CROPS, i)


def test_peaks_and_connections_of_bottomup(shared_data: Path, graphs: Graphs) -> None:
    case = {k: values[::4] for k, values in recorded_case(shared_data, "bottomup").items()}
    engine, n_lines = open_engine(graphs("bottomup")[0], CPU), 0
    for i, frame in enumerate(frames_of(shared_data, case)):
        found = _feed(engine, frame[None])
        channels = case["peak_channel_inds"][i]
        for node in range(2):
            there = ~np.isnan(found["peak_vals"][0, node])
            _near(found["peaks"][0, node, there], case["peaks"][i, channels == node], PX_FRAME, i)
        lines = case["edge_inds"][i] == 0
        # Peaks are numbered over both nodes in the recording, node by node in the graph.
        rank = np.array([np.sum(channels[:k] == channel) for k, channel in enumerate(channels)])
        a, b = rank[case["edge_peak_inds"][i, lines]].T
        n_lines += len(a)
        found_scores = found["line_scores"][0, 0]
        assert np.isfinite(found_scores).sum() == len(a)
        _near(found_scores[a, b], case["line_scores"][i, lines], VAL_FRAME, i)
    assert n_lines > 12


def test_peaks_and_probabilities_of_class_maps(shared_data: Path, graphs: Graphs) -> None:
    case = _telling(recorded_case(shared_data, "bottomup_multiclass"), every=2)
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
            _near(found["peaks"][0, node, there], peaks[mine], PX_FLAT, index)
            _near(found["peak_vals"][0, node, there], vals[mine], VAL_FRAME, index)
            _near(found["class_probs"][0, node, there], probs[mine], PROB, index)
    assert n_peaks > 12


def test_chosen_peaks_of_class_maps_are_as_probable_as_recorded(
    shared_data: Path, graphs: Graphs
) -> None:
    """Which of several saturated peaks is chosen depends on the last bit, how good it is not."""
    case = _telling(recorded_case(shared_data, "bottomup_multiclass"), every=3)
    found = _predict(graphs("bottomup_multiclass"), frames_of(shared_data, case))
    for i, instances in enumerate(found):
        expected = case["class_probs"][i, : case["n_instances"][i]]
        _near(instances.tracking_scores, expected, PROB, case["frame_idx"][i])


def test_centroids_and_class_vectors_of_every_crop(shared_data: Path, graphs: Graphs) -> None:
    case = _telling(recorded_case(shared_data, "topdown_multiclass"), every=4)
    centroid, instance = (open_engine(p, CPU) for p in graphs("centroid", "topdown_multiclass"))
    n_crops = 0
    for i, frame in enumerate(frames_of(shared_data, case)):
        what, expected = case["frame_idx"][i], np.isfinite(case["centroid_vals"][i])
        found = _feed(centroid, frame[None])
        there = ~np.isnan(found["centroid_vals"][0])
        centers = found["centroids"][0, there]
        _near(centers, case["centroids"][i, expected], PX_FRAME, what)
        _near(found["centroid_vals"][0, there], case["centroid_vals"][i, expected], VAL_FRAME, what)
        crops = {"centers": centers, "frame_index": np.zeros(len(centers), np.int64)}
        found = _feed(instance, frame[None], **crops)
        _near(found["class_probs"], case["crop_class_probs"][i, expected], PROB, what)
        n_crops += len(centers)
    assert n_crops > 20


def test_a_pair_with_class_vectors_gives_each_identity_once(
    shared_data: Path, graphs: Graphs
) -> None:
    """Scores are those of the own crop, where the original pairs class k with crop k."""
    case = _telling(recorded_case(shared_data, "topdown_multiclass"), every=4)
    frames = frames_of(shared_data, case)
    for i, instances in enumerate(_predict(graphs("centroid", "topdown_multiclass"), frames)):
        assert instances.track_ids.tolist() in ([0, 1], [0], [1])
        values = case["centroid_vals"][i]
        for score in instances.scores:
            assert np.nanmin(np.abs(values - score)) < VAL_FRAME


def test_instances_around_labelled_animals(shared_data: Path, graphs: Graphs) -> None:
    case = recorded_case(shared_data, "topdown_gt_centroids")
    frames = frames_of(shared_data, case)
    # Of two nodes placed like this the bounding box has the recorded centre.
    known = [np.stack([c - 9, c + 9], axis=1) for c in case["centroids"]]
    (found,) = _predict(graphs("centered_instance"), frames, known)
    _near(found.points, case["instance_peaks"][0], PX_CROPS, "points")
    _near(found.point_scores, case["instance_peak_vals"][0], VAL_CROPS, "values")
    _near(found.scores, case["instance_scores"][0], VAL_FRAME, "scores")


def test_identities_around_labelled_animals(shared_data: Path, graphs: Graphs) -> None:
    """In frame 1400 both crops prefer the first class; the other one is dropped, as recorded."""
    case = recorded_case(shared_data, "topdown_multiclass_gt_centroids")
    case = {k: v[4:] if len(v) == len(case["frame_idx"]) else v for k, v in case.items()}
    # Head and thorax; crops are centred on the thorax.
    known = [np.stack([np.full_like(c, np.nan), c], axis=1) for c in case["centroids"]]
    found = _predict(graphs("topdown_multiclass"), frames_of(shared_data, case), known)
    assert [len(instances) for instances in found] == case["n_instances"].tolist()
    assert len(found[-1]) == 1
    for i, instances in enumerate(found):
        what, n = case["frame_idx"][i], case["n_instances"][i]
        np.testing.assert_array_equal(instances.track_ids, case["class_inds"][i, :n])
        _near(instances.points, case["instance_peaks"][i, :n], PX_CLASS_CROPS, what)
        _near(instances.point_scores, case["instance_peak_vals"][i, :n], VAL_CROPS, what)
        _near(instances.tracking_scores, case["class_probs"][i, :n], PROB, what)


@pytest.mark.parametrize(
    "models",
    [
        ["single_instance"],
        ["bottomup"],
        ["bottomup_multiclass"],
        ["centroid", "centered_instance"],
        ["centroid", "topdown_multiclass"],
    ],
    ids="+".join,
)
def test_a_black_frame_has_no_instances(
    shared_data: Path, graphs: Graphs, models: list[str]
) -> None:
    (found,) = _predict(graphs(*models), [np.zeros((72, 90, 1), np.uint8)])
    assert found.points.shape == (0, 2, 2)
    assert found.scores.shape == found.track_ids.shape == found.tracking_scores.shape == (0,)
