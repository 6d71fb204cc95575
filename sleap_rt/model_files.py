"""What a path given as a model is, found out without loading anything."""

import hashlib
from enum import Enum
from pathlib import Path

from sleap_rt.errors import ModelError

CONFIG_NAME = "training_config.yaml"
CHECKPOINT_NAME = "best.ckpt"
_LEGACY_NAMES = ("best_model.h5", "training_config.json")


class ModelSource(Enum):
    """How a model is stored."""

    EXPORTED = "exported"
    NATIVE = "native"


def model_source(path: Path) -> ModelSource:
    """Tell exported graphs and trained models apart.

    Args:
        path: an `.onnx` file, an export folder, a model folder, or a file inside one.

    Raises:
        ModelError: the path does not exist or is none of these.
    """
    if path.suffix == ".onnx" or (path.is_dir() and any(path.glob("*.onnx"))):
        return ModelSource.EXPORTED
    folder = native_folder(path)
    if (folder / CONFIG_NAME).is_file():
        return ModelSource.NATIVE
    if not path.exists():
        raise ModelError(f"{path} does not exist; expected {_EXPECTED}.")
    if any((folder / name).is_file() for name in _LEGACY_NAMES):
        raise ModelError(
            f"{path} is a model of SLEAP 1.4 or older (Keras); these are not supported yet."
        )
    found = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) if folder.is_dir() else ""
    raise ModelError(f"{path} is no model (it holds {found or 'nothing'}); expected {_EXPECTED}.")


_EXPECTED = (
    f"an export folder, an `.onnx` file, or a model folder with {CONFIG_NAME} and {CHECKPOINT_NAME}"
)


def native_folder(path: Path) -> Path:
    """The model folder, given itself or its configuration or checkpoint file."""
    return path.parent if path.suffix in (".yaml", ".yml", ".json", ".ckpt") else path


def exported_graphs(path: Path) -> list[Path]:
    """The `.onnx` files of an export folder, or the one given."""
    return sorted(path.glob("*.onnx")) if path.is_dir() else [path]


def fingerprint(path: Path, checkpoint: Path | None = None) -> str:
    """SHA-256 over everything in a native model folder that decides its predictions.

    Args:
        path: the model folder, or a file inside.
        checkpoint: stands in where the folder has no checkpoint of its own.

    Raises:
        ModelError: one of the files is missing.
    """
    folder = native_folder(path)
    own = folder / CHECKPOINT_NAME
    weights = checkpoint if checkpoint is not None and not own.is_file() else own
    digest = hashlib.sha256()
    for file in (folder / CONFIG_NAME, weights):
        digest.update(file_sha256(file))
    return digest.hexdigest()


def file_sha256(file: Path) -> bytes:
    """Of a file that a model is made of.

    Raises:
        ModelError: it does not exist.
    """
    if not file.is_file():
        raise ModelError(f"{file} does not exist; expected {_EXPECTED}.")
    return hashlib.sha256(file.read_bytes()).digest()
