"""Tells pictures and videos that this program draws beside results from those that are inputs."""

from pathlib import Path

DRAWN = "sleap-rt preview"  # a text in each preview
RENDERED = "sleap-rt render"  # a text in each picture and video that `render` drew
_HEAD = 500  # bytes of a picture that have it


def is_preview(path: Path) -> bool:
    """Whether a picture is a preview as this program draws it."""
    return DRAWN.encode() in _head(path)


def is_drawn(path: Path) -> bool:
    """Whether a picture is a preview, or one that `render` drew."""
    head = _head(path)
    return any(text.encode() in head for text in (DRAWN, RENDERED))


def is_drawn_video(path: Path) -> bool:
    """Whether `render` drew a video."""
    import av

    try:
        with av.open(f"file:{path}") as container:
            return RENDERED in container.metadata.values()
    except (OSError, ValueError):  # told where it is read
        return False


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""
