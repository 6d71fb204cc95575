"""Room to write graphs in, beside their final place."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sleap_rt.errors import NotWritableError


@contextmanager
def room_in(folder: Path) -> Iterator[Path]:
    """A new folder in another one, which is made if needed, and where its files go at the end.

    After an error, nothing of them appears there, nor a folder that was made for them.

    Raises:
        NotWritableError: anything cannot be written there, now or until the end.
    """
    made: list[Path] = []
    try:
        made = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".exporting-") as temporary:
            yield Path(temporary)
            for file in Path(temporary).iterdir():
                if file.is_file():
                    os.replace(file, folder / file.name)
    except OSError as error:
        _remove_empty(made)
        raise NotWritableError(f"Cannot write into {folder}: {error.strerror or error}") from error
    except BaseException:
        _remove_empty(made)
        raise


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # there is something in it, or it was never made
            folder.rmdir()


def check_room(folder: Path) -> None:
    """Refuse a folder that cannot be made or written to, before there is anything to write.

    Raises:
        NotWritableError: as the summary says.
    """
    whole = folder.absolute()
    try:
        there = next(one for one in (whole, *whole.parents) if one.exists())
        if not there.is_dir():
            raise NotWritableError(f"Cannot write into {folder}: {there} is a file")
        with tempfile.TemporaryDirectory(dir=there, prefix=".exporting-"):
            pass
    except OSError as error:
        raise NotWritableError(f"Cannot write into {folder}: {error.strerror or error}") from error
