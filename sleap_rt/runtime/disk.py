"""Makes sure that what was written outlives a power cut."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

if sys.platform == "darwin":
    import fcntl


def sync_file(file: BinaryIO) -> None:
    """Wait until the disk has all that was written to a file."""
    file.flush()
    if sys.platform == "darwin":  # its fsync leaves the data in the disk's own cache
        try:
            fcntl.fcntl(file.fileno(), fcntl.F_FULLFSYNC)
            return
        except OSError:  # a disk that cannot
            pass
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of the files in a folder."""
    if sys.platform == "win32":  # it cannot open folders, and writes names at once
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # a network disk that cannot
        pass
    finally:
        os.close(descriptor)
