"""Sides of scaled images against the plain product that training truncates."""

import numpy as np
import pytest
from onnx_parts import run_in_onnx

from sleap_rt.export.graph.part import INT64, TensorType
from sleap_rt.export.graph.pixels.sides import LARGEST_SIDE, scaled_side, side_rule

SIDES = range(LARGEST_SIDE + 1)


def in_double(scale: float) -> list[int]:
    return [int(side * scale) for side in SIDES]


def in_single(scale: float) -> list[int]:
    return [int(np.float32(side) * np.float32(scale)) for side in SIDES]


@pytest.mark.parametrize("scale", [0.25, 0.29, 0.5, 0.7, 1 / 3, 1.15, 2.0])
def test_rules_hold_for_every_side(scale: float) -> None:
    rule = side_rule(in_double(scale), scale)
    assert rule is not None
    assert [rule.scaled(side) for side in SIDES] == in_double(scale)


@pytest.mark.parametrize("scale", [0.13, 0.5, 0.7, 1.31])
def test_rules_hold_for_single_precision_as_well(scale: float) -> None:
    rule = side_rule(in_single(scale), float(np.float32(scale)))
    assert rule is not None
    assert [rule.scaled(side) for side in SIDES] == in_single(scale)


def test_a_rule_follows_the_rounding_of_the_product() -> None:
    rule = side_rule(in_double(0.7), 0.7)
    assert rule is not None
    assert (rule.scaled(10), rule.scaled(90), rule.scaled(91)) == (7, 62, 63)


def test_what_follows_no_rule_has_none() -> None:
    shuffled = in_double(0.5)
    shuffled[100] += 1
    assert side_rule(shuffled, 0.5) is None


@pytest.mark.parametrize("has_rule", [True, False])
def test_graphs_compute_the_same(has_rule: bool) -> None:
    table = in_double(0.7)
    if not has_rule:
        table[100] += 1  # then the graph looks the sides up
    run = run_in_onnx(
        lambda op, side: (scaled_side(op, side, table, 0.7),), {"side": TensorType(INT64)}
    )
    for side in (0, 1, 9, 10, 90, 100, 999, 8190, LARGEST_SIDE):
        assert run(side) == [table[side]]
