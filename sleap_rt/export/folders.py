"""Room to write graphs in, beside their final place."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sleap_rt.errors import NotWritableError


@contextmanager
def room_in(folder: Path) -> Iterator[Path]:
    """A new folder in another one, which is made if needed, and where its files go at the end.

    After an error, nothing of them appears there.

    Raises:
        NotWritableError: anything cannot be written there, now or until the end.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".exporting-") as temporary:
            yield Path(temporary)
            for file in Path(temporary).iterdir():
                if file.is_file():
                    os.replace(file, folder / file.name)
    except OSError as error:
        raise NotWritableError(f"Cannot write into {folder}: {error.strerror or error}") from error
