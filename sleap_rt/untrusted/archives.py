"""Members of zip archives, read into memory within limits; nothing is ever unpacked to disk."""

import zipfile
import zlib
from pathlib import PurePosixPath

from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.quoting import quoted

FAULTS = (  # what zipfile raises where an archive is damaged
    *(zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError, IndexError),
    *(NotImplementedError, RuntimeError, MemoryError, zipfile.LargeZipFile, zlib.error),
)
_KNOWN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class BoundedArchive:
    """A zip archive of which no more is unpacked than its size allows.

    Args:
        archive: opened by the caller, who closes it.
        budget: what its members may unpack to, together.
    """

    def __init__(self, archive: zipfile.ZipFile, budget: Budget) -> None:
        self._archive, self.budget = archive, budget
        self.names = archive.namelist()

    def read(self, name: str, most: int | None = None) -> bytes:
        """One member.

        Args:
            name: in the archive.
            most: bytes that this member may have.

        Raises:
            ValueError: it is too large, or compressed in another way than models are.
            KeyError: there is none of this name.
        """
        member = self._archive.getinfo(name)
        if member.compress_type not in _KNOWN:
            raise ValueError(
                f"{quoted(name)} is compressed by method {member.compress_type}; expected deflate"
            )
        if most is not None and member.file_size > most:
            raise ValueError(
                f"{quoted(name)} claims {member.file_size:,} bytes; at most {most:,} are read"
            )
        self.budget.spend(member.file_size, quoted(name))
        return self._archive.read(member)  # which reads no more than the member claims


def leads_outside(name: str) -> bool:
    """Whether a member's name leads out of the folder that it would be unpacked to."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts
