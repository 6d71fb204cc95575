"""Attributes as an HDF5 file stores them, read without HDF5."""

from collections.abc import Iterator

from sleap_rt.untrusted.hdf5.content import Content

_ATTRIBUTE, _CONTINUATION = 0x0C, 0x10  # types of messages
_IS_SHARED = 2  # flag of a message that lies elsewhere
_MOST_SEARCHED = 4 << 30  # bytes, for all attributes that are in no header


class StoredAttributes:
    """Attributes of the objects of one file.

    Args:
        content: of the file.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._left = len(content)  # bytes of headers, which do not overlap
        self._searched = 0

    def in_header(self, address: int) -> Iterator[tuple[bytes, int]]:
        """Name, and place of the stored value, of each attribute in the object's header there.

        Raises:
            ValueError: the header is damaged.
        """
        for kind, flags, start in self._messages(self._content.base + address):
            if kind == _ATTRIBUTE and not flags & _IS_SHARED:
                name, n_bytes, value = self._attribute(start)
                yield bytes(self._content.data[name : name + n_bytes]).partition(b"\0")[0], value

    def anywhere(self, name: bytes) -> Iterator[int]:
        """Places of stored values of attributes of this name; of ones that were replaced as well.

        An object of more than eight attributes may have them in no header.

        Raises:
            ValueError: the file is too large to be searched.
        """
        self._searched += len(self._content)
        if self._searched > _MOST_SEARCHED:
            raise ValueError("it has too many attributes outside of headers for a file of its size")
        wanted, place = name + b"\0", -1
        while (place := self._content.data.find(wanted, place + 1)) >= 0:
            for start in (place - 8, place - 9):
                if start >= 0 and self._attribute(start)[:2] == (place, len(wanted)):
                    yield self._attribute(start)[2]

    def _attribute(self, start: int) -> tuple[int, int, int]:
        """Where its name begins, the name's bytes, and where its value begins."""
        version = self._content.number(start, 1)
        step = 8 if version == 1 else 1
        sizes = [self._content.number(start + place, 2) for place in (2, 4, 6)]
        name = start + 8 + (version == 3)  # then its type, its shape, and its value
        return name, sizes[0], name + sum(-(-size // step) * step for size in sizes)

    def _messages(self, start: int) -> Iterator[tuple[int, int, int]]:
        """Type, flags and begin of each message."""
        is_old = self._content.data[start : start + 4] != b"OHDR"
        head, block = self._first_block(start, is_old)
        blocks = [block]
        while blocks:
            position, size = blocks.pop()
            self._spend(size)
            end = position + size
            while position + head <= end:
                kind, size, flags = self._message(position, is_old)
                position += head
                if kind == _CONTINUATION:
                    blocks.append(self._continued(position, is_old))
                yield kind, flags, position
                position += size

    def _first_block(self, start: int, is_old: bool) -> tuple[int, tuple[int, int]]:
        """Bytes ahead of each message; begin and size of the first messages."""
        if is_old:
            return 8, (start + 16, self._content.number(start + 8, 4))
        flags = self._content.number(start + 5, 1)
        has_times, has_limits, has_order = flags & 32, flags & 16, flags & 4
        first = start + 6 + (16 if has_times else 0) + (4 if has_limits else 0)
        width = 1 << (flags & 3)
        return 6 if has_order else 4, (first + width, self._content.number(first, width))

    def _message(self, start: int, is_old: bool) -> tuple[int, int, int]:
        """Type, size and flags of the message there."""
        width = 2 if is_old else 1
        number = self._content.number
        return number(start, width), number(start + width, 2), number(start + width + 2, 1)

    def _continued(self, start: int, is_old: bool) -> tuple[int, int]:
        """Begin and size of messages that lie elsewhere."""
        content = self._content
        address = content.number(start, content.address) + content.base
        size = content.number(start + content.address, content.length)
        around = 0 if is_old else 4  # a name ahead of them, a checksum behind
        return address + around, size - 2 * around

    def _spend(self, size: int) -> None:
        self._left -= size
        if size < 0 or self._left < 0:
            raise ValueError("the header of an object is damaged")
