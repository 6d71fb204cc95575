"""What a training configuration says of the training itself.

Inference needs none of it: values of another type than training writes are left out.
"""

from typing import Any

from sleap_rt.models.config_values import Config

SPLITS = ("train", "val", "test")
_NUMBERS = {  # name of the fact -> where sleap-nn has it, where SLEAP 1.4 and older have it
    "max_epochs": ("trainer_config.max_epochs", "optimization.epochs"),
    "batch_size": ("trainer_config.train_data_loader.batch_size", "optimization.batch_size"),
    "learning_rate": ("trainer_config.optimizer.lr", "optimization.initial_learning_rate"),
    "validation_fraction": ("data_config.validation_fraction", "data.labels.validation_fraction"),
}
_TEXTS = {
    "run_name": ("trainer_config.run_name", "outputs.run_name"),
    "optimizer": ("trainer_config.optimizer_name", "optimization.optimizer"),
}
_LABELS = {  # of a split
    "train": ("data_config.train_labels_path", "data.labels.training_labels"),
    "val": ("data_config.val_labels_path", "data.labels.validation_labels"),
    "test": ("data_config.test_file_path", "data.labels.test_labels"),
}
_CHOSEN = {  # of a split: the numbers of its frames, which later releases of SLEAP 1 write
    "train": "data.labels.training_inds",
    "val": "data.labels.validation_inds",
    "test": "data.labels.test_inds",
}


def configured(config: Config, *, is_legacy: bool) -> dict[str, Any]:
    """The settings of a training that are there.

    Args:
        config: the whole configuration.
        is_legacy: of SLEAP 1.4 or older.

    Returns:
        Some of `run_name`, `optimizer`, `max_epochs`, `batch_size`, `learning_rate`,
        `validation_fraction`; `labels`, the files of each split; `labelled_frames`, the number of
        each split.
    """
    facts: dict[str, Any] = {}
    for name, places in _TEXTS.items():
        found = _at(config, places[is_legacy])
        if isinstance(found, str) and found:
            facts[name] = found
    for name, places in _NUMBERS.items():
        found = _at(config, places[is_legacy])
        if isinstance(found, int | float) and not isinstance(found, bool):
            facts[name] = found
    labels = {split: _texts(_at(config, places[is_legacy])) for split, places in _LABELS.items()}
    chosen = {split: _at(config, place) for split, place in _CHOSEN.items() if is_legacy}
    sizes = {split: len(found) for split, found in chosen.items() if isinstance(found, list)}
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
