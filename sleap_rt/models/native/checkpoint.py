"""Reads the tensors of a `best.ckpt` without running anything that is pickled in it.

A checkpoint is a zip archive: `<stem>/data.pkl` describes the objects, `<stem>/data/<n>` hold the
numbers. Older checkpoints pickle configuration objects beside the weights; those become inert
stand-ins, so neither their classes nor anything else in the file is ever imported or called.
"""

import hashlib
import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from sleap_rt.errors import ModelError
from sleap_rt.model_files import check_checkpoint, refuse_pointer
from sleap_rt.untrusted import quoted
from sleap_rt.untrusted.archives import FAULTS as ZIP_FAULTS
from sleap_rt.untrusted.archives import BoundedArchive
from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.pickles import FAULTS as PICKLE_FAULTS
from sleap_rt.untrusted.pickles import check_pickle
from sleap_rt.words import unreadable

_STORAGE_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_HEAD = 100  # bytes that tell what a file is
_LONGEST_ORDER = 100  # bytes of the word that names the order of bytes


class Checkpoint(NamedTuple):
    """Network weights and the fingerprint of the file they came from."""

    weights: dict[str, torch.Tensor]  # keys as the trainer wrote them, without the `model.` prefix
    sha256: str


def load_checkpoint(path: Path) -> Checkpoint:
    """Read the network weights of one checkpoint.

    Args:
        path: a `.ckpt` file written by sleap-nn.

    Returns:
        Float tensors as float32, integer buffers as they are, on the CPU.

    Raises:
        ModelError: the file is missing, damaged, not a checkpoint, or holds NaN or infinite
            weights.
    """
    check_checkpoint(path)
    try:
        found = _read_archive(path)
    except PermissionError as error:
        raise ModelError(unreadable(path, error)) from error
    except (zipfile.BadZipFile, pickle.UnpicklingError, EOFError, KeyError, OSError) as error:
        raise ModelError(f"{path}: damaged checkpoint ({error}). Copy the file again.") from error
    except (*ZIP_FAULTS, *PICKLE_FAULTS) as error:
        raise ModelError(
            f"{path}: not a checkpoint that sleap-nn writes ({type(error).__name__}: {error})."
        ) from error
    state = found.get("state_dict") if isinstance(found, Mapping) else None
    if not isinstance(state, Mapping) or not state:
        raise ModelError(f"{path}: no `state_dict` with network weights in this checkpoint.")
    return Checkpoint(_network_weights(path, state), hashlib.sha256(path.read_bytes()).hexdigest())


def replace_weights(
    checkpoint: Checkpoint, *, backbone: Path | None, head: Path | None
) -> Checkpoint:
    """Take weights over from other checkpoints of the same network.

    Args:
        checkpoint: the model's own.
        backbone: source of all weights of the same name, or only of the backbone's if `head` is
            given too.
        head: source of the heads' weights.

    Raises:
        ModelError: a file cannot be read, holds none of these weights, or one of another shape.
    """
    weights, digest = dict(checkpoint.weights), hashlib.sha256(checkpoint.sha256.encode())
    for path, prefix in _replacing(backbone, head):
        other = load_checkpoint(path)
        names = [n for n in weights if n in other.weights and n.startswith(prefix)]
        if not names:
            raise ModelError(
                f"{path}: none of its weights has the name of one of the model's; it is another "
                "network's checkpoint."
            )
        for name in names:
            found, expected = other.weights[name].shape, weights[name].shape
            if found != expected:
                raise ModelError(
                    f"{path}: `{name}` has shape {tuple(found)}, the model's has "
                    f"{tuple(expected)}; it is another network's checkpoint."
                )
            weights[name] = other.weights[name]
        digest.update(other.sha256.encode())
    return Checkpoint(weights, digest.hexdigest())


def replaces_all(checkpoint: Checkpoint, *, backbone: Path | None, head: Path | None) -> bool:
    """Whether the other checkpoints have every weight to replace, in the same shape."""
    for path, prefix in _replacing(backbone, head):
        other = load_checkpoint(path).weights
        for name, weight in checkpoint.weights.items():
            if name.startswith(prefix) and (name not in other or other[name].shape != weight.shape):
                return False
    return True


def _replacing(backbone: Path | None, head: Path | None) -> list[tuple[Path, str]]:
    """Checkpoints given in place of a model's own, and how the names of their weights begin."""
    given = [(backbone, "backbone." if head else ""), (head, "head_layers.")]
    return [(path, prefix) for path, prefix in given if path is not None]


def _unwrapped(name: str) -> str:
    """A weight's name without what torch.compile and parallel training put into it."""
    parts = [part for part in name.split(".") if part != "_orig_mod"]
    for place in (0, 1):  # ahead of `model.`, or behind it
        if parts[place : place + 1] == ["module"]:
            del parts[place]
    return ".".join(parts)


def _network_weights(path: Path, state: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = {}
    state = {_unwrapped(str(name)): value for name, value in state.items()}
    bare = all(key.startswith(("backbone.", "head_layers.")) for key in state)
    for key, value in state.items():
        if not isinstance(value, torch.Tensor):
            raise ModelError(f"{path}: {quoted(key)} is not a tensor; the checkpoint is damaged.")
        if not bare and not key.startswith("model."):
            continue  # train-only parts of other model types, e.g. `projection.*`
        if value.is_floating_point():
            value = value.to(torch.float32)
            if not bool(torch.isfinite(value).all()):
                raise ModelError(
                    f"{path}: `{key}` holds NaN or infinite weights. Training diverged; "
                    "train again or use an earlier checkpoint."
                )
        weights[key.removeprefix("model.")] = value
    if not weights:
        raise ModelError(f"{path}: no tensor key starts with `model.`; not a sleap-nn checkpoint.")
    return weights


def _read_archive(path: Path) -> Any:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    refuse_pointer(head, path)
    if not head.startswith(b"PK"):
        raise ModelError(f"{path}: not a torch checkpoint (it is no zip archive).")
    with zipfile.ZipFile(path) as opened:
        archive = BoundedArchive(opened, Budget(path.stat().st_size))
        names = [n for n in archive.names if n.endswith("/data.pkl")]
        if len(names) != 1:
            raise ModelError(f"{path}: not a torch checkpoint (no `data.pkl` in the archive).")
        stem = names[0].removesuffix("data.pkl")
        order = f"{stem}byteorder"
        if order in archive.names and archive.read(order, most=_LONGEST_ORDER) != b"little":
            raise ModelError(f"{path}: written on a big-endian machine, which is not supported.")
        pickled = archive.read(names[0])
        check_pickle(pickled)
        return _TensorUnpickler(pickled, archive, stem).load()


class _Stub:
    """Stands in for every object that is not a tensor: accepts anything, does nothing."""

    def __init__(self, *args: object, **kwargs: object) -> None: ...
    def __call__(self, *args: object, **kwargs: object) -> "_Stub":
        return self

    def __setstate__(self, state: object) -> None: ...
    def __setitem__(self, key: object, value: object) -> None: ...
    def append(self, value: object) -> None: ...
    def extend(self, values: object) -> None: ...


class _TensorUnpickler(pickle.Unpickler):
    def __init__(self, pickled: bytes, archive: BoundedArchive, stem: str) -> None:
        super().__init__(io.BytesIO(pickled))
        self._archive, self._stem = archive, stem
        self._storages: dict[str, bytearray] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._rebuilt
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _rebuild_parameter
        if module == "torch" and name in _STORAGE_DTYPES:
            return _STORAGE_DTYPES[name]
        return _Stub

    def persistent_load(self, pid: Any) -> torch.Tensor:
        _, dtype, key, _, n_elements = pid
        if n_elements == 0:
            return torch.empty(0, dtype=dtype)
        member = f"{self._stem}data/{key}"
        if member not in self._storages:
            self._storages[member] = bytearray(self._archive.read(member))
        return torch.frombuffer(self._storages[member], dtype=dtype, count=n_elements)

    def _rebuilt(
        self,
        storage: torch.Tensor,
        offset: int,
        size: tuple[int, ...],
        stride: tuple[int, ...],
        *_: object,
    ) -> torch.Tensor:
        # With a stride of 0, a few numbers can stand for any number of them.
        self._archive.budget.spend(math.prod(size) * storage.itemsize, "a tensor")
        return storage.as_strided(size, stride, offset).clone()


def _rebuild_parameter(data: torch.Tensor, *_: object) -> torch.Tensor:
    return data
