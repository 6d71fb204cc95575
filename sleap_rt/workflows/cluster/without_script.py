"""Starts local workers without the script that asked for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import spawn
from typing import Any

_WORKERS = "Dask Worker"  # begins the names of their processes
_SCRIPT = ("init_main_from_path", "init_main_from_name")


@contextmanager
def without_script() -> Iterator[None]:
    """Workers started inside, also in place of lost ones, do not run the program's own script.

    A process that is spawned first runs the script of its parent once more. One that has its call
    outside of `if __name__ == "__main__":` would ask for workers again in each of them. Workers
    need nothing of it: what they are sent is of this package.
    """
    before = spawn.get_preparation_data

    def prepared(name: str) -> dict[str, Any]:
        data: dict[str, Any] = before(name)
        if name.startswith(_WORKERS):
            data = {key: value for key, value in data.items() if key not in _SCRIPT}
        return data

    spawn.get_preparation_data = prepared
    try:
        yield
    finally:
        spawn.get_preparation_data = before
