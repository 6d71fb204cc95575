"""JSON of a file, within limits of size and nesting."""

import json
from typing import Any

from sleap_rt.untrusted.quoting import quoted

_DEEPEST = 100  # levels of lists and objects; Python reads about a thousand


def parse_json(text: str, most: int = 16 << 20) -> Any:
    """The value of a JSON text.

    Args:
        text: of a file.
        most: characters that it may have.

    Raises:
        ValueError: it is no JSON (as `json.JSONDecodeError`, with line and column), longer than
            `most`, nested deeper than 100 levels, or holds a number of thousands of digits.
    """
    if len(text) > most:
        raise ValueError(f"{len(text):,} characters; at most {most:,} are read")
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    _check_depth(found)
    return found


def _check_depth(found: Any) -> None:
    level = [found]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, list):
                below += value
        if not below:
            return
        level = below
    raise ValueError(f"it is nested deeper than {_DEEPEST} levels, at {quoted(level[0])}")
