"""The models of one set: read, brought in order, overrides applied."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sleap_rt.contract import GraphContract
from sleap_rt.errors import OptionError
from sleap_rt.model_files import ModelSource, one_family
from sleap_rt.models.legacy.describe_legacy import describe_legacy
from sleap_rt.models.native.describe_native import describe_native
from sleap_rt.models.overrides import override_models
from sleap_rt.models.pairs import in_order
from sleap_rt.options import NO_OVERRIDES, ModelOverrides

Model = TypeVar("Model", bound=GraphContract)


def described_set(
    paths: Sequence[Path], overrides: ModelOverrides = NO_OVERRIDES
) -> list[GraphContract]:
    """What the models of one set are, by their configurations; no torch, no weights.

    Args:
        paths: trained models, in any order.
        overrides: settings that replace those of the training configurations.

    Returns:
        First stage first. Other checkpoints (`overrides`) change nothing in a description.

    Raises:
        OptionError: an override has no effect with these models, or cannot be honoured.
        ModelError: a file is missing or damaged, or the models are not a supported set.
    """
    has_weights = overrides.backbone_ckpt_path is None

    def native(path: Path) -> GraphContract:
        return describe_native(path, has_weights=has_weights)

    return set_of(paths, overrides, lambda paths: list(map(native, paths)), describe_legacy)


def set_of(
    paths: Sequence[Path],
    overrides: ModelOverrides,
    native: Callable[[Sequence[Path]], list[Model]],
    legacy: Callable[[Path], Model],
) -> list[Model]:
    """The models, overrides applied, first stage first.

    Args:
        paths: trained models, in any order.
        overrides: settings that replace those of the training configurations.
        native: reads models of sleap-nn.
        legacy: reads a model of SLEAP 1.4 or older.

    Raises:
        OptionError, ModelError: as `described_set`, or as the readers.
    """
    if one_family(paths) is ModelSource.LEGACY:
        if overrides.given:
            raise OptionError(
                f"{', '.join(overrides.given)}: only for models of sleap-nn; a model of SLEAP 1.4 "
                "or older keeps the settings it was trained with. Leave it out."
            )
        return in_order(list(map(legacy, paths)))
    return in_order(override_models(native(paths), overrides))
