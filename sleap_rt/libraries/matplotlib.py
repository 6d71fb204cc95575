"""Keeps matplotlib from telling, on import, that the place of its own cache cannot be written."""

import logging


def silence_notes() -> None:
    """Call it ahead of what imports matplotlib, which takes a temporary folder and works on."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
