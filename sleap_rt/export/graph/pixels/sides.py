"""Sides of scaled images, as whole-number arithmetic inside a graph.

A side is truncated after a product in floating point: 0.7 * 10 is 7, 0.7 * 90 is 62. The graph has
to do the same, in a form that TensorRT can compute ahead of a run: it does so with whole numbers,
but not with tables of more than 64 entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from sleap_rt.export.graph.part import INT64, Op, Value, constant

LARGEST_SIDE = 16384  # px; rules are proven up to here
_MAX_RANGES = 64


@dataclass(frozen=True)
class SideRule:
    """side * ratio, rounded down; minus 1 for multiples of the denominator in some ranges.

    Attributes:
        ratio: scaled px per px.
        starts: first side of each range.
        ends: last side of each range.
    """

    ratio: Fraction
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def scaled(self, side: int) -> int:
        whole = side * self.ratio.numerator // self.ratio.denominator
        in_ranges = any(a <= side <= b for a, b in zip(self.starts, self.ends, strict=True))
        return whole - (in_ranges and side % self.ratio.denominator == 0)


def side_rule(scaled_sides: Sequence[int], scale: float) -> SideRule | None:
    """A rule that gives exactly these scaled sides; None if there is no simple one.

    Args:
        scaled_sides: of every side from 0 to `LARGEST_SIDE`.
        scale: that they were made with.
    """
    ratio = Fraction(scale).limit_denominator(LARGEST_SIDE)
    wrong = [
        side
        for side, scaled in enumerate(scaled_sides)
        if side * ratio.numerator // ratio.denominator != scaled
    ]
    ranges: list[list[int]] = []
    for side in wrong:
        if ranges and side - ranges[-1][1] == ratio.denominator:
            ranges[-1][1] = side
        else:
            ranges.append([side, side])
    rule = SideRule(ratio, tuple(a for a, _ in ranges), tuple(b for _, b in ranges))
    is_exact = all(rule.scaled(side) == scaled for side, scaled in enumerate(scaled_sides))
    return rule if is_exact and len(ranges) <= _MAX_RANGES else None


def scaled_side(op: Op, side: Value, scaled_sides: Sequence[int], scale: float) -> Value:
    """One side of an image to the side of the scaled image, () int64 both.

    Args:
        op: operators.
        side: px.
        scaled_sides: of every side from 0 to `LARGEST_SIDE`.
        scale: that they were made with.
    """
    rule = side_rule(scaled_sides, scale)
    if rule is None:
        return op.Gather(constant(op, np.array(scaled_sides, np.int64)), side)
    numerator, denominator = rule.ratio.numerator, rule.ratio.denominator
    whole = side * numerator / denominator
    if not rule.starts:
        return whole
    is_multiple = op.Equal(side, side / denominator * denominator)
    starts, ends = (constant(op, np.array(sides)) for sides in (rule.starts, rule.ends))
    is_in_range = op.And(op.LessOrEqual(starts, side), op.LessOrEqual(side, ends))
    less = op.Cast(op.And(is_in_range, is_multiple), to=INT64)
    return whole - op.ReduceSum(less, keepdims=0)
