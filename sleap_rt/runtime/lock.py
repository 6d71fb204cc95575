"""A lock on an open file, which ends with the process that holds it, however that ends."""

import errno
import sys
import time
from typing import IO

if sys.platform == "win32":
    import msvcrt

    _FAR_BEHIND = 2**62  # Windows locks bytes, and those must stay readable

    def _lock(file: IO[bytes]) -> None:
        file.seek(_FAR_BEHIND)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            file.seek(0)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_POLL_SECONDS = 0.2


def lock(file: IO[bytes]) -> None:
    """Lock a file until it is closed.

    Raises:
        BlockingIOError: another process has locked it.
        OSError: it is on a disk that knows no locks, as some network disks.
    """
    try:
        _lock(file)
    except OSError as error:
        if error.errno in _HELD:
            raise BlockingIOError(*error.args) from error
        raise


def wait_for_lock(file: IO[bytes]) -> None:
    """Lock a file as soon as nobody else has it locked."""
    while True:
        try:
            return lock(file)
        except BlockingIOError:
            time.sleep(_POLL_SECONDS)
