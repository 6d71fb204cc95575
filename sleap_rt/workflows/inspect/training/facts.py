"""Facts of a training in plain values, from the configuration and the files beside it."""

from pathlib import Path
from typing import Any

from sleap_rt.contract import Family
from sleap_rt.labels.counting import n_labelled_frames
from sleap_rt.model_files import folder_of
from sleap_rt.models.families import READERS
from sleap_rt.workflows.inspect.training.configured import SPLITS, configured
from sleap_rt.workflows.inspect.training.log import LOG_NAME, read_log
from sleap_rt.workflows.inspect.training.metrics import read_metrics


def describe_training(path: Path, family: Family) -> dict[str, Any]:
    """What a model's configuration and the files of its folder tell of its training.

    Files that training leaves beside a model are no part of it: one that is missing leaves its
    facts out, and one that cannot be read is told in `notes`. Nothing is unpickled.

    Args:
        path: of the model; for a zip, its configuration alone is read.
        family: of the model.

    Returns:
        Settings as `configured` names them; `labelled_frames` by split, `log` as `read_log` gives
        it, `metrics` by split, and `notes`, each where there is something to tell.

    Raises:
        ModelError: the configuration is missing or cannot be read.
    """
    facts = configured(READERS[family].configuration(path), family)
    return facts if path.suffix == ".zip" else _with_files(facts, folder_of(path))


def _with_files(facts: dict[str, Any], folder: Path) -> dict[str, Any]:
    notes: list[str] = []
    frames = facts.pop("labelled_frames", {}) | _labelled_frames(folder, notes)
    log = _log(folder, notes)
    metrics = {split: found for split in SPLITS if (found := read_metrics(folder, split, notes))}
    found = {"labelled_frames": frames, "log": log, "metrics": metrics, "notes": notes}
    return facts | {name: value for name, value in found.items() if value}


def _labelled_frames(folder: Path, notes: list[str]) -> dict[str, int]:
    """Frames with labels, by split: of the files that training copied its labels to."""
    counts: dict[str, int] = {}
    for split in SPLITS:
        for pattern in (f"labels_gt.{split}.*slp", f"labels_{split}_gt_*.slp"):
            for file in sorted(folder.glob(pattern)):
                try:
                    counts[split] = counts.get(split, 0) + n_labelled_frames(file)
                except ValueError as error:
                    notes.append(f"{file.name} cannot be read: {error}")
    return counts


def _log(folder: Path, notes: list[str]) -> dict[str, Any] | None:
    file = folder / LOG_NAME
    if not file.is_file():
        return None
    try:
        return read_log(file)
    except (OSError, ValueError) as error:
        notes.append(f"{file.name} cannot be read: {error}")
        return None
