"""The reference pipeline against what the original software predicted."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from recordings import (
    INSTANCE_CASES,
    PIPELINES,
    PROB,
    PX_CLASS_CROPS,
    PX_CROPS,
    PX_FLAT,
    PX_FRAME,
    VAL_CROPS,
    VAL_FRAME,
    Arrays,
    assert_instances_equal,
    frames_of,
    is_firm,
    near,
    recorded_case,
    stored_predictions,
    telling_frames,
)

from sleap_rt.instances import FrameInstances
from sleap_rt.models.legacy.load_legacy import load_legacy_model
from sleap_rt.models.pairs import in_order
from sleap_rt.models.reference import predict_crops, predict_frame, predict_pair, prepare_frame
from sleap_rt.models.reference.pipeline import (
    REFERENCES,
    FramePeaks,
    class_probs_of_peaks,
    find_peaks,
    run_network,
    score_lines,
)
from sleap_rt.models.trained import TrainedModel
from sleap_rt.options import DecodeOptions

pytestmark = pytest.mark.parity

DEFAULTS = DecodeOptions()


@cache
def _model(shared_data: Path, name: str) -> TrainedModel:
    return load_legacy_model(shared_data / "legacy" / name)


def _predict(shared_data: Path, names: list[str], frames: list[np.ndarray]) -> list[FrameInstances]:
    models = in_order([_model(shared_data, name) for name in names])
    if len(models) == 2:
        return [predict_pair(models, frame, DEFAULTS) for frame in frames]
    return [predict_frame(models[0], frame, DEFAULTS) for frame in frames]


class _Found(NamedTuple):
    """Everything found in one frame, peaks numbered as recorded: by row, column, then node."""

    outputs: Arrays
    peaks: FramePeaks
    order: list[tuple[int, int]]  # (node, which of the node's peaks)

    def recorded(self, per_node: list[np.ndarray]) -> np.ndarray:
        return np.array([per_node[node][i] for node, i in self.order])


def _find(model: TrainedModel, frame: np.ndarray) -> _Found:
    prepared = prepare_frame(model, frame)
    outputs = {name: maps[0] for name, maps in run_network(model, prepared.image).items()}
    found = find_peaks(model, outputs, prepared.eff_scale, DEFAULTS)
    cells = [
        (*peak.cell, node, i)
        for node, of_node in enumerate(found.peaks)
        for i, peak in enumerate(of_node)
    ]
    return _Found(outputs, found, [(node, i) for _, _, node, i in sorted(cells)])


@pytest.mark.parametrize(("name", "models", "px", "val"), INSTANCE_CASES)
def test_instances(shared_data: Path, name: str, models: list[str], px: float, val: float) -> None:
    recorded = recorded_case(shared_data, name)
    assert is_firm(recorded).all()
    # Every third frame; exported graphs are held to all of them (test_legacy_graphs.py).
    case = {key: values[::3] for key, values in recorded.items()}
    found = _predict(shared_data, models, frames_of(shared_data, case))
    assert_instances_equal(found, case, px, val)


@pytest.mark.parametrize("models", PIPELINES, ids="+".join)
def test_a_black_frame_has_no_instances(shared_data: Path, models: list[str]) -> None:
    frames = [np.zeros((72, 90, 1), np.uint8)]
    (found,) = _predict(shared_data, models, frames)
    assert found.points.shape == (0, 2, 2)
    assert found.scores.shape == found.track_ids.shape == found.tracking_scores.shape == (0,)


def test_every_candidate_of_bottomup(shared_data: Path) -> None:
    case = {k: values[::5] for k, values in recorded_case(shared_data, "bottomup").items()}
    model = _model(shared_data, "bottomup")
    for i, frame in enumerate(frames_of(shared_data, case)):
        n_peaks, n_lines = (case[k][i] >= 0 for k in ("peak_channel_inds", "edge_inds"))
        found = _find(model, frame)
        channels = [node for node, _ in found.order]
        np.testing.assert_array_equal(channels, case["peak_channel_inds"][i, n_peaks])
        near(found.recorded(found.peaks.points), case["peaks"][i, n_peaks], PX_FRAME, f"frame {i}")
        vals = found.recorded(found.peaks.values)
        near(vals, case["peak_vals"][i, n_peaks], VAL_FRAME, f"frame {i}")
        (scores,) = score_lines(model, found.outputs, found.peaks.pixels, DEFAULTS)
        sources, destinations = (
            [found.order.index((node, k)) for k in range(n)]
            for node, n in zip(model.edges[0], scores.shape, strict=True)
        )
        lines = [(a, b) for a in sources for b in destinations]
        np.testing.assert_array_equal(lines, case["edge_peak_inds"][i, n_lines])
        near(scores.ravel(), case["line_scores"][i, n_lines], VAL_FRAME, f"frame {i}")


def test_peaks_and_probabilities_of_class_maps(shared_data: Path) -> None:
    case = telling_frames(recorded_case(shared_data, "bottomup_multiclass"), every=3)
    model = _model(shared_data, "bottomup_multiclass")
    for i, frame in enumerate(frames_of(shared_data, case)):
        what, there = f"frame {case['frame_idx'][i]}", case["peak_channel_inds"][i] >= 0
        found = _find(model, frame)
        channels = [node for node, _ in found.order]
        np.testing.assert_array_equal(channels, case["peak_channel_inds"][i, there])
        near(found.recorded(found.peaks.points), case["peaks"][i, there], PX_FLAT, what)
        near(found.recorded(found.peaks.values), case["peak_vals"][i, there], VAL_FRAME, what)
        probs = class_probs_of_peaks(model, found.outputs, found.peaks.pixels)
        near(found.recorded(probs), case["peak_class_probs"][i, there], PROB, what)


def test_chosen_peaks_of_class_maps_are_as_probable_as_recorded(shared_data: Path) -> None:
    """Which of several saturated peaks is chosen depends on the last bit, how good it is not."""
    case = telling_frames(recorded_case(shared_data, "bottomup_multiclass"), every=3)
    found = _predict(shared_data, ["bottomup_multiclass"], frames_of(shared_data, case))
    for i, instances in enumerate(found):
        expected = case["class_probs"][i, : case["n_instances"][i]]
        near(instances.tracking_scores, expected, PROB, f"frame {case['frame_idx'][i]}")


def test_centroids_and_class_vectors_of_every_crop(shared_data: Path) -> None:
    case = telling_frames(recorded_case(shared_data, "topdown_multiclass"), every=4)
    names = ("centroid", "topdown_multiclass")
    centroid, instance = in_order([_model(shared_data, name) for name in names])
    for i, frame in enumerate(frames_of(shared_data, case)):
        what, there = f"frame {case['frame_idx'][i]}", np.isfinite(case["centroid_vals"][i])
        found = predict_frame(centroid, frame, DEFAULTS)
        centroids = found.points[:, 0]
        near(centroids, case["centroids"][i, there], PX_FRAME, what)
        near(found.scores, case["centroid_vals"][i, there], VAL_FRAME, what)
        crops = predict_crops(instance, frame, centroids, DEFAULTS)
        near(crops.class_probs, case["crop_class_probs"][i, there], PROB, what)


def test_instances_around_labeled_centroids(shared_data: Path) -> None:
    case = recorded_case(shared_data, "topdown_gt_centroids")
    (frame,) = frames_of(shared_data, case)
    model = _model(shared_data, "centered_instance")
    found = predict_crops(model, frame, case["centroids"][0], DEFAULTS)
    near(found.points, case["instance_peaks"][0], PX_CROPS, "points")
    near(found.values, case["instance_peak_vals"][0], VAL_CROPS, "values")


def test_identities_around_labeled_centroids(shared_data: Path) -> None:
    case = recorded_case(shared_data, "topdown_multiclass_gt_centroids")
    model = _model(shared_data, "topdown_multiclass")
    for i, frame in enumerate(frames_of(shared_data, case)):
        found = predict_crops(model, frame, case["centroids"][i], DEFAULTS)
        what, n = f"frame {case['frame_idx'][i]}", case["n_instances"][i]
        near(found.class_probs, case["crop_class_probs"][i], PROB, what)
        crops, classes = np.array(REFERENCES["legacy"].named_crops(found.class_probs)).T
        np.testing.assert_array_equal(classes, case["class_inds"][i, :n], err_msg=what)
        near(found.points[crops], case["instance_peaks"][i, :n], PX_CLASS_CROPS, what)
        near(found.values[crops], case["instance_peak_vals"][i, :n], VAL_CROPS, what)
        near(found.class_probs[crops, classes], case["class_probs"][i, :n], PROB, what)


def test_predictions_stored_at_training_time(shared_data: Path) -> None:
    """`labels_pr.val.slp` was made from frame 0 as another encoding of the video gave it.

    The embedded frame differs from that one by half a gray level on average, which moves points by
    up to 0.13 px and scores by 0.008 (the recorded predictions for both say so): this holds the
    pipeline to the original's own file, the exact comparison is the one above.
    """
    px, score = 0.2, 0.01
    case = recorded_case(shared_data, "topdown_gt_centroids")
    (frame,) = frames_of(shared_data, case)
    (bottomup,) = _predict(shared_data, ["bottomup"], [frame])
    stored = stored_predictions(shared_data / "legacy" / "bottomup" / "labels_pr.val.slp")
    near(bottomup.points, stored["points"], px, "bottomup")
    near(bottomup.scores, stored["scores"], score, "bottomup")
    model = _model(shared_data, "centered_instance")
    crops = predict_crops(model, frame, case["centroids"][0], DEFAULTS)
    stored = stored_predictions(shared_data / "legacy" / "centered_instance" / "labels_pr.val.slp")
    near(np.sort(crops.points, axis=0), np.sort(stored["points"], axis=0), 0.5, "crops")
