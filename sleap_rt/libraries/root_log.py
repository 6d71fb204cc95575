"""Keeps the root logger as the user's program has it.

ONNX Runtime's quantizer advises with `logging.warning`, which gives a root logger without handlers
one: `logging.basicConfig` of the program, called later, would do nothing.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_QUANTIZER = ("onnxruntime", "quantization")  # folders


@contextmanager
def kept_root_log() -> Iterator[None]:
    """The root logger gets no handler in the context, and does not tell the quantizer's advice.

    It is to prepare the graph in a way that would undo the names of nodes.
    """
    root = logging.root
    stand_in = None
    if not root.handlers:
        stand_in = logging.lastResort or logging.NullHandler()  # what tells where there is none
        root.addHandler(stand_in)
    root.addFilter(_is_for_the_user)
    try:
        yield
    finally:
        root.removeFilter(_is_for_the_user)
        if stand_in is not None:
            root.removeHandler(stand_in)


def _is_for_the_user(record: logging.LogRecord) -> bool:
    is_quantizer = Path(record.pathname).parts[-3:-1] == _QUANTIZER
    return not is_quantizer or record.levelno > logging.WARNING
