"""Tells previews, which this program draws beside results, from images that are an input."""

from pathlib import Path

DRAWN = "sleap-rt preview"  # a text in each of them
_HEAD = 500  # bytes of a picture that have it


def is_preview(path: Path) -> bool:
    """Whether a picture is a preview as this program draws it."""
    try:
        with path.open("rb") as file:
            return DRAWN.encode() in file.read(_HEAD)
    except OSError:
        return False
