"""Engines kept from one run to the next.

The name of an entry is a hash of all that the engine depends on. The entry stores that description
too, and a checksum. An engine that is damaged or was written by another program is built again.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from errno import ENOENT
from pathlib import Path
from typing import ClassVar

from sleap_rt.runtime.lock import lock, wait_for_lock

_MAGIC = b"sleap-rt engine\n"

_CHUNK = 1 << 20  # bytes

Note = Callable[[str], None]
"""Tells the user something, in one line."""


@dataclass(frozen=True)
class CacheKey:
    """All that an engine depends on: the fields of a subclass.

    Attributes:
        layout: of an entry, and of how such engines are built; another one is another engine.
    """

    layout: ClassVar[int]

    @property
    def text(self) -> bytes:
        """In words."""
        return json.dumps({"layout": self.layout, **asdict(self)}, sort_keys=True).encode()

    @property
    def name(self) -> str:
        """A hash of it."""
        return hashlib.sha256(self.text).hexdigest()[:32]


class EngineCache:
    """A folder of engines; processes may share it.

    Args:
        folder: made when it is first written to.
        note: gets a line when an engine cannot be kept, or when this process waits for another.
    """

    def __init__(self, folder: Path, note: Note) -> None:
        self._folder = folder
        self._note = note

    def get_or_build(self, key: CacheKey, build: Callable[[], bytes]) -> bytes:
        """An engine from the cache, built first if it is missing or damaged.

        If several processes need it, one builds and the others wait. An error of `build` leaves
        the cache as it was.
        """
        plan = read_entry(self._path(key), key)
        if plan is not None:
            return plan
        try:
            if not self._folder.is_absolute():
                raise OSError(ENOENT, "there is no home folder")
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
        except OSError as error:
            self._note(
                f"engines cannot be kept in {self._folder} ({error.strerror}); this one will be "
                "built again next time"
            )
            return build()
        with _locked(self._folder / ".lock", self._note):
            plan = read_entry(self._path(key), key)
            if plan is None:
                plan = build()
                self._write(key, plan)
        return plan

    def discard(self, key: CacheKey) -> None:
        """Forget an engine that turned out to be unusable."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            self._note(f"cannot remove the unusable engine {self._path(key)} ({error.strerror})")

    @property
    def timings(self) -> Path:
        """Where TensorRT's measurements are kept, beside the engines."""
        return self._folder / "timings"

    def kernels(self, key: CacheKey) -> Path:
        """Where the kernels are kept that TensorRT-RTX compiles for an engine while it runs."""
        return self._path(key).with_suffix(".kernels")

    def _path(self, key: CacheKey) -> Path:
        return self._folder / f"{key.name}.engine"

    def _write(self, key: CacheKey, plan: bytes) -> None:
        try:
            write_entry(self._path(key), key, plan)
        except OSError as error:
            self._note(f"the engine could not be kept in {self._folder} ({error.strerror})")


def read_entry(path: Path, key: CacheKey) -> bytes | None:
    """The engine in a file; None if the file is missing, damaged, or holds any other."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    header = _MAGIC + key.text + b"\n"
    checksum, plan = content[len(header) : len(header) + 32], content[len(header) + 32 :]
    if not content.startswith(header) or hashlib.sha256(plan).digest() != checksum:
        return None
    return plan


def write_entry(path: Path, key: CacheKey, plan: bytes) -> None:
    """Write an engine; the file appears complete or not at all.

    Raises:
        OSError: the folder cannot be written to.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".building-") as temporary:
        complete = Path(temporary) / "engine"
        with complete.open("wb") as file:
            file.write(_MAGIC + key.text + b"\n" + hashlib.sha256(plan).digest())
            file.write(plan)
        os.replace(complete, path)


def graph_hash(model: Path) -> str:
    """SHA-256 of a graph, with the weights beside it where they do not fit into the file."""
    digest = hashlib.sha256()
    for path in (model, model.with_name(f"{model.name}.data")):
        if path.is_file():
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
    return digest.hexdigest()


def cache_folder() -> Path:
    try:
        import platformdirs
    except ModuleNotFoundError:  # engines alone need NumPy alone: benchmarks/gpu_proof.py
        return Path.home() / ".cache/sleap-rt/engines"
    return Path(platformdirs.user_cache_dir("sleap-rt")) / "engines"


@contextmanager
def _locked(path: Path, note: Note) -> Iterator[None]:
    """One builder at a time: builders that share a GPU would also disturb each other's timing.

    The lock ends with the process that holds it, even if that crashes.
    """
    with path.open("a+b") as file:
        try:
            lock(file)
        except BlockingIOError:
            note("another process is building an engine; waiting for it")
            wait_for_lock(file)
        except OSError:  # a disk without locks: entries are still written complete or not at all
            pass
        yield  # closing the file ends the lock
