"""`sleap-nn merge`: one result of the parts that `track --frame_range_of` wrote."""

from pathlib import Path
from typing import Any

import click

from sleap_rt.cli.options.dialects import UPSTREAM, DialectCommand
from sleap_rt.cli.options.parameters import given_options
from sleap_rt.cli.options.sections import section
from sleap_rt.cli.options.track import OUTPUT_FORMAT
from sleap_rt.cli.options.tracking import tracking_option_list
from sleap_rt.cli.reports.next_steps import after_results
from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.cli.terminal.logs import tell_logs
from sleap_rt.version import __version__
from sleap_rt.words import in_full
from sleap_rt.workflows.leniency import taken_leniently
from sleap_rt.workflows.tracking import tracker_options

_PATH = click.Path(path_type=Path)
_ESSENTIAL = (
    click.argument("parts", nargs=-1, type=_PATH, metavar="PART..."),
    click.option(
        "--data_path",
        "-i",
        multiple=True,
        type=_PATH,
        help="Parts, or their folder. Also without -i.",
    ),
    click.option(
        "--output_path", "-o", type=_PATH, required=True, help="File to write, as `track` takes it."
    ),
    click.option(
        "--output_format",
        type=OUTPUT_FORMAT,
        default="auto",
        show_default=True,
        help="Kind of file to write. auto: as the name of -o ends.",
    ),
    click.option("--no_empty_frames", is_flag=True, help="Leave out frames without instances."),
    click.option("--overwrite", is_flag=True, help="Replace a file that is another result."),
    click.option("--reproducible", is_flag=True, help="Leave times out of the result."),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing but warnings and errors."),
    click.option(
        "--json", "as_json", is_flag=True, help="What was done as one JSON object in place of text."
    ),
)


@click.command(
    "merge", cls=DialectCommand, short_help="Make one result of parts, as job arrays write them."
)
@section("Essential", *_ESSENTIAL)
@section("Tracking, if not as was said for the parts", *tracking_option_list())
@section("Of sleap-nn", *UPSTREAM)
@click.pass_context
def command(ctx: click.Context, /, **params: Any) -> int:
    """Put the parts of one run together, follow the animals through all frames, and write.

    Parts are what `track --frame_range_of K/N` writes. The result is that of one run over all
    frames. Animals are followed if that was said for the parts, or if --tracking is given here.

    \b
    sleap-nn track -i video.mp4 -m exports/flies --tracking --frame_range_of 1/2
    sleap-nn track -i video.mp4 -m exports/flies --tracking --frame_range_of 2/2
    sleap-nn merge video.predictions.*of2.part -o flies.slp
    """
    tell_logs(quiet=params["quiet"])
    taken, warnings = taken_leniently(params, given_options(ctx, params))
    for warning in warnings:
        messages.warn(warning)

    from sleap_rt.cli.reports.prediction import TerminalReport
    from sleap_rt.workflows.many.task import facts_of
    from sleap_rt.workflows.parts.file import parts_among
    from sleap_rt.workflows.parts.merge import MergeOptions, merge_parts
    from sleap_rt.workflows.planning.options import PredictionOptions

    tracking, given = tracker_options(taken), (*params["parts"], *params["data_path"])
    options = MergeOptions(
        output_path=params["output_path"],
        output_format=params["output_format"],
        tracking=tracking,
        no_empty_frames=params["no_empty_frames"],
        reproducible=params["reproducible"],
        overwrite=params["overwrite"],
    )
    report = TerminalReport(
        quiet=params["quiet"], verbose=False, json_lines=False, is_aside=params["as_json"]
    )
    summary = merge_parts(given, options, report)
    report.done(summary, PredictionOptions(tracking=tracking), predicts=False)
    if params["as_json"]:
        parts = list(map(in_full, parts_among(given)))
        facts = {"sleap_rt_version": __version__, "parts": parts, **facts_of(summary)}
        print_json(facts)
    if not params["quiet"]:
        is_tracked, found = summary.n_tracks > 0, summary.n_instances > 0
        has_several = summary.most_instances != 1
        after_results(summary.paths, is_tracked=is_tracked, found=found, has_several=has_several)
    return int(summary.damaged.lacks_poses)
