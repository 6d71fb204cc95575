"""The bytes of an HDF5 file, and how it writes places in them."""

import mmap
from dataclasses import dataclass

import h5py


@dataclass(frozen=True)
class Content:
    """All bytes of a file.

    Attributes:
        data: they.
        base: where addresses in the file count from.
        address: bytes of an address.
        length: bytes of a length.
    """

    data: bytes | mmap.mmap
    base: int
    address: int
    length: int

    @classmethod
    def of(cls, file: h5py.File, data: bytes | mmap.mmap) -> "Content":
        """Raises:
        ValueError: addresses have a size that no program writes.
        """
        creation = file.id.get_create_plist()
        address, length = creation.get_sizes()
        if address not in (2, 4, 8):
            raise ValueError(f"its addresses have {address} bytes")
        return cls(data, creation.get_userblock(), address, length)

    def __len__(self) -> int:
        return len(self.data)

    def number(self, start: int, size: int) -> int:
        """The number of so many bytes at a place; 0 behind the end."""
        return int.from_bytes(self.data[start : start + size], "little")
