"""The command: flags to options, one workflow, its summary."""

import sys
from typing import Any

import click

from sleap_rt.cli.live.options import ESSENTIAL, RESULTS, SOURCE, TRACKING
from sleap_rt.cli.options import track as track_options
from sleap_rt.cli.options.dialects import UPSTREAM, DialectCommand
from sleap_rt.cli.options.engine import DEVICE, ENGINE, TUNING
from sleap_rt.cli.options.overrides import OVERRIDES
from sleap_rt.cli.options.parameters import given_options
from sleap_rt.cli.options.sections import section
from sleap_rt.cli.options.tracking import tracker_option_list
from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.logs import tell_logs
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    LiveOptions,
    filled,
    overrides_at_run_time,
)
from sleap_rt.options.given import refuse_unwritten
from sleap_rt.workflows.leniency import taken_leniently
from sleap_rt.workflows.tracking import tracker_options


@click.command(
    "live", cls=DialectCommand, short_help="Predict and follow animals while a camera runs."
)
@section("Essential", *ESSENTIAL, DEVICE, ENGINE, *track_options.PEAKS)
@section("Camera", *SOURCE)
@section("Results", *RESULTS)
@section("Model and image, in place of the training configuration", *OVERRIDES)
@section("Bottom-up models", *track_options.BOTTOMUP)
@section("Engine", *TUNING)
@section("Filters, ahead of tracking", *track_options.FILTERS)
@section("Tracking", TRACKING, *tracker_option_list())
@section("Of sleap-nn", *UPSTREAM)
@click.pass_context
def command(ctx: click.Context, /, **params: Any) -> int:
    """Predict and follow animals while a camera runs.

    Each result is a line of JSON on standard output. The newest frame is always taken first: frames
    that come while another one is worked on are dropped, and counted. Ctrl-C ends the run with a
    summary.

    \b
    sleap-nn live -i /dev/video0 -m exports/flies --deadline_ms 20
    sleap-nn live -i rtsp://camera.local/stream -m exports/flies --view
    sleap-nn live -i 0 -m exports/flies -o session.slp --zmq tcp://127.0.0.1:5555
    sleap-nn live -i video.mp4 -m exports/flies --duration 60 > poses.jsonl
    """
    tell_logs(quiet=params["quiet"], verbose=params["verbose"])
    if params["integral_refinement"] in ("None", "NONE"):  # sleap-nn's spelling
        params["integral_refinement"] = "none"
    refuse_unwritten(params["output_path"], params, ["no_empty_frames"])
    given = given_options(ctx, params)
    taken, warnings = taken_leniently(params, given)
    for warning in warnings:
        messages.warn(warning)
    decode, filters = filled(DecodeOptions, taken), filled(FilterOptions, taken)
    tracking, live = tracker_options(taken), filled(LiveOptions, taken)
    overrides, engine = overrides_at_run_time(taken), filled(EngineOptions, taken)

    from sleap_rt.cli.live.report import LiveTerminalReport
    from sleap_rt.runtime.live import JsonLines
    from sleap_rt.workflows.live import watch
    from sleap_rt.workflows.planning.options import PredictionOptions

    options = PredictionOptions(
        decode=decode,
        filters=filters,
        tracking=tracking,
        engine=engine,
        given=frozenset(given),
        **{name: taken[name] for name in _OF_OUTPUT},
    )
    report = LiveTerminalReport(
        quiet=params["quiet"], verbose=params["verbose"], as_json=params["as_json"]
    )
    outlets = [] if live.zmq is not None else [JsonLines(sys.stdout)]
    models, source = params["model_paths"], _source(params)
    summary = watch(source, models, options, live, overrides, outlets, report)
    return int(summary.figures.n_unanswered > 0)


_OF_OUTPUT = ("output_path", "output_format", "no_empty_frames", "overwrite")


def _source(params: dict[str, Any]) -> str:
    given: list[str] = [*params["inputs"], *filter(None, [params["data_path"]])]
    if len(given) != 1:
        raise click.UsageError(
            f"{len(given)} sources were given; one is taken"
            if given
            else "Name a camera, a stream or a video ahead of the options, or behind data_path (-i)"
        )
    return given[0]
