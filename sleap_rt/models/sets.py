"""The models of one set: read, overrides applied, brought in order."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.contract import GraphContract
from sleap_rt.errors import OptionError
from sleap_rt.kinds import ModelKind
from sleap_rt.model_files import TRAINED_WITH, one_family
from sleap_rt.models.families import READERS, Reader
from sleap_rt.models.overrides import override_models
from sleap_rt.models.pairs import in_order
from sleap_rt.options import NO_OVERRIDES, ModelOverrides

if TYPE_CHECKING:
    from sleap_rt.models.trained import TrainedModel


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
    reader = _reader(paths, overrides)
    described = [reader.describe(path, overrides) for path in paths]
    return in_order(override_models(described, overrides))


def paths_by_kind(
    paths: Sequence[Path], overrides: ModelOverrides = NO_OVERRIDES
) -> dict[ModelKind, Path]:
    """The models of one set by what they are; arguments and errors as `described_set`."""
    reader = _reader(paths, overrides)
    return {reader.describe(path, overrides).kind: path for path in paths}


def loaded_set(paths: Sequence[Path], overrides: ModelOverrides) -> "list[TrainedModel]":
    """The models of one set with their networks; arguments, order and errors as `described_set`."""
    reader = _reader(paths, overrides)
    return in_order(override_models(reader.load(paths, overrides), overrides))


def _reader(paths: Sequence[Path], overrides: ModelOverrides) -> Reader:
    family = one_family(paths)
    if overrides.given and not READERS[family].takes_overrides:
        raise OptionError(
            f"{', '.join(overrides.given)}: only for models of sleap-nn; a model of "
            f"{TRAINED_WITH[family]} keeps the settings it was trained with. Leave it out."
        )
    return READERS[family]
