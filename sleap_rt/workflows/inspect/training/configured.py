"""What a training configuration says of the training itself.

Inference needs none of it: values of another type than training writes are left out.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sleap_rt.contract import Family
from sleap_rt.models.config_values import Config

SPLITS = ("train", "val", "test")
_NUMBERS = ("max_epochs", "batch_size", "learning_rate", "validation_fraction")
_TEXTS = ("run_name", "optimizer")
_SPELLED = {"adam": "Adam"}  # by SLEAP 1.4 and older, and by sleap-nn


class _Places(NamedTuple):
    """Where a family's configurations have the facts.

    Attributes:
        facts: name of a number or text -> its place.
        labels: split -> the files of its labels.
        frames: split -> the numbers of its frames; only later releases of SLEAP 1 write them.
    """

    facts: Mapping[str, str]
    labels: Mapping[str, str]
    frames: Mapping[str, str]


_PLACES: Mapping[Family, _Places] = {
    "native": _Places(
        facts={
            "run_name": "trainer_config.run_name",
            "optimizer": "trainer_config.optimizer_name",
            "max_epochs": "trainer_config.max_epochs",
            "batch_size": "trainer_config.train_data_loader.batch_size",
            "learning_rate": "trainer_config.optimizer.lr",
            "validation_fraction": "data_config.validation_fraction",
        },
        labels={
            "train": "data_config.train_labels_path",
            "val": "data_config.val_labels_path",
            "test": "data_config.test_file_path",
        },
        frames={},
    ),
    "legacy": _Places(
        facts={
            "run_name": "outputs.run_name",
            "optimizer": "optimization.optimizer",
            "max_epochs": "optimization.epochs",
            "batch_size": "optimization.batch_size",
            "learning_rate": "optimization.initial_learning_rate",
            "validation_fraction": "data.labels.validation_fraction",
        },
        labels={
            "train": "data.labels.training_labels",
            "val": "data.labels.validation_labels",
            "test": "data.labels.test_labels",
        },
        frames={
            "train": "data.labels.training_inds",
            "val": "data.labels.validation_inds",
            "test": "data.labels.test_inds",
        },
    ),
}


def configured(config: Config, family: Family) -> dict[str, Any]:
    """The settings of a training that are there.

    Args:
        config: the whole configuration.
        family: of the model.

    Returns:
        Some of `run_name`, `optimizer`, `max_epochs`, `batch_size`, `learning_rate`,
        `validation_fraction`; `labels`, the files of each split; `labelled_frames`, the number of
        each split.
    """
    places = _PLACES[family]
    facts: dict[str, Any] = {}
    for name in _TEXTS:
        found = _at(config, places.facts[name])
        if isinstance(found, str) and found:
            facts[name] = _SPELLED.get(found, found)
    for name in _NUMBERS:
        found = _at(config, places.facts[name])
        if isinstance(found, int | float) and not isinstance(found, bool):
            facts[name] = found
    labels = {split: _texts(_at(config, place)) for split, place in places.labels.items()}
    frames = {split: _at(config, place) for split, place in places.frames.items()}
    sizes = {split: len(found) for split, found in frames.items() if isinstance(found, list)}
    by_split = {
        "labels": {split: files for split, files in labels.items() if files},
        "labelled_frames": {split: size for split, size in sizes.items() if size},
    }
    return facts | {name: found for name, found in by_split.items() if found}


def _at(config: Config, place: str) -> object:
    """The value at a dotted place; None where there is none."""
    first, *rest = place.split(".")
    found = config.raw(first)
    for name in rest:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _texts(found: object) -> list[str]:
    values = found if isinstance(found, list) else [found]
    return [value for value in values if isinstance(value, str) and value]
