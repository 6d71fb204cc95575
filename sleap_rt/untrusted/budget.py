"""What the content of one file may unpack to."""

_FREE = 64 << 20  # bytes; more than any description, less than anyone misses


class Budget:
    """Bytes that a file of a known size may still unpack to.

    Numbers of a trained network hardly compress, so 20 times the file's size is ample for them.

    Args:
        size: of the file, bytes.
        times: the size that it may unpack to, beyond 64 MB.
    """

    def __init__(self, size: int, times: int = 20) -> None:
        self._whole = self.left = _FREE + times * size

    def spend(self, n_bytes: int, what: str) -> None:
        """Take bytes that are about to be unpacked.

        Raises:
            ValueError: more than is left.
        """
        self.left -= n_bytes
        if self.left < 0:
            raise ValueError(
                f"{what} would unpack to {n_bytes:,} bytes; all that this file unpacks to may be "
                f"{self._whole:,} bytes"
            )
