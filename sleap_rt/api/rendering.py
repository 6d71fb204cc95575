"""`render`: the command of that name as a Python function."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from sleap_rt.api.option_objects import check_arguments
from sleap_rt.api.signatures import names_arguments
from sleap_rt.options import RenderOptions
from sleap_rt.options.frames import given_frames
from sleap_rt.options.paths import fitting_path, given_path
from sleap_rt.options.value_types import check_value
from sleap_rt.runtime.pipeline import progress as shown
from sleap_rt.workflows.show.render import Pictures, RenderSummary
from sleap_rt.workflows.show.render import render as render_labels

if TYPE_CHECKING:
    import sleap_io as sio
    from typing_extensions import Unpack  # `typing` has it from Python 3.11 on


class RenderArguments(TypedDict, total=False):
    """What is shown and how. Left out: the command's default.

    Attributes:
        frames: frame numbers, such as range(10), or `0-9,20` as in the command; None takes those
            that the labels have, of pictures the first with an animal.
        progress: a bar on standard error.
    """

    frames: Iterable[int] | str | None
    video_index: int | None
    video_path: str | Path | None
    crop: Sequence[int] | None  # (x1, y1, x2, y2) px
    tracks: Sequence[str] | None
    track_names: bool
    scale: float
    line_width: float | None
    fps: float | None
    overwrite: bool
    progress: bool  # a bar on standard error


@names_arguments(RenderArguments, RenderOptions)
def render(
    data: "str | Path | sio.Labels",
    output_path: str | Path | None = None,
    **arguments: "Unpack[RenderArguments]",
) -> RenderSummary:
    """Draw poses over their video, as a video or as pictures.

    Args:
        data: a `.slp` file, or labels, which stay as they are.
        output_path: the video (.mp4, .mov, .mkv) or picture (.png, .jpg) to write; None: a video
            beside the file.
        **arguments: as listed below.

    Returns:
        The files written, their size, and how many animals were drawn.

    Raises:
        OptionError, DataError: as the command says them.
    """
    given = check_arguments(arguments, RenderArguments)
    shows = given.pop("progress", False)
    if given.get("frames") is not None:
        given["frames"] = given_frames(given["frames"])
    for name in ("crop", "tracks"):
        if given.get(name) is not None:
            given[name] = tuple(given[name])
    for name, path in (("output_path", output_path), ("video_path", given.get("video_path"))):
        given[name] = given_path(name, path)

    def on_pictures(pictures: Pictures, n_frames: int) -> Pictures:
        return shown.bar(pictures, n_frames, 0, "drawing") if shows else pictures

    import sleap_io as sio  # takes a second to import

    check_value("data", data, Path | sio.Labels)
    source = data if isinstance(data, sio.Labels) else fitting_path("data", data)
    return render_labels(source, RenderOptions(**given), on_pictures)
