"""The formulas of docs/evaluation.md, written as they stand there, give what `evaluate` gives."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from tolerances import FLOAT64

from sleap_rt.evaluation import Evaluator
from sleap_rt.evaluation.tables import IDENTITIES, POSES

from .builders import Predicted, User, make_labels, square

PAGE = (Path(__file__).resolve().parents[2] / "docs/evaluation.md").read_text(encoding="utf8")
SIGMA = 0.05
COUNTS = {"found (TP)", "not an animal (FP)", "missed (FN)"}  # the page's M, E, F


@pytest.fixture(scope="module")
def case():
    """Animals with errors of many sizes, a missed one, a made-up one, nodes missing on a side."""
    rng = np.random.default_rng(5)
    truth, predicted = {}, {}
    for frame in range(12):
        left, right = square(10 + frame, 20), square(90, 70 + frame, missing="d")
        truth[frame] = [User(left), User(right)]
        found = [
            Predicted(pose + rng.normal(0, 0.3 * (frame + 1), (4, 2)), float(rng.uniform(0.2, 1)))
            for pose in (left, square(90, 70 + frame))
        ]
        predicted[frame] = found[: 1 + (frame != 7)]
    predicted[3].append(Predicted(square(400, 300), 0.5))
    evaluator = Evaluator(make_labels(truth), make_labels(predicted), oks_stddev=SIGMA)
    return evaluator.evaluate(), [Pair(*pair) for pair in evaluator.positive_pairs], evaluator


class Pair:
    def __init__(self, truth, prediction, _):
        self.truth, self.predicted = truth.instance.numpy(), prediction.instance.numpy()
        self.score = prediction.instance.score
        both = zip(self.truth, self.predicted, strict=True)
        self.d = [math.hypot(*(a - b)) for a, b in both if np.isfinite([a, b]).all()]

    @property
    def n_labelled(self):
        return int(np.isfinite(self.truth[:, 0]).sum())

    @property
    def oks(self):
        width, height = np.nanmax(self.truth, axis=0) - np.nanmin(self.truth, axis=0)
        s = width * height
        return sum(math.exp(-(d**2) / (8 * SIGMA**2 * s)) for d in self.d) / self.n_labelled

    def n_closer(self, t):
        return sum(d < t for d in self.d)


def average_precision(pairs, value, t, n_animals):
    """AP(t) and AR(t)."""
    ranked = sorted(pairs, key=lambda pair: -pair.score)
    found = [sum(value(pair) >= t for pair in ranked[:k]) for k in range(1, len(ranked) + 1)]
    curve = [(n / n_animals, n / k) for k, n in enumerate(found, 1)]
    levels = [
        max((precision for recall, precision in curve if recall >= r), default=0.0)
        for r in np.linspace(0, 1, 101)
    ]
    return np.mean(levels), found[-1] / n_animals


def expected(pairs, n_missed, n_extra):
    """Label of a row -> its value by the formula of the page."""
    m, n = len(pairs), 4
    every = sorted(d for pair in pairs for d in pair.d)
    labelled = sum(pair.n_labelled for pair in pairs)
    predicted = sum(int(np.isfinite(pair.predicted[:, 0]).sum()) for pair in pairs)
    pck = [0.0] + [sum(pair.n_closer(t) for pair in pairs) / (m * n) for t in range(1, 11)]
    seen = [sum(pair.n_closer(t) for pair in pairs) / labelled for t in range(1, 11)]
    thresholds = np.linspace(0.5, 0.95, 10)
    oks = [average_precision(pairs, lambda p: p.oks, t, m + n_missed) for t in thresholds]
    return {
        "mOKS": sum(pair.oks for pair in pairs) / m,
        "mAP (OKS VOC)": np.mean([ap for ap, _ in oks]),
        "mAR (OKS VOC)": np.mean([ar for _, ar in oks]),
        "Average Distance": sum(every) / len(every),
        "dist.p50": percentile(every, 0.50),
        "dist.p95": percentile(every, 0.95),
        "PCK@5px": pck[5],
        "PCK@10px": pck[10],
        "mPCK": sum(pck[1:]) / 10,
        "mPCK (labelled nodes)": sum(seen) / 10,
        "PCK AUC": sum(pck[t - 1] + pck[t] for t in range(1, 11)) / 20,
        "Visibility Precision": len(every) / predicted,
        "Visibility Recall": len(every) / labelled,
        "Detection Precision": m / (m + n_extra),
        "Detection Recall": m / (m + n_missed),
        "Detection F1": 2 * m / (2 * m + n_extra + n_missed),
    }


def percentile(ordered, share):
    place = share * (len(ordered) - 1)
    low = int(place)
    return ordered[low] + (place - low) * (ordered[low + 1] - ordered[low])


def test_pose_metrics_follow_the_formulas_of_the_page(case):
    metrics, pairs, evaluator = case
    rows = {row.label: row for row in POSES}
    n_missed, n_extra = len(evaluator.false_negatives), metrics["detection_metrics"]["n_fp"]
    assert (n_missed, n_extra) == (1, 1)
    for label, value in expected(pairs, n_missed, n_extra).items():
        assert rows[label].value(metrics) == pytest.approx(value, abs=FLOAT64), label


def test_every_printed_metric_is_explained_on_the_page():
    named = {
        name.strip()
        for row in re.findall(r"^\| ([^|]+) \|", PAGE, re.MULTILINE)
        for name in row.split(", ")
    }
    shares = {row.label for row in IDENTITIES if row.path[1] in ("TP", "FP", "FN")}
    counted = COUNTS | shares | {"true tracks", "predicted tracks"}
    missing = {row.label for row in (*POSES, *IDENTITIES)} - named - counted
    assert not missing
