"""What is no file, as an input: for checks of options, and for results."""

from sleap_rt.model_files import VIDEO_SUFFIXES
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.frames.selection import Selection
from sleap_rt.runtime.frames.source import Source

GIVEN, ARRAY = "frames of a program", "array"
CAMERA = "camera "  # begins the names of all


def without_files(name: str, decoder: str) -> OpenInput:
    """An input of one video that has a name only.

    Args:
        name: of the video.
        decoder: what makes its pixels.
    """
    import sleap_io as sio

    return OpenInput(
        Source({}, decoder),
        Selection((), n_skipped=0, n_total=0),
        videos=lambda: [sio.Video(name, open_backend=False)],
    )


def is_unfiled(name: str | list[str]) -> bool:
    """Whether the video of that name in a result never was a file."""
    if isinstance(name, list):
        return False
    is_stream = "://" in name and not name.lower().endswith(VIDEO_SUFFIXES)
    return name in (GIVEN, ARRAY) or name.startswith(CAMERA) or is_stream
