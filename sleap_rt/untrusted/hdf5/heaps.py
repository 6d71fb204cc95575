"""Heaps of texts in an HDF5 file."""

import mmap
from collections.abc import Iterator

from sleap_rt.untrusted.hdf5.content import Content

_HEAP = b"GCOL\x01\0\0\0"
_SMALLEST_TEXT = 8  # bytes in a heap, its header included
_WINDOW = 1 << 23


class Heaps:
    """Refuses heaps that HDF5 (seen with 1.14) would never get past, or allocate as they are.

    That is, with free space of no size, or larger than the file.

    Args:
        content: of the file.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._left = len(content) // _SMALLEST_TEXT  # texts in it, where heaps do not overlap
        self._seen: set[int] = set()

    def search(self) -> None:
        """Check all that look like one.

        Raises:
            ValueError: one is damaged.
        """
        for start in self._all():
            self.check(start)

    def check(self, start: int) -> None:
        """Check the one that begins there; what is none, HDF5 refuses itself.

        Raises:
            ValueError: it is damaged.
        """
        data = self._content.data
        if start in self._seen or data[start : start + len(_HEAP)] != _HEAP:
            return
        self._seen.add(start)
        header = 8 + self._content.length  # of the heap, and of each text in it
        size = self._content.number(start + 8, self._content.length)
        if size > len(data) - start:
            raise ValueError("the heap of its texts is larger than the file")
        position = start + _aligned(header)
        while position + header <= start + size:
            index = self._content.number(position, 2)
            taken = self._content.number(position + 8, self._content.length)
            self._left -= 1
            if self._left < 0 or (index == 0 and taken == 0):
                raise ValueError("the heap of its texts is damaged")
            position += taken if index == 0 else _aligned(header) + _aligned(taken)

    def _all(self) -> Iterator[int]:
        data = self._content.data
        for first in range(0, len(data), _WINDOW):
            start = first - 1
            end = first + _WINDOW + len(_HEAP) - 1
            while (start := data.find(_HEAP, start + 1, end)) >= 0:
                yield start
            if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
                data.madvise(mmap.MADV_DONTNEED)  # or a large file would count as memory in use


def _aligned(size: int) -> int:
    return -(-size // 8) * 8
