"""The mark of a result: JSON values in the file, for which it must be as it was written.

In an HDF5 file it is an attribute, beside the shapes of the datasets; in COCO JSON it is the `info`
at the end, beside the place where that begins. Whoever saves the file again, as a person does after
proofreading, leaves the mark out or another file around it. Whoever changes values in place leaves
all that as it was, but not the hash of them, which takes reading the whole file. A CSV table has no
place for a mark.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sleap_rt.runtime.outputs.blocks.hdf5 import open_to_write
from sleap_rt.runtime.outputs.origin.values import hash_of_values

WITHOUT_MARK = (".csv",)  # formats that have no place for it
UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, TypeError, RecursionError)
_MARK = "sleap_rt_result"
_JSON = ".json"
_JSON_BEGINS = b',\n  "info": {"%s": ' % _MARK.encode()
_END = b"\n}"  # of an object that `json` writes with an indent
_JSON_ENDS = b"}" + _END
_LONGEST_JSON = 1 << 20  # bytes
_HASH = "values"
_BLOCK_BYTES = 1 << 20


def add_mark(path: Path, values: Mapping[str, Any]) -> None:
    """Mark a file as a result of this program, if its format has a place for that.

    Raises:
        OSError: the disk is full, or failed.
        ValueError: a JSON file does not end as expected.
    """
    import h5py

    if path.suffix == _JSON:
        _add_to_json(path, values)
    elif h5py.is_hdf5(path):
        with open_to_write(path) as (file, _):
            told = {"shapes": _shapes(file), _HASH: hash_of_values(file, leaving_out=_MARK)}
            file.attrs[_MARK] = json.dumps({**values, **told})


def mark_of(path: Path) -> dict[str, Any] | None:
    """The mark of a file that is as it was written, by its structure; else None."""
    try:
        found = _of_json(path) if path.suffix == _JSON else _of_hdf5(path)
    except UNREADABLE:
        return None
    return found if isinstance(found, dict) else None


def has_same_values(path: Path, mark: Mapping[str, Any]) -> bool:
    """Whether the values of a file are those that were written, as far as its mark tells.

    All of them are read: 0.1 s for the poses of 100,000 frames with three animals.
    """
    try:
        told = mark.get(_HASH)
        return told is None or told == _hash_of_file(path)
    except UNREADABLE:
        return False


def _hash_of_file(path: Path) -> str:
    from sleap_rt.untrusted.hdf5 import open_checked

    if path.suffix == _JSON:
        with path.open("rb") as json_file:
            return _hash_of_bytes(json_file, _of_json(path)["begins"])
    with open_checked(path, most_searched=0) as (file, _):
        return hash_of_values(file, leaving_out=_MARK)


def _hash_of_bytes(file: BinaryIO, n: int) -> str:
    file.seek(0)
    found = hashlib.sha256()
    while n > 0 and (block := file.read(min(n, _BLOCK_BYTES))):
        found.update(block)
        n -= len(block)
    return found.hexdigest()


def _add_to_json(path: Path, values: Mapping[str, Any]) -> None:
    with path.open("r+b") as file:
        position = file.seek(-len(_END), os.SEEK_END)
        if file.read() != _END:
            raise ValueError("no room for the mark at its end")
        mark = json.dumps({**values, "begins": position, _HASH: _hash_of_bytes(file, position)})
        file.seek(position)
        file.write(_JSON_BEGINS + mark.encode() + _JSON_ENDS)


def _of_json(path: Path) -> Any:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _LONGEST_JSON, 0))
        start, end = file.tell(), file.read()
    begins = end.rindex(_JSON_BEGINS)
    mark = json.loads(end[begins + len(_JSON_BEGINS) : -len(_JSON_ENDS)])
    return mark if mark["begins"] == start + begins else None


def _of_hdf5(path: Path) -> Any:
    from sleap_rt.untrusted.hdf5 import open_checked

    with open_checked(path, most_searched=0) as (file, _):
        mark = json.loads(file.attrs[_MARK])
        return mark if mark["shapes"] == _shapes(file) else None


def _shapes(file: Any) -> dict[str, list[int]]:
    """Shapes of all datasets, by name."""
    import h5py

    shapes: dict[str, list[int]] = {}

    def note(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            shapes[name] = list(item.shape or ())

    file.visititems(note)
    return shapes
