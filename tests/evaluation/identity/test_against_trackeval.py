"""The same values as TrackEval on the same similarity matrices."""

import contextlib
import io

import numpy as np
import pytest
from tolerances import FLOAT64

from sleap_rt.evaluation.identity.clear import (
    clear_counts,
    clear_values,
    match_tracks,
    sum_clear,
)
from sleap_rt.evaluation.identity.hota import hota_counts, hota_values, sum_hota
from sleap_rt.evaluation.identity.idf1 import id_counts, id_values, sum_ids
from sleap_rt.evaluation.identity.switches import find_switches

from .sequences import random_sequence, sequence

trackeval = pytest.importorskip("trackeval")

COUNTS = {
    "TP": "CLR_TP",
    "FN": "CLR_FN",
    "FP": "CLR_FP",
    "IDSW": "IDSW",
    "Frag": "Frag",
    "MT": "MT",
    "PT": "PT",
    "ML": "ML",
    "IDTP": "IDTP",
    "IDFN": "IDFN",
    "IDFP": "IDFP",
}
VALUES = {
    "MOTA": "MOTA",
    "MODA": "MODA",
    "MOTP": "MOTP",
    "recall": "CLR_Re",
    "precision": "CLR_Pr",
    "IDF1": "IDF1",
    "IDP": "IDP",
    "IDR": "IDR",
}
CURVES = ("HOTA", "DetA", "DetRe", "DetPr", "AssA", "AssRe", "AssPr", "LocA")


def measured(cases, threshold):
    clear = []
    for case in cases:
        matches = match_tracks(case, threshold)
        clear.append(clear_counts(case, matches, len(find_switches(case, matches))))
    return {
        **hota_values(sum_hota([hota_counts(case) for case in cases])),
        **clear_values(sum_clear(clear)),
        **id_values(sum_ids([id_counts(case, threshold) for case in cases])),
    }


def recorded(cases, threshold):
    """TrackEval's values for one video, or pooled over several."""
    options = {"THRESHOLD": threshold, "PRINT_CONFIG": False}
    values = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for metric in (
            trackeval.metrics.HOTA(),
            trackeval.metrics.CLEAR(options),
            trackeval.metrics.Identity(options),
        ):
            results = {str(i): metric.eval_sequence(_data(case)) for i, case in enumerate(cases)}
            values |= results["0"] if len(cases) == 1 else metric.combine_sequences(results)
    return values


def _data(case):
    return {
        "num_timesteps": len(case),
        "gt_ids": list(case.gt_ids),
        "tracker_ids": list(case.pr_ids),
        "similarity_scores": list(case.similarity),
        "num_gt_ids": len(case.gt_names),
        "num_tracker_ids": len(case.pr_names),
        "num_gt_dets": case.n_gt,
        "num_tracker_dets": case.n_pr,
    }


def assert_equal(cases, threshold):
    ours, theirs = measured(cases, threshold), recorded(cases, threshold)
    if not ours["TP"]:  # nothing could be followed; TrackEval says 0
        assert np.isnan([ours.pop("IDSW"), ours.pop("Frag")]).all()
        ours |= {"IDSW": 0, "Frag": 0}
    assert {key: ours[key] for key in COUNTS} == {k: theirs[name] for k, name in COUNTS.items()}
    for key, name in VALUES.items():
        assert ours[key] == pytest.approx(theirs[name], abs=FLOAT64), key
    for key in CURVES:
        np.testing.assert_allclose(ours[f"{key}_alpha"], theirs[key], atol=FLOAT64, err_msg=key)
        assert ours[key] == pytest.approx(np.mean(theirs[key]), abs=FLOAT64)
    for key in ("TP", "FN", "FP"):
        np.testing.assert_array_equal(ours[f"HOTA_{key}_alpha"], theirs[f"HOTA_{key}"])


@pytest.mark.parametrize("seed", range(60))
def test_one_video(seed):
    rng = np.random.default_rng(seed)
    case = random_sequence(
        rng, rng.integers(1, 6), rng.integers(1, 12), rng.integers(2, 40), (None, 2, 10)[seed % 3]
    )
    assert_equal([case], (0.5, 0.3)[seed % 2])


@pytest.mark.parametrize("seed", range(10))
def test_videos_pooled_from_summed_counts(seed):
    rng = np.random.default_rng(100 + seed)
    cases = [random_sequence(rng, 3, rng.integers(1, 5), 20, 4) for _ in range(3)]
    assert_equal(cases, 0.5)


def test_a_tracker_that_is_nearly_right():
    rng = np.random.default_rng(7)
    frames = []
    for frame in range(300):
        order = np.array([0, 1, 2]) if frame < 150 else np.array([1, 0, 2])
        kept = order[rng.random(3) < 0.9]
        similarity = 0.7 * (np.arange(3)[:, None] == kept[None, :]) + 0.3 * rng.random(
            (3, len(kept))
        )
        frames.append((np.arange(3), order[: len(kept)], similarity))
    assert_equal([sequence(*frames)], 0.5)


@pytest.mark.parametrize(
    "case",
    [
        sequence(((0,), (), []), ((0, 1), (), [])),
        sequence(((), (0,), []), ((), (0, 1), [])),
        sequence(((0,), (0,), [[0.5]])),
        sequence(((0, 1), (0, 1), np.zeros((2, 2)))),
        sequence(((0, 1), (0, 1), np.ones((2, 2)))),
    ],
    ids=["no predictions", "no ground truth", "on the threshold", "nothing alike", "all alike"],
)
def test_edges(case):
    assert_equal([case], 0.5)
