"""Sides of scaled images, as whole-number arithmetic inside a graph.

A side is truncated after a product in floating point: 0.7 * 10 is 7, 0.7 * 90 is 62. The graph has
to do the same, in a form that TensorRT can compute ahead of a run: it does so with whole numbers,
but not with tables of more than 64 entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from onnxscript import INT64, script
from onnxscript import opset18 as op

LARGEST_SIDE = 16384  # px; rules are proven up to here
_MOST_RANGES = 64


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
    return rule if is_exact and len(ranges) <= _MOST_RANGES else None


def scaled_side(scaled_sides: Sequence[int], scale: float) -> Any:
    """A function for graphs: side -> scaled side, () int64 both."""
    rule = side_rule(scaled_sides, scale)
    if rule is None:
        table = list(scaled_sides)

        @script()
        def look_up(side: INT64):
            return op.Gather(op.Constant(value_ints=table), side)

        return look_up
    numerator, denominator = rule.ratio.numerator, rule.ratio.denominator
    starts, ends = list(rule.starts) or [-1], list(rule.ends) or [-1]

    @script()
    def compute(side: INT64):
        unit = op.Constant(value_int=denominator)
        whole = side * op.Constant(value_int=numerator) / unit
        is_multiple = side == side / unit * unit
        is_in_range = op.And(
            op.Constant(value_ints=starts) <= side, side <= op.Constant(value_ints=ends)
        )
        less = op.Cast(op.And(is_in_range, is_multiple), to=7)
        return whole - op.ReduceSum(less, keepdims=0)

    return compute
