"""Reads the `training_log.csv` that training writes: a row per epoch, with its losses."""

import csv
import math
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

LOG_NAME = "training_log.csv"
_COLUMNS = {  # sleap-nn from 0.1 on, its 0.0, and SLEAP 1.4 and older
    "train_loss": ("train/loss", "train_loss", "loss"),
    "val_loss": ("val/loss", "val_loss"),
    "learning_rate": ("learning_rate", "lr"),
}
_MOST_BYTES = 16 << 20
_MOST_ROWS = 100_000


def read_log(path: Path) -> dict[str, Any]:
    """Epochs and losses of a training.

    A row that was written ahead of the training, to try the validation, has no training loss and is
    not counted where others have one.

    Returns:
        `epochs`, how many there were; `best_epoch`, counted from 0 as in the file, and `best_loss`,
        of the validation (`best_of: val`) or, without one, of the training; `last_train_loss`,
        `last_val_loss` and `last_learning_rate`. None for what the file does not have.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is larger than 16 MB, or holds no epoch with a loss.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES >> 20} MB")
    with path.open(encoding="utf8", errors="replace", newline="") as file:
        try:
            rows = [_numbers(row) for row in islice(csv.DictReader(file), _MOST_ROWS)]
        except csv.Error as error:
            raise ValueError(str(error)) from error
    kept = [row for row in rows if "train_loss" in row] or rows
    which = "val" if any("val_loss" in row for row in kept) else "train"
    told = [row for row in kept if f"{which}_loss" in row and row.get("epoch", -1) >= 0]
    if not told:
        raise ValueError("it holds no epoch with a loss")
    best = min(told, key=lambda row: row[f"{which}_loss"])
    return {
        "epochs": int(max(row["epoch"] for row in told)) + 1,
        "best_epoch": int(best["epoch"]),
        "best_loss": best[f"{which}_loss"],
        "best_of": which,
        **{f"last_{name}": told[-1].get(name) for name in _COLUMNS},
    }


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """The finite numbers of a row, by our names."""
    found: dict[str, float] = {}
    for name, columns in {"epoch": ("epoch",), **_COLUMNS}.items():
        for column in columns:
            try:
                value = float(row[column])
            except (KeyError, TypeError, ValueError):
                continue
            if math.isfinite(value):
                found[name] = value
                break
    return found
