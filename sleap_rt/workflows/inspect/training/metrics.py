"""Reads the metrics that training left in the model's folder, without unpickling anything."""

from pathlib import Path
from typing import Any

from sleap_rt.errors import DataError
from sleap_rt.evaluation.storage import plain_metrics


def read_metrics(folder: Path, split: str, notes: list[str]) -> dict[str, Any] | None:
    """The numbers of one split that say most.

    Args:
        folder: of the model.
        split: train, val or test.
        notes: gets a sentence for each file that is there and cannot be read.

    Returns:
        `file` and some of `mOKS`, `mAP`, `mAR`, `mPCK`, `visibility_precision`,
        `visibility_recall`, and `avg_distance`, `p50`, `p95`, px; None without a readable file.
    """
    for file in _files(folder, split):
        try:
            return {"file": file.name, **plain_metrics(file)}
        except DataError as error:
            notes.append(str(error))
    return None


def _files(folder: Path, split: str) -> list[Path]:
    """Text first; an archive is left out where its text beside it tells the same."""
    names = (
        f"metrics.{split}.0.json",  # sleap-nn from 0.1 on
        f"metrics.{split}.0.npz",
        f"{split}_0_pred_metrics.npz",  # sleap-nn 0.0
        f"{split}_pred_metrics.npz",
        f"metrics.{split}.npz",  # SLEAP 1.4 and older
    )
    return [folder / name for name in names if (folder / name).is_file()]
