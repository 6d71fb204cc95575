"""COCO-style AP and AR against the COCO evaluator itself."""

import contextlib
import io

import numpy as np
import pytest
from tolerances import ORACLE

from sleap_rt.evaluation.poses.coco import coco_metrics, match_at_thresholds
from sleap_rt.evaluation.poses.oks import oks

N_NODES = 5
STDDEV = 0.06


def random_frames(rng, n_frames, most):
    """Frames of (ground truth, predictions, scores): jittered, missing, extra, tied scores."""
    frames = []
    for _ in range(n_frames):
        truth = rng.uniform(0, 200, (rng.integers(0, most + 1), N_NODES, 2))
        truth += rng.uniform(0, 800, (len(truth), 1, 2))
        kept = truth[rng.random(len(truth)) < 0.85]
        jitter = rng.normal(0, rng.uniform(1, 15, (len(kept), 1, 1)), kept.shape)
        extra = rng.uniform(0, 900, (rng.integers(0, 3), N_NODES, 2))
        predicted = np.concatenate([kept + jitter, extra])
        truth = truth.copy()
        truth[rng.random(truth.shape[:2]) < 0.1] = np.nan
        predicted[rng.random(predicted.shape[:2]) < 0.1] = np.nan
        frames.append((truth, predicted, np.round(rng.random(len(predicted)), 1)))
    return frames


def coco_oracle(frames, max_dets):
    """AP and AR per threshold as the COCO evaluator computes them."""
    pycocotools = pytest.importorskip("pycocotools.cocoeval")
    from pycocotools.coco import COCO

    annotations, detections = [], []
    for image, (truth, predicted, scores) in enumerate(frames, 1):
        annotations += [_annotation(len(annotations) + i, image, p) for i, p in enumerate(truth, 1)]
        # A missing node becomes one so far off that its similarity is 0.
        detections += [
            {
                "image_id": image,
                "category_id": 1,
                "score": float(s),
                "keypoints": _keypoints(p, 1e7),
            }
            for p, s in zip(predicted, scores, strict=True)
        ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": i} for i in range(1, len(frames) + 1)],
            "categories": [{"id": 1, "name": "animal"}],
            "annotations": annotations,
        }
        truth.createIndex()
        evaluation = pycocotools.COCOeval(truth, truth.loadRes(detections), "keypoints")
        evaluation.params.kpt_oks_sigmas = np.full(N_NODES, STDDEV)
        evaluation.params.maxDets = [max_dets]
        evaluation.params.areaRng = [[-1, 1e20]]  # the far-off nodes count in areas
        evaluation.params.areaRngLbl = ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, 0, 0].mean(axis=1)
    return precision, evaluation.eval["recall"][:, 0, 0, 0]


def _annotation(number, image, points):
    visible = points[~np.isnan(points[:, 0])]
    extent = visible.max(axis=0) - visible.min(axis=0)
    return {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "iscrowd": 0,
        "keypoints": _keypoints(points, 0),
        "num_keypoints": len(visible),
        "area": float(extent.prod()),
        "bbox": [*visible.min(axis=0).tolist(), *extent.tolist()],
    }


def _keypoints(points, missing):
    flat = []
    for x, y in points.tolist():
        flat += [missing, missing, 0] if np.isnan(x) else [x, y, 2]
    return flat


def similarities(frames):
    for truth, predicted, scores in frames:
        rows = np.repeat(np.arange(len(truth)), len(predicted))
        columns = np.tile(np.arange(len(predicted)), len(truth))
        values = oks(truth[rows], predicted[columns], stddev=STDDEV)
        yield values.reshape(len(truth), len(predicted)), scores


@pytest.mark.parametrize("seed", range(12))
def test_equals_the_coco_evaluator(seed):
    rng = np.random.default_rng(seed)
    frames = random_frames(rng, n_frames=25, most=5)
    max_dets = (20, 3)[seed % 2]
    precision, recall = coco_oracle(frames, max_dets)
    values = coco_metrics(similarities(frames), max_dets=max_dets)
    np.testing.assert_allclose(values["AP_per_threshold"], precision, atol=ORACLE)
    np.testing.assert_allclose(values["AR_per_threshold"], recall, atol=ORACLE)
    assert values["AP"] == pytest.approx(precision.mean(), abs=ORACLE)
    assert values["AR"] == pytest.approx(recall.mean(), abs=ORACLE)
    assert (values["AP50"], values["AP75"]) == pytest.approx(
        (precision[0], precision[5]), abs=ORACLE
    )
    assert (values["AR50"], values["AR75"]) == pytest.approx((recall[0], recall[5]), abs=ORACLE)
    assert 0.05 < float(values["AP"]) < 0.95  # the case is neither trivial nor hopeless


def test_case_worked_by_hand():
    # Two animals; the surest prediction is a false one, the second is right up to 0.75.
    # Thresholds .50 .. .75: precision 1/2 up to recall 1/2, i.e. at 51 of 101 levels.
    values = coco_metrics([(np.array([[0.0, 0.75], [0.0, 0.0]]), np.array([0.9, 0.8]))])
    right = 6
    assert values["AP50"] == pytest.approx(0.5 * 51 / 101)
    assert values["AP"] == pytest.approx(right * 0.5 * 51 / 101 / 10)
    assert values["AR"] == pytest.approx(right * 0.5 / 10)


def test_an_unmatched_prediction_lowers_precision():
    frame = (np.array([[1.0]]), np.array([0.5]))
    extra = (np.zeros((0, 1)), np.array([0.9]))
    assert coco_metrics([frame])["AP"] == pytest.approx(1.0)
    assert coco_metrics([frame, extra])["AP"] == pytest.approx(0.5)


def test_predictions_beyond_the_limit_are_left_out_and_counted():
    values = coco_metrics([(np.eye(3), np.array([0.9, 0.8, 0.7]))], max_dets=2)
    assert values["n_predictions_left_out"] == 1
    assert values["AR"] == pytest.approx(2 / 3)


def test_truth_without_visible_node_is_left_out():
    values = coco_metrics([(np.array([[np.nan], [1.0]]), np.array([0.5]))])
    assert (values["AP"], values["AR"]) == pytest.approx((1.0, 1.0))


def test_without_truth_everything_is_undefined():
    values = coco_metrics([(np.zeros((0, 1)), np.array([0.5]))])
    assert np.isnan([values["AP"], values["AR"], values["AP50"], values["AR75"]]).all()


def test_of_equally_good_truths_the_last_is_taken():
    # So the second prediction, which only fits the first truth, finds it free.
    found = match_at_thresholds(np.array([[0.9, 0.9], [0.9, 0.0]]))
    assert found[0].all()
