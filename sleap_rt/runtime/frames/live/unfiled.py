"""A source that is no file, as an input: for checks of options, and for results."""

from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.frames.selection import Selection
from sleap_rt.runtime.frames.source import Source


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
