"""Loads dask-jobqueue, which leaves Ctrl-C as it was.

Importing it sets a handler that ends Python with exit code 0, as if all were done.
"""

import signal
import threading
from importlib import import_module
from types import ModuleType


def dask_jobqueue() -> ModuleType:
    """The package.

    Raises:
        ImportError: it is not installed.
    """
    before = signal.getsignal(signal.SIGINT)
    try:
        return import_module("dask_jobqueue")
    finally:
        if threading.current_thread() is threading.main_thread() and before is not None:
            signal.signal(signal.SIGINT, before)
