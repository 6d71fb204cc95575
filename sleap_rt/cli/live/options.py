"""The options of `live` that no other command has."""

from pathlib import Path

import click

from sleap_rt.cli.options.parameters import FileOrAddress
from sleap_rt.cli.options.track import OUTPUT_FORMAT
from sleap_rt.options import LiveOptions

_PATH = click.Path(path_type=Path)


def _size(
    context: click.Context, option: click.Parameter, text: str | None
) -> tuple[int, ...] | None:
    """`640x480` as numbers."""
    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isdigit() for side in sides):
        raise click.BadParameter(f"{text!r} is not of the form WIDTHxHEIGHT")
    return tuple(int(side) for side in sides)


ESSENTIAL = (
    click.argument("inputs", nargs=-1, type=FileOrAddress(), metavar="[CAMERA|URL|VIDEO]"),
    click.option(
        "--data_path",
        "-i",
        type=FileOrAddress(),
        metavar="CAMERA|URL|VIDEO",
        help="Name or number of a camera (0, /dev/video0), address of a stream (RTSP, HTTP), "
        "or a video, which is played at its rate. Also without -i, ahead of the options.",
    ),
    click.option(
        "--model_paths",
        "-m",
        multiple=True,
        required=True,
        type=_PATH,
        help="Export folder, `.onnx` file or trained model folder. Two for top-down, in any order.",
    ),
    click.option(
        "--output_path", "-o", type=_PATH, help="File to record to.  [default: none is written]"
    ),
)
SOURCE = (
    click.option(
        "--rate",
        type=float,
        metavar="FPS",
        help="Frames per second asked of a camera, or at which a video is played.  [default: its "
        "own]",
    ),
    click.option(
        "--size",
        metavar="WIDTHxHEIGHT",
        callback=_size,
        help="Size asked of a camera, px.  [default: its own]",
    ),
    click.option(
        "--camera_format",
        help="Pixel format or codec asked of a camera, e.g. mjpeg, which many need for high rates.",
    ),
    click.option(
        "--stall_timeout",
        type=float,
        default=LiveOptions.stall_timeout,
        show_default=True,
        metavar="S",
        help="A camera is lost when no frame comes for so many s; 0: never.",
    ),
    click.option(
        "--duration",
        type=float,
        metavar="S",
        help="End after so many s.  [default: when the camera ends, or at Ctrl-C]",
    ),
)
RESULTS = (
    click.option(
        "--deadline_ms",
        type=float,
        metavar="MS",
        help="Latency to keep; the figures say which share of the results was later.",
    ),
    click.option(
        "--zmq",
        metavar="ADDRESS",
        help="Publish results there over ZeroMQ, e.g. tcp://127.0.0.1:5555, in place of JSON lines "
        "on standard output.",
    ),
    click.option(
        "--view",
        type=int,
        is_flag=False,
        flag_value=0,
        metavar="[PORT]",
        help="Show the camera with poses on a page of this machine, at any free port or this one.",
    ),
    click.option(
        "--report_every",
        type=float,
        default=LiveOptions.report_every,
        show_default=True,
        metavar="S",
        help="Seconds between lines of figures on standard error; 0: none.",
    ),
    click.option(
        "--output_format",
        type=OUTPUT_FORMAT,
        default="auto",
        show_default=True,
        help="Kind of file to record to. auto: as the name of -o ends, else slp.",
    ),
    click.option(
        "--no_empty_frames", is_flag=True, help="Record no frames in which nothing was found."
    ),
    click.option("--overwrite", is_flag=True, help="Replace the file if it is there."),
    click.option("--verbose", is_flag=True, help="Say more; show where an error came from."),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing but warnings and the summary."),
    click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Behind the results, one more line of JSON on standard output: the summary.",
    ),
)
TRACKING = click.option(
    "--tracking/--no_tracking",
    "-t/ ",
    default=True,
    show_default=True,
    help="Follow animals through the frames.",
)
