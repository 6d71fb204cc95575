"""What speaks against an engine, in words, by results that the test makes up."""

from dataclasses import replace
from pathlib import Path

import pytest

from sleap_rt.options import EngineOptions
from sleap_rt.runtime.inspect import objection
from sleap_rt.runtime.inspect.objection import objection_to
from sleap_rt.runtime.inspect.verify import TOLERANCES, Verification

HALF = ", 50% of what verify allows"


def found(precision="fp32", **differences):
    values = {"px": 0.0, "score": 0.0, "n_missing": 0, "n_extra": 0, **differences}
    return Verification(
        path=Path("a.onnx"),
        kind="bottomup",
        precision=precision,
        engine="warp",
        device="cpu",
        n_expected=5,
        tolerance=TOLERANCES[precision],
        **values,
    )


@pytest.mark.parametrize(
    ("result", "share", "words"),
    [
        (found(px=0.009, score=9e-5), 1, None),
        (found(px=0.009), 0.5, f"in bottomup, points differ by 9.0e-03 px (allowed 0.005{HALF})"),
        (found(score=6e-5), 0.5, f"in bottomup, scores differ by 6.0e-05 (allowed 5e-05{HALF})"),
        (found(px=0.004, score=4e-5), 0.5, None),
        (found(px=0.02), 1, "in bottomup, points differ by 2.0e-02 px (allowed 0.01)"),
        (found(n_missing=2), 1, "in bottomup, 2 points are missing and 0 extra"),
        (found("int8", px=0.4), 0.5, None),  # any two engines are about that far apart
        (found("int8", px=0.6), 0.5, "in bottomup, points differ by 6.0e-01 px (allowed 0.5)"),
    ],
)
def test_what_exceeds_a_limit_is_named(result, share, words, monkeypatch):
    monkeypatch.setattr(objection, "verify_graph", lambda *_: result)
    assert objection_to(EngineOptions(engine="warp"), [Path("a.onnx")], share=share) == words


@pytest.mark.parametrize(
    ("result", "is_rounding"),
    [
        (found(px=0.2, score=0.01), True),
        (found(px=0.3), False),
        (found(score=0.03), False),
        (found(n_missing=1), False),
        (found("fp16", px=0.9), True),
        (found("int8", px=1.9), True),
        (found("int8", px=2.1), False),
        (replace(found("int8"), n_expected=20, n_missing=1, n_extra=1), True),
        (replace(found("int8"), n_expected=20, n_missing=2, n_extra=1), False),
        (found(px=float("nan")), False),
    ],
)
def test_what_rounding_does_not_explain(result, is_rounding):
    assert result.is_rounding is is_rounding


def test_a_model_of_two_graphs_needs_both(monkeypatch):
    results = iter([found(), found(score=1.0)])
    monkeypatch.setattr(objection, "verify_graph", lambda *_: next(results))
    graphs = [Path("a.onnx"), Path("b.onnx")]
    assert "scores differ by 1.0e+00" in str(objection_to(EngineOptions(), graphs))


def test_a_model_with_offsets_keeps_its_own_limits(shared_data, exported):
    """Its network has an output that is neither decoded nor among the maps of others."""
    (graph,) = exported([shared_data / "legacy/bottomup"])
    assert objection_to(EngineOptions(engine="ort", device="cpu"), [graph], share=0.01) is None
