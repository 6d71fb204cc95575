"""What the page computes by itself, against the package and against FFmpeg."""

import shutil
import subprocess

import av
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.frames.video.pixels import to_rgb
from sleap_rt.runtime.predictors.grouping import group_peaks
from sleap_rt.runtime.predictors.identity import assign_classes, classify_peaks, first_choices
from web_page.pages import LONGEST_S, WEB

RNG = np.random.default_rng(19)
EDGES = ((0, 1), (1, 2), (1, 3))
N_NODES, K, N_CLASSES = 4, 6, 3


def plain(array):
    """Numbers in one list, None for NaN."""
    return [None if v != v else v for v in np.asarray(array, np.float64).ravel().tolist()]


def array(values, shape):
    found = [np.nan if v is None else v for v in np.ravel(np.array(values, object)).tolist()]
    return np.array(found, np.float32).reshape(shape)


def drawn_peaks():
    counts = RNG.integers(0, K + 1, N_NODES)
    missing = np.arange(K) >= counts[:, None]
    peaks = RNG.uniform(0, 300, (N_NODES, K, 2)).astype(np.float32)
    vals = RNG.uniform(0.2, 1, (N_NODES, K)).astype(np.float32)
    peaks[missing], vals[missing] = np.nan, np.nan
    return peaks, vals


def asked(peaks, vals):
    return {"n_nodes": N_NODES, "k": K, "peaks": plain(peaks), "vals": plain(vals)}


def test_its_own_tests_pass(node):
    done = subprocess.run(
        [node, "--test", "tests/"], capture_output=True, text=True, cwd=WEB, timeout=LONGEST_S
    )
    assert done.returncode == 0, done.stdout


def test_its_types_hold(node):
    compiler = WEB / "node_modules/.bin/tsc"
    if not compiler.exists():
        pytest.skip("web/node_modules is not there (`make web`)")
    npx = shutil.which("npx")
    assert npx
    done = subprocess.run([npx, "tsc"], capture_output=True, text=True, cwd=WEB, timeout=LONGEST_S)
    assert done.returncode == 0, done.stdout


def test_pairs_are_those_of_scipy(ask):
    # Whole numbers, so that several pairings are equally good.
    costs = [RNG.integers(0, 4, RNG.integers(1, 7, 2)).astype(float) for _ in range(300)]
    questions = [
        {"task": "assign", "cost": plain(cost), "n_rows": len(cost), "n_columns": cost.shape[1]}
        for cost in costs
    ]
    for cost, pairs in zip(costs, ask(questions), strict=True):
        assert pairs == np.transpose(linear_sum_assignment(cost)).tolist()


def test_peaks_are_grouped_as_in_the_package(ask):
    cases, questions = [], []
    for _ in range(150):
        peaks, vals = drawn_peaks()
        scores = RNG.uniform(-0.2, 1, (len(EDGES), K, K)).astype(np.float32)
        scores[RNG.random(scores.shape) < 0.2] = np.nan
        options = DecodeOptions(
            min_line_scores=RNG.choice([0.0, 0.25, 0.6]),
            min_instance_peaks=RNG.choice([0, 0.6, 3]),
            max_instances=RNG.choice([None, 2]),
        )
        cases.append(group_peaks(peaks, vals, scores, EDGES, options))
        questions.append(
            asked(peaks, vals)
            | {"task": "group", "line_scores": plain(scores), "edges": EDGES}
            | {
                "options": {
                    "min_line_scores": float(options.min_line_scores),
                    "min_instance_peaks": float(options.min_instance_peaks),
                    "max_instances": options.max_instances,
                }
            }
        )
    for expected, found in zip(cases, ask(questions), strict=True):
        n = len(expected.scores)
        assert len(found) == n
        np.testing.assert_array_equal(
            array([one["points"] for one in found], (n, N_NODES, 2)), expected.points
        )
        np.testing.assert_array_equal(
            array([one["point_scores"] for one in found], (n, N_NODES)), expected.point_scores
        )
        np.testing.assert_array_equal(array([one["score"] for one in found], n), expected.scores)
    assert sum(len(one.scores) for one in cases) > 200


def test_peaks_are_classified_as_in_the_package(ask):
    cases, questions = [], []
    for most in (None, 1) * 60:
        peaks, vals = drawn_peaks()
        probs = RNG.dirichlet(np.ones(N_CLASSES), (N_NODES, K)).astype(np.float32)
        cases.append(classify_peaks(peaks, vals, probs, most))
        more = {"probs": plain(probs), "n_classes": N_CLASSES, "max_instances": most}
        questions.append(asked(peaks, vals) | {"task": "classify"} | more)
    for expected, found in zip(cases, ask(questions), strict=True):
        assert [one["class_index"] for one in found] == expected.classes.tolist()
        n = len(found)
        np.testing.assert_array_equal(
            array([one["points"] for one in found], (n, N_NODES, 2)), expected.points
        )
        # Sums are rounded in another order.
        for name, values in (("score", expected.scores), ("class_prob", expected.class_probs)):
            np.testing.assert_allclose(array([one[name] for one in found], n), values, rtol=1e-6)


@pytest.mark.parametrize("is_legacy", [False, True])
def test_animals_are_named_as_in_the_package(is_legacy, ask):
    all_probs = [
        RNG.dirichlet(np.ones(N_CLASSES), RNG.integers(0, 6)).astype(np.float32) for _ in range(60)
    ]
    questions = [
        {"task": "name", "probs": [plain(row) for row in probs], "n_classes": N_CLASSES}
        | {"is_legacy": is_legacy}
        for probs in all_probs
    ]
    for probs, found in zip(all_probs, ask(questions), strict=True):
        classes, values = assign_classes(probs)
        rows = first_choices(probs, classes) if is_legacy else np.arange(len(probs))
        assert [one["class_index"] for one in found] == classes[rows].tolist()
        assert [one["points"][0] for one in found] == rows.tolist()
        np.testing.assert_array_equal(
            array([one["class_prob"] for one in found], len(rows)), values[rows]
        )


@pytest.mark.parametrize("color_range", [1, 2])
@pytest.mark.parametrize("kind", ["yuv420p", "yuv422p"])
def test_colours_are_those_of_track(kind, color_range, ask):
    height, width = 64, 96
    frame = av.VideoFrame(width, height, kind)
    frame.color_range = color_range
    planes = []
    for plane in frame.planes:
        stored = RNG.integers(0, 256, (plane.height, plane.line_size), dtype=np.uint8)
        plane.update(stored.tobytes())
        planes.append({"bytes": stored.ravel().tolist(), "stride": plane.line_size})
    (found,) = ask(
        [
            {
                "task": "rgb",
                "height": height,
                "width": width,
                "isFullRange": color_range == 2,
                "across": 2,
                "down": 2 if kind == "yuv420p" else 1,
                "step": 1,
                "planes": planes,
            }
        ]
    )
    expected = to_rgb(frame, "bt601")
    found = np.array(found, np.uint8).reshape(expected.shape)
    assert np.abs(found.astype(int) - expected).max() <= 1  # FFmpeg's steps depend on the processor
