"""The reference pipeline against what the original software predicted."""

from functools import cache
from pathlib import Path

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
    assert_instances_equal,
    frames_of,
    is_firm,
    near,
    recorded_case,
    stored_predictions,
    telling_frames,
)

from sleap_rt.models.legacy import LegacyModel, load_legacy_model
from sleap_rt.models.legacy.reference import (
    ReferenceOptions,
    peaks_in_frame,
    points_in_crops,
    predict,
)
from sleap_rt.models.legacy.reference.grouping import LineScoring
from sleap_rt.models.legacy.reference.identity import assign_classes
from sleap_rt.models.legacy.reference.pipeline import (
    candidate_connections,
    find_centroids,
    peak_class_probs,
)

pytestmark = pytest.mark.parity

THRESHOLD = ReferenceOptions.peak_threshold


@cache
def _model(shared_data: Path, name: str) -> LegacyModel:
    return load_legacy_model(shared_data / "legacy" / name)


@pytest.mark.parametrize(("name", "models", "px", "val"), INSTANCE_CASES)
def test_instances(shared_data: Path, name: str, models: list[str], px: float, val: float) -> None:
    recorded = recorded_case(shared_data, name)
    assert is_firm(recorded).all()
    # Every third frame; exported graphs are held to all of them (test_legacy_graphs.py).
    case = {key: values[::3] for key, values in recorded.items()}
    found = predict([_model(shared_data, m) for m in models], frames_of(shared_data, case))
    assert_instances_equal(found, case, px, val)


@pytest.mark.parametrize("models", PIPELINES, ids="+".join)
def test_a_black_frame_has_no_instances(shared_data: Path, models: list[str]) -> None:
    frames = [np.zeros((72, 90, 1), np.uint8)]
    (found,) = predict([_model(shared_data, m) for m in models], frames)
    assert found.points.shape == (0, 2, 2)
    assert found.scores.shape == found.track_ids.shape == found.tracking_scores.shape == (0,)


def test_every_candidate_of_bottomup(shared_data: Path) -> None:
    case = {k: values[::5] for k, values in recorded_case(shared_data, "bottomup").items()}
    model = _model(shared_data, "bottomup")
    for i, frame in enumerate(frames_of(shared_data, case)):
        n_peaks, n_lines = (case[k][i] >= 0 for k in ("peak_channel_inds", "edge_inds"))
        found = peaks_in_frame(model, frame, THRESHOLD)
        np.testing.assert_array_equal(found.peaks.channels, case["peak_channel_inds"][i, n_peaks])
        near(found.points, case["peaks"][i, n_peaks], PX_FRAME, f"frame {i}")
        near(found.peaks.vals, case["peak_vals"][i, n_peaks], VAL_FRAME, f"frame {i}")
        lines = candidate_connections(model, found, LineScoring())
        np.testing.assert_array_equal(lines.peaks, case["edge_peak_inds"][i, n_lines])
        near(lines.scores, case["line_scores"][i, n_lines], VAL_FRAME, f"frame {i}")


def test_peaks_and_probabilities_of_class_maps(shared_data: Path) -> None:
    case = telling_frames(recorded_case(shared_data, "bottomup_multiclass"), every=3)
    model = _model(shared_data, "bottomup_multiclass")
    for i, frame in enumerate(frames_of(shared_data, case)):
        what, there = f"frame {case['frame_idx'][i]}", case["peak_channel_inds"][i] >= 0
        found = peaks_in_frame(model, frame, THRESHOLD)
        np.testing.assert_array_equal(found.peaks.channels, case["peak_channel_inds"][i, there])
        near(found.points, case["peaks"][i, there], PX_FLAT, what)
        near(found.peaks.vals, case["peak_vals"][i, there], VAL_FRAME, what)
        near(peak_class_probs(model, found), case["peak_class_probs"][i, there], PROB, what)


def test_chosen_peaks_of_class_maps_are_as_probable_as_recorded(shared_data: Path) -> None:
    """Which of several saturated peaks is chosen depends on the last bit, how good it is not."""
    case = telling_frames(recorded_case(shared_data, "bottomup_multiclass"), every=3)
    found = predict([_model(shared_data, "bottomup_multiclass")], frames_of(shared_data, case))
    for i, instances in enumerate(found):
        expected = case["class_probs"][i, : case["n_instances"][i]]
        near(instances.tracking_scores, expected, PROB, f"frame {case['frame_idx'][i]}")


def test_centroids_and_class_vectors_of_every_crop(shared_data: Path) -> None:
    case = telling_frames(recorded_case(shared_data, "topdown_multiclass"), every=4)
    centroid, instance = (_model(shared_data, m) for m in ("centroid", "topdown_multiclass"))
    for i, frame in enumerate(frames_of(shared_data, case)):
        what, there = f"frame {case['frame_idx'][i]}", np.isfinite(case["centroid_vals"][i])
        centroids, values = find_centroids(centroid, frame, ReferenceOptions())
        near(centroids, case["centroids"][i, there], PX_FRAME, what)
        near(values, case["centroid_vals"][i, there], VAL_FRAME, what)
        crops = points_in_crops(instance, frame, centroids, THRESHOLD)
        near(crops.class_probs, case["crop_class_probs"][i, there], PROB, what)


def test_instances_around_labeled_centroids(shared_data: Path) -> None:
    case = recorded_case(shared_data, "topdown_gt_centroids")
    (frame,) = frames_of(shared_data, case)
    model = _model(shared_data, "centered_instance")
    found = points_in_crops(model, frame, case["centroids"][0], THRESHOLD)
    near(found.points, case["instance_peaks"][0], PX_CROPS, "points")
    near(found.vals, case["instance_peak_vals"][0], VAL_CROPS, "values")


def test_identities_around_labeled_centroids(shared_data: Path) -> None:
    case = recorded_case(shared_data, "topdown_multiclass_gt_centroids")
    model = _model(shared_data, "topdown_multiclass")
    for i, frame in enumerate(frames_of(shared_data, case)):
        found = points_in_crops(model, frame, case["centroids"][i], THRESHOLD)
        what, n = f"frame {case['frame_idx'][i]}", case["n_instances"][i]
        near(found.class_probs, case["crop_class_probs"][i], PROB, what)
        crops, classes = np.array(assign_classes(found.class_probs)).T
        np.testing.assert_array_equal(classes, case["class_inds"][i, :n], err_msg=what)
        near(found.points[crops], case["instance_peaks"][i, :n], PX_CLASS_CROPS, what)
        near(found.vals[crops], case["instance_peak_vals"][i, :n], VAL_CROPS, what)
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
    bottomup = predict([_model(shared_data, "bottomup")], [frame])[0]
    stored = stored_predictions(shared_data / "legacy" / "bottomup" / "labels_pr.val.slp")
    near(bottomup.points, stored["points"], px, "bottomup")
    near(bottomup.scores, stored["scores"], score, "bottomup")
    model = _model(shared_data, "centered_instance")
    crops = points_in_crops(model, frame, case["centroids"][0], THRESHOLD)
    stored = stored_predictions(shared_data / "legacy" / "centered_instance" / "labels_pr.val.slp")
    near(np.sort(crops.points, axis=0), np.sort(stored["points"], axis=0), 0.5, "crops")
