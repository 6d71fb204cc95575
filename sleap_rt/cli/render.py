"""`sleap-nn render`: poses drawn over their video."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sleap_rt.cli.options.parameters import Crop, FrameList, TrackNames
from sleap_rt.cli.options.sections import SectionedCommand, section
from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.cli.terminal.streams import say
from sleap_rt.model_files import VIDEO_SUFFIXES
from sleap_rt.options import RenderOptions, filled
from sleap_rt.words import in_full

if TYPE_CHECKING:
    from sleap_rt.workflows.show.render import Pictures, RenderSummary

_PATH = click.Path(path_type=Path)


_FILES = (
    click.argument("inputs", nargs=-1, type=_PATH, metavar="[RESULT]"),
    click.option(
        "--data_path",
        "-i",
        type=_PATH,
        help="`.slp` file with poses, such as `track` writes. Also without -i.",
    ),
    click.option(
        "--output_path",
        "-o",
        type=_PATH,
        help="Video (.mp4, .mov, .mkv) or picture (.png, .jpg) to write; of several frames "
        "NAME.0012.png and so on, with the number of each; or a folder for <data_path>.overlay.mp4."
        "  [default: beside the result]",
    ),
    click.option(
        "--video_path",
        type=_PATH,
        help="Where the video is, if not where RESULT says or beside it.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace files that are there."),
)
_WHAT = (
    click.option(
        "--frames",
        type=FrameList(),
        help='Frame indices, e.g. "0-100,200-300".  [default: those that RESULT has; of pictures '
        "the first with an animal]",
    ),
    click.option("--crop", type=Crop(), help="Part of the frames to show, px from the top left."),
    click.option("--tracks", type=TrackNames(), help='Only these tracks, e.g. "track_0,track_2".'),
    click.option("--video_index", type=int, help="RESULT has several videos: show this one."),
)
_LOOK = (
    click.option("--track_names", is_flag=True, help="Write the names of tracks beside animals."),
    click.option(
        "--scale",
        type=float,
        default=RenderOptions.scale,
        show_default=True,
        help="Size of the output, relative to the video.",
    ),
    click.option(
        "--line_width", type=float, help="Of edges, px of the video.  [default: by its size]"
    ),
    click.option("--fps", type=float, help="Frames per second.  [default: those of the video]"),
)
_MESSAGES = (
    click.option("--json", "as_json", is_flag=True, help="One JSON object in place of the line."),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing but warnings and errors."),
)


@click.command("render", cls=SectionedCommand, short_help="Draw poses over their video.")
@section("Files", *_FILES)
@section("What is shown", *_WHAT)
@section("Look", *_LOOK)
@section("Messages", *_MESSAGES)
def command(as_json: bool, quiet: bool, **params: Any) -> None:
    """Draw the poses of a `.slp` file over its video, as a video or as pictures.

    Each track has a colour; without tracks each animal has one in pictures, each node in videos.

    \b
    sleap-nn render poses.slp -o overlay.mp4
    sleap-nn render poses.slp -o overlay.mp4 --frames 0-500 --tracks track_0
    sleap-nn render poses.slp -o figure.png --frames 10,250 --crop 100,80,500,380
    """
    result = _result(params)
    if params["frames"] is not None:
        params["frames"] = tuple(params["frames"])
    options = filled(RenderOptions, params)
    from sleap_rt.runtime.pipeline import progress
    from sleap_rt.workflows.show.render import render

    def shown(pictures: "Pictures", n_frames: int) -> "Pictures":
        return pictures if quiet else progress.bar(pictures, n_frames, 0, "drawing")

    done = render(result, options, shown)
    for note in done.notes:
        messages.note(note)
    if as_json:
        print_json(_facts(done))
    elif not quiet:
        say(_in_words(done))


def _result(params: dict[str, Any]) -> Path:
    given = [*params.pop("inputs"), *filter(None, [params.pop("data_path")])]
    videos = [path for path in given if path.suffix.lower() in VIDEO_SUFFIXES]
    if len(given) == 2 and len(videos) == 1:
        raise click.UsageError(
            f"2 results were given; one is taken. {videos[0]} is a video: pass one that is to be "
            "written as -o, and leave out the one of the poses, which the result names, or pass "
            "it as --video_path"
        )
    if len(given) != 1:
        raise click.UsageError(
            f"{len(given)} results were given; one is taken, and this draws each: "
            'for result in FOLDER/*.slp; do sleap-nn render "$result" -o OVERLAYS; done'
            if given
            else "Name the result: a `.slp` file with poses"
        )
    result: Path = given[0]
    return result


def _facts(done: "RenderSummary") -> dict[str, Any]:
    return {
        "files": list(map(in_full, done.paths)),
        "frames": done.n_frames,
        "instances": done.n_animals,
        "width": done.size[0],
        "height": done.size[1],
        "fps": done.fps,
        "notes": list(done.notes),
    }


def _in_words(done: "RenderSummary") -> str:
    from sleap_rt.words import counted

    first, *others = map(str, done.paths)
    between = " and " if len(others) == 1 else " ... "
    files = first if not others else f"{first}{between}{others[-1]}"
    rate = "" if done.fps is None else f", {done.fps:g} frames/s"
    width, height = done.size
    return (
        f"{counted(done.n_frames, 'frame')} of {width}x{height} px{rate}, "
        f"{counted(done.n_animals, 'instance')} drawn -> {files}"
    )
