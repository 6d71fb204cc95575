"""YAML of a training configuration, within limits of size, nesting and repetition."""

from collections.abc import Iterator
from typing import Any

import yaml

_MOST_BYTES = 2 << 20
_MOST_CONTENT = 4 << 20  # characters and values, each counted as often as aliases repeat it
_DEEPEST = 100  # levels of lists and mappings
_LONGEST_NUMBER = 10_000  # characters of what may be a number
# The loader in C is some twenty times faster; PyYAML's wheels have it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FAULTS = (  # beside YAMLError, where a value does not fit its tag
    *(UnicodeDecodeError, RecursionError, MemoryError, ArithmeticError),
    *(ValueError, KeyError, IndexError, TypeError, AttributeError),
)


def parse_yaml(raw: bytes) -> Any:
    """The value of a YAML file, in plain Python types.

    Raises:
        ValueError: it is no YAML, larger than 2 MB, nested deeper than 100 levels, or aliases in it
            stand for more than 4 million characters and values.
    """
    if len(raw) > _MOST_BYTES:
        raise ValueError(f"it has {len(raw):,} bytes; a configuration has at most {_MOST_BYTES:,}")
    try:
        _check_content(yaml.parse(raw, Loader=_LOADER))
        return yaml.load(raw, Loader=_LOADER)  # a safe loader: builds plain values only
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    except _FAULTS as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _check_content(events: Iterator[Any]) -> None:
    """Refuse what would be large once it is built; nothing has been, yet."""
    total = 0
    opened: list[tuple[str | None, int]] = []
    # Anchor -> characters and values that an alias of it repeats.
    stands_for: dict[str | None, int] = {}
    for event in events:
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            if anchor not in stands_for:
                raise ValueError(f"the alias *{anchor:.40} stands inside its own anchor")
            total += stands_for[anchor]
        elif isinstance(event, yaml.ScalarEvent):
            _check_length(event)
            total += (size := len(event.value) + 1)
            stands_for[anchor] = size
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            name, before = opened.pop()
            stands_for[name] = total - before
        if total > _MOST_CONTENT or len(opened) > _DEEPEST:
            raise ValueError(
                f"it is nested deeper than {_DEEPEST} levels, or its aliases repeat more than "
                f"{_MOST_CONTENT:,} characters and values"
            )


def _check_length(scalar: Any) -> None:
    may_be_number = scalar.implicit[0] or scalar.tag is not None  # no text in quotes
    if may_be_number and len(scalar.value) > _LONGEST_NUMBER:
        raise ValueError(f"a value of {len(scalar.value):,} characters that is not in quotes")
