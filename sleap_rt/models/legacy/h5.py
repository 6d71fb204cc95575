"""Reads architecture and weights from a Keras whole-model `.h5` file; executes nothing in it.

The layout is the one `tf.keras` writes: the attribute `model_config` on the root, and the group
`model_weights`, whose attributes `layer_names` and `weight_names` list its content.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import h5py
import numpy as np

from sleap_rt.arrays import Floats
from sleap_rt.errors import ModelError
from sleap_rt.model_files import refuse_pointer
from sleap_rt.untrusted import quoted
from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.hdf5 import check_attribute, check_dataset, check_start, check_structure
from sleap_rt.untrusted.json_text import parse_json

LayerArrays = dict[str, dict[str, Floats]]  # layer -> path inside the layer -> values

_UNREADABLE = (  # what h5py raises on damage
    *(OSError, KeyError, IndexError, AttributeError, RuntimeError, TypeError, ValueError),
    *(OverflowError, MemoryError, RecursionError),
)


class KerasFile(NamedTuple):
    """Content of one `.h5` file."""

    architecture: dict[str, Any]  # the parsed `model_config`
    weights: LayerArrays  # in the order of the file, and of each layer
    sha256: str  # of the file


def read_keras_h5(content: bytes, name: str) -> KerasFile:
    """Read a Keras model file.

    Args:
        content: the file's bytes.
        name: the file's name, for messages.

    Raises:
        ModelError: the file is damaged, not a Keras model, or lacks architecture or weights.
    """
    with _opened(content, name) as (file, budget):
        return KerasFile(
            architecture=_architecture(file, name, budget),
            weights=_weights(file, name, budget),
            sha256=hashlib.sha256(content).hexdigest(),
        )


def read_architecture(content: bytes, name: str) -> dict[str, Any]:
    """Read the architecture alone, which is quick for large files too; else as `read_keras_h5`."""
    with _opened(content, name) as (file, budget):
        return _architecture(file, name, budget)


@contextmanager
def reading_architecture() -> Iterator[None]:
    """Errors inside the context are the architecture's fault: it is not as Keras 2 writes it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ModelError(
            f"The architecture in the file cannot be read ({type(error).__name__}: {error}); it "
            "is damaged, or not written by the Keras that SLEAP 1.4 and earlier used."
        ) from error


@contextmanager
def _opened(content: bytes, name: str) -> Iterator[tuple[h5py.File, Budget]]:
    _refuse_other_formats(content, name)
    try:
        check_start(content)
        with h5py.File(h5py.h5f.open_file_image(content), "r") as file:
            check_structure(file, content)
            yield file, Budget(len(content))
    except _UNREADABLE as error:
        raise ModelError(
            f"{name} is not a readable HDF5 file, or damaged ({len(content)} bytes): {error}. "
            "Copy the file again from where the model was trained."
        ) from error


def _refuse_other_formats(content: bytes, name: str) -> None:
    refuse_pointer(content, name)
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise ModelError(
            f"{name} is a zip archive (Keras 3 stores `.keras` models so), not the HDF5 file that "
            "SLEAP wrote. Give the training folder with its original best_model.h5."
        )


def _architecture(file: h5py.File, name: str, budget: Budget) -> dict[str, Any]:
    if "model_config" not in file.attrs:
        if "model_weights" in file or "layer_names" in file.attrs:
            raise ModelError(
                f"{name} holds weights but no architecture (no `model_config`). "
                "Give the whole-model file that training wrote, best_model.h5."
            )
        raise ModelError(f"{name} is an HDF5 file, but no Keras model (no `model_config`).")
    backend = _attribute(file, "backend", budget) if "backend" in file.attrs else "tensorflow"
    if _text(backend) != "tensorflow":
        raise ModelError(
            f"{name} was written with the Keras backend {quoted(backend)}, not tensorflow."
        )
    try:
        found = parse_json(_text(_attribute(file, "model_config", budget)))
    except ValueError as error:
        raise ModelError(f"{name}: `model_config` is damaged: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{name}: `model_config` is no object; the file is damaged.")
    return found


def _weights(file: h5py.File, name: str, budget: Budget) -> LayerArrays:
    if "model_weights" not in file:
        raise ModelError(f"{name} holds an architecture but no weights (no `model_weights`).")
    root = file["model_weights"]
    weights: LayerArrays = {}
    for layer in _names(root, "layer_names", budget):
        if layer not in root:
            raise ModelError(f"{name}: the weights of layer {quoted(layer)} are missing.")
        group = root[layer]
        weights[layer] = {}
        for path in _names(group, "weight_names", budget):
            if path not in group:
                raise ModelError(
                    f"{name}: the weight {quoted(path)} of layer {quoted(layer)} is missing."
                )
            weights[layer][path] = _values(group[path], f"{name}: weight {quoted(path)}", budget)
    return weights


def _values(dataset: Any, what: str, budget: Budget) -> Floats:
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind != "f":
        raise ModelError(f"{what} is not an array of floating-point numbers; the file is damaged.")
    check_dataset(dataset, budget)
    values = np.asarray(dataset[()], np.float32)
    if not np.isfinite(values).all():
        raise ModelError(
            f"{what} holds NaN or infinite numbers. Training diverged; train again or use an "
            "earlier file of the same folder."
        )
    return values


def _names(group: h5py.Group, attribute: str, budget: Budget) -> list[str]:
    """The names in an attribute, which Keras splits into numbered pieces when it exceeds 64 kB."""
    return [
        _text(name)
        for piece in _pieces(group, attribute)
        for name in np.asarray(_attribute(group, piece, budget)).flat
    ]


def _pieces(group: h5py.Group, attribute: str) -> Iterator[str]:
    if attribute in group.attrs:
        yield attribute
        return
    if f"{attribute}0" not in group.attrs:
        raise ModelError(
            f"The group {quoted(group.name)} has no attribute `{attribute}`; the file is damaged, "
            "or not written by Keras."
        )
    index = 0
    while f"{attribute}{index}" in group.attrs:
        yield f"{attribute}{index}"
        index += 1


def _attribute(group: h5py.Group, name: str, budget: Budget) -> Any:
    check_attribute(group.attrs, name, budget)
    return group.attrs[name]


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
