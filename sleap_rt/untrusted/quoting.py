"""Values of a file as a message shows them: short, whatever they are."""

import reprlib
from collections.abc import Iterable

_LONGEST = 80  # characters of one value
_LISTED = 8  # values of a list


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxstring, self.maxother = 2, _LONGEST, _LONGEST
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = 6

    def repr_int(self, value: int, level: int) -> str:
        if value.bit_length() > 200:
            return f"a number of {value.bit_length()} bits"
        return super().repr_int(value, level)


_SHORT = _Short()


def quoted(value: object) -> str:
    """A value as Python writes it, cut to 80 characters; nested and large ones cost no more."""
    text = _SHORT.repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def listed(values: Iterable[object], none: str = "none") -> str:
    """The first eight values, without quotes, and how many more there are."""
    texts = [_plain(str(value)) for value in values]
    more = f" and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
    return (", ".join(texts[:_LISTED]) or none) + more


def _plain(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
