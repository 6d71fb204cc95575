"""YAML of a configuration, within limits of size, nesting and repetition."""

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from sleap_rt.untrusted.quoting import quoted

_MOST_BYTES = 2 << 20
_MOST_CONTENT = 4 << 20  # characters and values, each counted as often as aliases repeat it
_DEEPEST = 100  # levels of lists and mappings
_LONGEST_NUMBER = 10_000  # characters of what may be a number
# The loader in C is some twenty times faster; PyYAML's wheels have it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"
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
    return _within_limits(raw, yaml.load)  # with a safe loader: builds plain values only


def parse_entries(raw: bytes) -> list[tuple[str, "str | list[str] | None"]]:
    """Names and values of a YAML mapping, as they are written: `no` and `1e-3` stay text.

    Returns:
        In the file's order; a value is a text, a list of texts, or None for `null` and nothing.

    Raises:
        ValueError: as `parse_yaml`; or the file is no mapping of such values, or has a name twice.
    """
    root = _within_limits(raw, yaml.compose)
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise ValueError("it has no lines `name: value`")
    entries: list[tuple[str, str | list[str] | None]] = []
    for key, node in root.value:
        name, where = str(key.value), f"line {key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise ValueError(f"{where}: a name must be a plain word")
        if any(name == earlier for earlier, _ in entries):
            raise ValueError(f"{where}: {quoted(name)} stands there twice")
        entries.append((name, _as_written(node, f"{where}: {quoted(name)}")))
    return entries


def _as_written(node: Any, where: str) -> "str | list[str] | None":
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == _NULL else str(node.value)
    if isinstance(node, yaml.MappingNode):
        raise ValueError(f"{where} has names below it; all names stand at the left")
    texts = [_as_written(one, where) for one in node.value]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{where}: a list may hold words and numbers only")
    return texts  # type: ignore[return-value]


def _within_limits(raw: bytes, read: Callable[..., Any]) -> Any:
    if len(raw) > _MOST_BYTES:
        raise ValueError(f"it has {len(raw):,} bytes; a configuration has at most {_MOST_BYTES:,}")
    try:
        _check_content(yaml.parse(raw, Loader=_LOADER))
        return read(raw, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ValueError(_in_one_line(error)) from error
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


def _in_one_line(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None or not problem:
        return f"no YAML: {' '.join(str(error).split())}"
    return f"line {mark.line + 1}: no YAML: {problem}; expected lines `name: value`"
