"""Which two models make a top-down pair."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from sleap_rt.contract import CROP_KINDS, ModelKind
from sleap_rt.errors import ModelError

_PAIRS: set[tuple[str, ...]] = {
    ("centroid", "centered_instance"),
    ("centroid", "multi_class_topdown"),
}


class _OfKind(Protocol):
    @property
    def kind(self) -> ModelKind: ...


_Model = TypeVar("_Model", bound=_OfKind)


def first_stage_first(models: Sequence[_Model]) -> list[_Model]:
    """One model, or a pair in the order in which it runs.

    Raises:
        ModelError: the models are no pair.
    """
    ordered = sorted(models, key=lambda model: model.kind in CROP_KINDS)
    if len(ordered) > 1 and tuple(model.kind for model in ordered) not in _PAIRS:
        raise ModelError(
            f"{' + '.join(model.kind for model in models)} cannot be exported together; pairs are "
            + ", ".join(" + ".join(pair) for pair in sorted(_PAIRS))
        )
    return ordered
