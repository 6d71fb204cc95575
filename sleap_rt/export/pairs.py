"""Models that are exported together, in the order in which they run."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from sleap_rt.contract import CROP_KINDS, ModelKind
from sleap_rt.runtime.predictors.sets import supported_set


class _OfKind(Protocol):
    @property
    def kind(self) -> ModelKind: ...


_Model = TypeVar("_Model", bound=_OfKind)


def first_stage_first(models: Sequence[_Model]) -> list[_Model]:
    """One model, or a pair in the order in which it runs.

    Raises:
        ModelError: the models are no supported set.
    """
    supported_set([model.kind for model in models])
    return sorted(models, key=lambda model: model.kind in CROP_KINDS)
