"""How one run is divided."""

import re
from dataclasses import dataclass

from sleap_rt.errors import OptionError

_WORDS = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*")


@dataclass(frozen=True)
class FrameRange:
    """One of the ranges that the frames of a run are divided into.

    Attributes:
        part: its number, from 1 on.
        n_parts: how many there are.

    Raises:
        OptionError: there is no such part.
    """

    part: int
    n_parts: int

    def __post_init__(self) -> None:
        if not 1 <= self.part <= self.n_parts:
            last = max(self.n_parts, 1)
            raise OptionError(
                f"frame_range_of {self}: there is no such part; they go from 1/{last} to "
                f"{last}/{last}"
            )

    @classmethod
    def of(cls, text: str | None) -> "FrameRange | None":
        """As it is written, `2/4`; None for None.

        Raises:
            OptionError: it is written in another way, or there is no such part.
        """
        if text is None:
            return None
        found = _WORDS.fullmatch(text)
        if found is None:
            raise OptionError(
                f"frame_range_of must be K/N, the K-th of N parts, as in 2/4; got {text!r}"
            )
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.part}/{self.n_parts}"
