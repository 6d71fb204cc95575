"""Sizes that a description may name: those of real frames and networks, with room to spare."""

from sleap_rt.errors import ModelError
from sleap_rt.untrusted.quoting import quoted

LARGEST_STRIDE = 4096  # px
_LARGEST_SIDE, _LARGEST_AREA = 32_768, 1 << 26  # px, of frames and of a network's input


def check_range(name: str, value: int, largest: int) -> None:
    """Raises:
    ModelError: the value is not from 1 to `largest`.
    """
    if not 1 <= value <= largest:
        raise ModelError(f"{name} is {quoted(value)}; 1 to {largest:,} is supported")


def check_size(height: float, width: float) -> None:
    """Raises:
    ModelError: an image of these sides, px, would take gigabytes.
    """
    sides = (height, width)
    if not 0 <= min(sides) <= max(sides) <= _LARGEST_SIDE or height * width > _LARGEST_AREA:
        raise ModelError(
            f"A size of {height:,.0f} x {width:,.0f} px was found; at most {_LARGEST_SIDE:,} px on "
            f"a side and {_LARGEST_AREA:,} px in all are supported"
        )
