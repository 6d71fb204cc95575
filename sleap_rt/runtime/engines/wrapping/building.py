"""Tells that an engine is being built, which may take an hour, so that nobody takes it for hung."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_builds: set[object] = set()
_counting = threading.Lock()


@contextmanager
def building() -> Iterator[None]:
    """While a graph is built or compiled, or may be."""
    build = object()
    with _counting:
        _builds.add(build)
    try:
        yield
    finally:
        with _counting:
            _builds.discard(build)


def is_building() -> bool:
    """Whether that goes on in any thread of this program."""
    return bool(_builds)
