"""Identity models, labelled animals, overrides and flat maps against what upstream recorded."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import sleap_io as sio
import torch
from tolerances import INSTANCE_SCORE, PX, SCORE

from sleap_rt.errors import DataError, OptionError
from sleap_rt.models.native.load_native import load_native_model
from sleap_rt.models.reference import plain_peaks, prepare_frame
from sleap_rt.options import NO_OVERRIDES, DecodeOptions, EngineOptions, ModelOverrides, RunOptions
from sleap_rt.runtime import open_predictor, predict_frames
from sleap_rt.runtime.frames.video import VideoFile

pytestmark = pytest.mark.parity

ON_CPU = EngineOptions(device="cpu")


class Case(NamedTuple):
    decode: DecodeOptions = DecodeOptions()
    overrides: ModelOverrides = NO_OVERRIDES


CASES = {
    "native_multiclass_bottomup": Case(DecodeOptions(peak_threshold=0.05)),
    "native_multiclass_topdown": Case(DecodeOptions(peak_threshold=0.05)),
    "native_bottomup_scale": Case(
        DecodeOptions(peak_threshold=0.02), ModelOverrides(input_scale=0.5)
    ),
    "native_bottomup_maxsize": Case(
        DecodeOptions(peak_threshold=0.02), ModelOverrides(max_height=300, max_width=256)
    ),
    "native_bottomup_labeled": Case(),
    "native_topdown_labeled": Case(),
    "native_centered_gt": Case(),
    "native_centroid_gt": Case(),
}


@pytest.fixture
def graphs_of(shared_data: Path, exported):
    """Graphs of models, one model at a time: any two of these bring frames to the same size."""
    pair = ("native/centroid", "native/centered_instance")

    def graph(name: str, overrides: ModelOverrides) -> Path:
        if name in pair:  # exported together for other tests as well
            return exported([shared_data / one for one in pair])[pair.index(name)]
        (path,) = exported([shared_data / name], overrides)
        return path

    def graphs(models: Sequence[str], overrides: ModelOverrides = NO_OVERRIDES) -> list[Path]:
        return [graph(name, overrides) for name in models]

    return graphs


def recorded(shared_data: Path, case: str) -> tuple[dict, sio.Labels]:
    index = json.loads((shared_data / "golden/index.json").read_text())[f"{case}.predict"]
    labels = sio.load_slp(str(shared_data / f"golden/{case}.predict.slp"), open_videos=False)
    return index, labels


def predict(predictor, source: Path, indices: list[int]):
    if source.suffix == ".mp4":
        with VideoFile(source) as video:
            return list(predict_frames(predictor, video, indices, RunOptions()))
    labels = sio.load_slp(str(source))
    images = np.stack([labels.video[index] for index in indices])
    known = [
        np.array([animal.numpy() for animal in labels.find(labels.video, index)[0]], np.float32)
        for index in indices
    ]
    return predictor.predict(images, indices, known if predictor.needs_instances else None)


@pytest.mark.parametrize("case", CASES)
def test_graphs_predict_what_the_checkpoint_predicted(case, shared_data, graphs_of):
    index, expected = recorded(shared_data, case)
    graphs = graphs_of(index["models"], CASES[case].overrides)
    predictor = open_predictor(graphs[::-1], CASES[case].decode, ON_CPU)
    indices = [frame.frame_idx for frame in expected]
    results = predict(predictor, shared_data / index["source"], indices)
    predictor.close()
    assert predictor.skeleton.node_names == tuple(expected.skeleton.node_names)
    assert len(results) == len(indices) > 0
    assert sum(map(len, results)) > 0
    for frame, found in zip(expected, results, strict=True):
        assert len(found) == len(frame.instances), frame.frame_idx
        for i, instance in enumerate(frame.instances):
            values = instance.numpy(scores=True)
            np.testing.assert_allclose(found.points[i], values[:, :2], rtol=0, atol=PX)
            np.testing.assert_allclose(found.point_scores[i], values[:, 2], rtol=0, atol=SCORE)
            np.testing.assert_allclose(found.scores[i], instance.score, rtol=0, atol=INSTANCE_SCORE)
            track = found.track_ids[i]
            name = None if track < 0 else predictor.class_names[track]
            assert name == (instance.track and instance.track.name)
            np.testing.assert_allclose(
                found.tracking_scores[i], instance.tracking_score, rtol=0, atol=SCORE
            )


def test_labelled_animals_that_are_missing_are_asked_for(shared_data, graphs_of):
    predictor = open_predictor(graphs_of(["native/centered_instance"]), DecodeOptions(), ON_CPU)
    assert predictor.needs_instances
    with pytest.raises(DataError, match=r"give a `\.slp` file with labelled frames, or the other"):
        predictor.predict(np.zeros((1, 384, 384, 1), np.uint8), [0])
    predictor.close()


def test_a_centroid_takes_over_the_pose_of_the_animal_it_found(shared_data, graphs_of):
    source = shared_data / "labels/minimal_instance.pkg.slp"
    graphs = graphs_of(["native/centroid"])
    predictor = open_predictor(graphs, DecodeOptions(), ON_CPU, match_known=True)
    (found,) = predict(predictor, source, [0])
    predictor.close()
    labelled = {str(a.numpy().tolist()): a.numpy() for a in sio.load_slp(str(source))[0].instances}
    # The recorded centroids stand between the two nodes of one animal each.
    centroids = np.array([[123.06, 180.37], [242.91, 195.76]])
    expected = [
        min(labelled.values(), key=lambda a: np.linalg.norm(a.mean(axis=0) - centroid))
        for centroid in centroids
    ]
    np.testing.assert_allclose(found.points, expected, rtol=0, atol=1e-4)
    np.testing.assert_array_equal(found.point_scores, 1)
    np.testing.assert_allclose(found.scores, [0.96743315, 0.9552223], rtol=0, atol=SCORE)


def network_maps(model, frame) -> dict[str, np.ndarray]:
    image = prepare_frame(model, frame).image
    with torch.inference_mode():
        return {name: maps[0].numpy() for name, maps in model.network(image).items()}


def assert_same_map(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=SCORE * np.abs(expected).max())


def test_raw_outputs_of_whole_frames_are_the_networks_own(shared_data, graphs_of):
    name, video = "native/multiclass_bottomup", shared_data / "videos/centered_pair_small.mp4"
    raw = ("confmaps", "class_maps")
    predictor = open_predictor(graphs_of([name]), DecodeOptions(), ON_CPU, raw)
    with VideoFile(video) as reader:
        frames = np.stack([reader.read(index) for index in (0, 7)])
    results = predictor.predict(frames, [0, 7])
    predictor.close()
    model = load_native_model(shared_data / name)
    for frame, result in zip(frames, results, strict=True):
        expected = network_maps(model, frame)
        assert set(result.raw) == set(raw)
        for key in raw:
            assert_same_map(result.raw[key], expected[key])


def test_raw_outputs_of_crops_belong_to_the_instances(shared_data, graphs_of):
    names = ["native/centroid", "native/multiclass_centered_instance"]
    raw = ("centroid_confmaps", "crop_confmaps", "class_probs")
    decode = DecodeOptions(peak_threshold=0.05)
    predictor = open_predictor(graphs_of(names), decode, ON_CPU, raw)
    with VideoFile(shared_data / "videos/centered_pair_small.mp4") as reader:
        frames = np.stack([reader.read(index) for index in (18, 19)])
    nothing, result = predictor.predict(frames, [18, 19])
    predictor.close()
    # Frame 18 has crops, but no pose in them; frame 19 one pose in two crops.
    assert len(nothing) == len(nothing.raw["crop_confmaps"]) == 0
    assert len(result) == len(result.raw["crop_confmaps"]) == len(result.raw["class_probs"]) == 1
    model = load_native_model(shared_data / names[0])
    expected = network_maps(model, frames[1])["confmaps"]
    assert_same_map(result.raw["centroid_confmaps"], expected)
    top = result.raw["crop_confmaps"][0].max(axis=(1, 2))
    visible = ~np.isnan(result.points[0, :, 0])
    np.testing.assert_array_equal(top >= decode.peak_threshold, visible)
    np.testing.assert_array_equal(top[visible], result.point_scores[0, visible])
    assert result.raw["class_probs"][0, result.track_ids[0]] == result.tracking_scores[0]
    assert result.raw["class_probs"].sum() == pytest.approx(1, abs=1e-6)


def test_a_raw_output_that_a_model_does_not_have_is_refused(shared_data, graphs_of):
    graphs = graphs_of(["native/centroid"])
    with pytest.raises(OptionError, match="Raw output pafs: centroid has none"):
        open_predictor(graphs, DecodeOptions(), ON_CPU, ("confmaps", "pafs"))


class FlatMapPeaks(NamedTuple):
    """Refined peaks of one map, computed in double precision.

    Attributes:
        clear: (n, 2) frame px, of cells that exceed neighbours and threshold by more than float32
            noise, and that this noise cannot move.
        possible: (m, 2) frame px, of all cells that are peaks, or as good as peaks.
        moves: (m,) frame px, how far noise moves each of them; far where a patch that sums to
            almost nothing divides its center of mass.
    """

    clear: np.ndarray
    possible: np.ndarray
    moves: np.ndarray


NOISE_FACTOR = 10  # refinement is not linear in the noise where it moves far
NOISE = 1e-6  # confidence; twice what one float32 network differs from itself in float64


def peaks_in_double_precision(confmap: np.ndarray, threshold: float, stride: int) -> FlatMapPeaks:
    above = confmap - np.maximum(threshold, highest_neighbour(confmap))
    cells = np.argwhere(above > -NOISE)
    possible, shifted = (refined(maps, cells) * stride for maps in (confmap, confmap + NOISE))
    moves = np.linalg.norm(shifted - possible, axis=1)
    is_clear = (above[tuple(cells.T)] > NOISE) & (moves < PX / 2)
    return FlatMapPeaks(possible[is_clear], possible, moves)


def refined(confmap: np.ndarray, cells: np.ndarray) -> np.ndarray:
    confmap = confmap.astype(np.float32)
    on_grid = [plain_peaks.Peak(x, y, float(confmap[y, x]), (y, x)) for y, x in cells.tolist()]
    return np.array([plain_peaks.refined(confmap, peak, 5)[:2] for peak in on_grid])


def highest_neighbour(confmap: np.ndarray) -> np.ndarray:
    padded = np.pad(confmap, 1, constant_values=-np.inf)
    rows, cols = confmap.shape
    shifted = [
        padded[y : y + rows, x : x + cols] for y in range(3) for x in range(3) if (y, x) != (1, 1)
    ]
    return np.max(shifted, axis=0)


def gaps(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - others[None], axis=-1)


def test_a_flat_map_gives_every_peak_that_is_one_and_scores_the_recorded_pairs(
    shared_data, graphs_of
):
    """This network's maps are nearly constant over the background.

    Some of their maxima are float32 noise: the recording has others than the same torch program
    with one thread more, or with frames in other batches. So counts of instances mean nothing
    here. What stands above that noise is compared: each peak, and the score of each pair.
    """
    case = "convnext_bottomup"
    index, expected = recorded(shared_data, case)
    (name,) = index["models"]
    decode = DecodeOptions(peak_threshold=0.02, min_line_scores=-1.0)
    raw = ["peaks", "peak_vals", "line_scores"]
    predictor = open_predictor(graphs_of([name]), decode, ON_CPU, raw)
    indices = [frame.frame_idx for frame in expected]
    results = predict(predictor, shared_data / index["source"], indices)
    predictor.close()
    model = load_native_model(shared_data / name)
    network = model.network.double()
    n_pairs = 0
    with VideoFile(shared_data / index["source"]) as video:
        images = [prepare_frame(model, video.read(i)).image for i in indices]
    for frame, found, image in zip(expected, results, images, strict=True):
        with torch.inference_mode():
            confmaps = network(image.double())["confmaps"][0].numpy()
        values = np.array([instance.numpy(scores=True) for instance in frame.instances])
        matches = []
        for node, confmap in enumerate(confmaps):
            ours, vals = found.raw["peaks"][node], found.raw["peak_vals"][node]
            ours, vals = ours[~np.isnan(vals)], vals[~np.isnan(vals)]
            truth = peaks_in_double_precision(confmap, decode.peak_threshold, stride=2)
            theirs = values[:, node, :2]
            assert gaps(truth.clear, ours).min(axis=1).max() < PX
            for points in (ours, theirs):
                beyond = gaps(points, truth.possible) - NOISE_FACTOR * truth.moves
                assert beyond.min(axis=1).max() < PX
            nearest = gaps(theirs, ours).argmin(axis=1)
            is_ours = gaps(theirs, ours).min(axis=1) < PX
            np.testing.assert_allclose(
                vals[nearest[is_ours]], values[is_ours, node, 2], rtol=0, atol=SCORE
            )
            matches.append(np.where(is_ours, nearest, -1))
        # Every pairing was recorded that could be: as many as the node with fewer peaks has.
        clear = peaks_in_double_precision(confmaps[1], decode.peak_threshold, stride=2).clear
        assert gaps(clear, values[:, 1, :2]).min(axis=1).max() < PX
        for i, (a, b) in enumerate(zip(*matches, strict=True)):
            if a >= 0 and b >= 0:
                n_pairs += 1
                score = found.raw["line_scores"][0, a, b]
                assert score == pytest.approx(frame.instances[i].score, abs=INSTANCE_SCORE)
    assert n_pairs > 0.9 * sum(len(frame.instances) for frame in expected)
