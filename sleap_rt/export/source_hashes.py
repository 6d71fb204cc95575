"""Hashes of a trained model's files: exports note them, and the cache is named by them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from sleap_rt.errors import ModelError, naming
from sleap_rt.legacy_files import is_legacy_model, read_model_files
from sleap_rt.model_files import (
    A_MODEL,
    CHECKPOINT_NAME,
    CONFIG_NAME,
    native_folder,
    other_checkpoints,
)
from sleap_rt.words import unreadable


def fingerprint(path: Path, checkpoint: Path | None = None) -> str:
    """SHA-256 over everything in a trained model that its predictions depend on.

    Args:
        path: the model, in any form that `model_source` takes.
        checkpoint: of a native model; used if its folder has no checkpoint of its own.

    Raises:
        ModelError: one of the files is missing or cannot be read.
    """
    if is_legacy_model(path):
        with naming(path):
            files = read_model_files(path)
        return _digest([hashlib.sha256(part).digest() for part in (files.config, files.weights)])
    folder = native_folder(path)
    own = folder / CHECKPOINT_NAME
    weights = checkpoint if checkpoint is not None and not own.is_file() else own
    parts = [file_sha256(folder / CONFIG_NAME), file_sha256(weights)]
    # The export notes which others there were.
    return _digest([*parts, *(name.encode() for name in other_checkpoints(folder))])


def source_hashes(path: Path) -> tuple[str, str]:
    """SHA-256 of the weights and of the configuration of a trained model, as exports note them.

    Raises:
        ModelError: one of the files is missing or cannot be read.
    """
    if is_legacy_model(path):
        files = read_model_files(path)
        weights, config = (hashlib.sha256(part) for part in (files.weights, files.config))
        return weights.hexdigest(), config.hexdigest()
    folder = native_folder(path)
    weights_file, config_file = folder / CHECKPOINT_NAME, folder / CONFIG_NAME
    return file_sha256(weights_file).hex(), file_sha256(config_file).hex()


def _digest(digests: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for part in digests:
        digest.update(part)
    return digest.hexdigest()


def file_sha256(file: Path) -> bytes:
    """SHA-256 of a file of a model.

    Raises:
        ModelError: it does not exist, or cannot be read.
    """
    if not file.is_file():
        raise ModelError(f"{file} does not exist; expected {A_MODEL}.")
    try:
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError as error:
        raise ModelError(unreadable(file, error)) from error
