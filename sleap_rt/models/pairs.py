"""Models that run together: their order, and the pre-processing that they share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sleap_rt.contract import Family, GraphContract, Preprocessing
from sleap_rt.kinds import KINDS, supported_set
from sleap_rt.models.overrides import Model


def in_order(models: Sequence[Model]) -> list[Model]:
    """One model, or the two of a pair in running order; both then bring frames to the same size.

    Args:
        models: of one family.

    Raises:
        ModelError: the models are not a supported set.
    """
    kinds = supported_set([model.kind for model in models])
    ordered = sorted(models, key=lambda model: kinds.index(model.kind))
    if len(ordered) == 1:
        return ordered
    first, second = ordered
    settings = _TOGETHER[first.family](first, second)
    return [
        replace(model, preprocessing=preprocessing)
        for model, preprocessing in zip(ordered, settings, strict=True)
    ]


_Pair = tuple[Preprocessing, Preprocessing]


def _native(first: GraphContract, second: GraphContract) -> _Pair:
    """The second stage gives a side that the first leaves open, and sleap-nn 0.0's resizing."""
    one, other = first.preprocessing, second.preprocessing
    if other.crop_unit == "scaled":
        one = replace(one, resize=other.resize)
    height = one.max_height or other.max_height
    width = one.max_width or other.max_width
    return (
        replace(one, max_height=height, max_width=width),
        replace(other, max_height=height, max_width=width),
    )


def _legacy(first: GraphContract, second: GraphContract) -> _Pair:
    """The first stage decides sizes and channels for both.

    The original matches sizes in every pair except those with a `multi_class_topdown` model.
    """
    one = first.preprocessing
    if "class_probs" in KINDS[second.kind].heads:
        one = replace(one, max_height=None, max_width=None, fit_largest=False)
    return one, replace(
        second.preprocessing,
        channels=one.channels,
        max_height=one.max_height,
        max_width=one.max_width,
        fit_largest=one.fit_largest,
    )


_TOGETHER: Mapping[Family, Callable[[GraphContract, GraphContract], _Pair]] = {
    "native": _native,
    "legacy": _legacy,
}
