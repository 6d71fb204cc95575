"""The checksum that a graph carries of its own bytes: its last metadata entry.

It tells damage and changes by other programs, for which the certificate does not hold. It proves
nothing about who wrote the file: whoever can change a graph can seal it again.
"""

import hashlib
import mmap
from pathlib import Path
from typing import BinaryIO

from sleap_rt.errors import ModelError
from sleap_rt.runtime.disk import sync_file

SEAL_KEY = "sleap_rt_sha256"
DATA_KEY = "sleap_rt_data_sha256"
"""Metadata of a graph whose weights lie in a file beside it: that file's checksum."""

# ModelProto.metadata_props (field 14) with its key (1) and its value (2), 64 hexadecimal digits.
_ENTRY = bytes([1 << 3 | 2, len(SEAL_KEY)]) + SEAL_KEY.encode() + bytes([2 << 3 | 2, 64])
_HEAD = bytes([14 << 3 | 2, len(_ENTRY) + 64]) + _ENTRY
_LENGTH = len(_HEAD) + 64


def seal(path: Path, more: bytes = b"") -> None:
    """Append a checksum to a graph, in place of one that is there.

    Args:
        path: of the `.onnx` file.
        more: appended first. Messages of this format are merged by appending one to the other, so
            that a graph of any size need not be read and written again.
    """
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _LENGTH, 0))
        if size >= _LENGTH and file.read(len(_HEAD)) == _HEAD:
            file.truncate(size - _LENGTH)
        file.seek(0, 2)
        file.write(more)
        file.seek(0)
        digest = _sha256(file)
        file.seek(0, 2)
        file.write(_HEAD + digest.encode())
        sync_file(file)


def check_seal(path: Path, data: mmap.mmap, data_sha256: str | None) -> None:
    """Compare a graph with its checksum.

    Args:
        path: of the graph.
        data: its content.
        data_sha256: of the weights beside it; None where there are none.

    Raises:
        ModelError: it has none, or its bytes are others than at export.
    """
    start = len(data) - _LENGTH
    if start < 0 or data[start : start + len(_HEAD)] != _HEAD:
        raise ModelError(
            f"{path} does not end in its checksum: it was cut off, or written by a program other "
            "than this version of sleap-rt, so its certificate does not hold. Export it again."
        )
    with memoryview(data) as whole, whole[:start] as sealed:
        found = hashlib.sha256(sealed).hexdigest()
    if found.encode() != data[-64:] or not _is_data_whole(path, data_sha256):
        raise ModelError(
            f"{path} is damaged, or was changed since it was exported: its bytes do not fit the "
            "checksum it carries. Copy it again, or export it again."
        )


def data_file(path: Path) -> Path:
    """Where weights too large for a graph lie."""
    return path.with_name(f"{path.name}.data")


def data_sha256(path: Path) -> str:
    """Checksum of the weights beside a graph.

    Raises:
        OSError: they cannot be read.
    """
    with data_file(path).open("rb") as file:
        return _sha256(file)


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _is_data_whole(path: Path, expected: str | None) -> bool:
    try:
        return expected is None or data_sha256(path) == expected
    except OSError:
        return False
