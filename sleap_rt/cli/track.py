"""`sleap-nn track`: predict the poses in a video, follow the animals, or both."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from sleap_rt.cli.options import track as track_options
from sleap_rt.cli.options.dialects import UPSTREAM
from sleap_rt.cli.options.engine import TUNING
from sleap_rt.cli.options.overrides import OVERRIDES
from sleap_rt.cli.options.parameters import given_options
from sleap_rt.cli.options.resume import resume_asked
from sleap_rt.cli.options.sections import section
from sleap_rt.cli.options.tracking import tracking_option_list
from sleap_rt.cli.options.words.swapped import refuse_swapped
from sleap_rt.cli.reports.for_programs import (
    GuiCommand,
    exit_code,
    facts_of_failure,
    tell_facts,
)
from sleap_rt.cli.reports.next_steps import after_many, after_results, goes_on, may_have_several
from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.logs import tell_logs
from sleap_rt.cli.terminal.streams import say
from sleap_rt.errors import OptionError
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    FrameRange,
    RunOptions,
    SelectionOptions,
    filled,
    overrides_at_run_time,
)
from sleap_rt.workflows.leniency import taken_leniently
from sleap_rt.workflows.tracking import needed_tracker_options, tracker_options

if TYPE_CHECKING:
    from sleap_rt.workflows.cluster.predictions import ClusterPredictions
    from sleap_rt.workflows.many.inputs import Inputs
    from sleap_rt.workflows.many.options import ManyOptions
    from sleap_rt.workflows.many.predictions import ManyPredictions
    from sleap_rt.workflows.many.run import ManyRun
    from sleap_rt.workflows.many.task import Task
    from sleap_rt.workflows.planning.options import PredictionOptions
    from sleap_rt.workflows.retracking import RetrackSummary


@click.command(
    "track",
    cls=GuiCommand,
    aliases=["predict"],
    short_help="Predict poses in a video, follow animals, or both.",
)
@section("Essential", *track_options.ESSENTIAL)
@section("In place of the training configuration", *OVERRIDES)
@section("Bottom-up models", *track_options.BOTTOMUP)
@section("Which frames", *track_options.SELECTION)
@section("The run", *track_options.RUN)
@section("Engine", *TUNING)
@section("Filters, ahead of tracking", *track_options.FILTERS)
@section("Tracking", *tracking_option_list())
@section("Output and messages", *track_options.OUTPUT)
@section("Of sleap-nn", *UPSTREAM)
@click.pass_context
def command(ctx: click.Context, /, **params: Any) -> int:
    """Predict the poses in a video and write them to a `.slp` file.

    With --tracking, animals are followed through the frames as well. Without a model, the poses
    of a `.slp` file are followed.

    \b
    sleap-nn track -i video.mp4 -m exports/flies
    sleap-nn track -i video.mp4 -m models/centroid -m models/centered_instance -n 2
    sleap-nn track -i video.mp4 -m exports/flies -t --frames "0-100,200-300"
    sleap-nn track -i poses.slp -t --motion_model kalman --max_tracks 2
    """
    if not (params["inputs"] or params["data_path"] or params["model_paths"]):
        raise click.UsageError("Name a video and models (-m), or poses (`.slp`) and --tracking")
    tell_logs(quiet=params["quiet"], verbose=params["verbose"])
    for other in ("gui", "dry_run"):
        if params["as_json"] and params[other]:
            raise OptionError(f"json and {other} exclude each other; give one")
    refuse_swapped(params["model_paths"], (*params["inputs"], *params["data_path"]))
    params = {**_in_our_terms(ctx, params), "resume": resume_asked(params)}
    return (_predict if params["model_paths"] else _track_only)(ctx, params)


def _in_our_terms(ctx: click.Context, params: dict[str, Any]) -> dict[str, Any]:
    taken, warnings = taken_leniently(params, given_options(ctx, params))
    for warning in warnings:
        messages.warn(warning)
    return taken


def _predict(ctx: click.Context, params: dict[str, Any]) -> int:
    """The exit code: 1 where frames could not be read or answered, or inputs failed."""
    if params["integral_refinement"] in ("None", "NONE"):  # sleap-nn's spelling
        params["integral_refinement"] = "none"
    options = _prediction_options(ctx, params)
    overrides = overrides_at_run_time(params)
    _check_preview(params, options)
    inputs, many = _inputs(params)

    from sleap_rt.cli.reports.prediction import TerminalReport
    from sleap_rt.workflows.predict import predict

    models = params["model_paths"]
    if params["dry_run"]:
        from sleap_rt.workflows.many.dry_run import dry_run

        return _tell_plan(dry_run(inputs.paths, many, models, options, overrides))
    report = TerminalReport(
        quiet=params["quiet"],
        verbose=params["verbose"],
        json_lines=params["gui"],
        is_aside=params["as_json"],
    )
    show = _previewed(partial(report.done, options=options), params)
    alone = _alone(inputs, params)
    if options.cluster is not None:
        from sleap_rt.workflows.cluster.predictions import ClusterPredictions

        with ClusterPredictions(models, options, overrides, report) as cluster:
            if many is not None:
                return _carry_out(inputs, many, cluster, show, params, cluster)
            with facts_of_failure(alone, params):
                summary = cluster.predict(inputs.paths[0])
    elif many is not None:
        from sleap_rt.workflows.many.predictions import ManyPredictions

        with ManyPredictions(models, options, overrides, report) as work:
            return _carry_out(inputs, many, work, show, params, work)
    else:
        with facts_of_failure(alone, params):
            summary = predict(inputs.paths[0], models, options, overrides, report)
    show(summary)
    return _end(alone, summary, params)


def _tell_plan(lines: Iterable[str]) -> int:
    for line in lines:
        say(line)
    messages.next_step("the same command without --dry_run does this")
    return 0


def _alone(inputs: "Inputs", params: dict[str, Any]) -> "ManyRun":
    """A run of one input, as many inputs have it, for what is told at its end."""
    from sleap_rt.runtime.outputs.names import settled_format
    from sleap_rt.workflows.many.inputs import result_paths
    from sleap_rt.workflows.many.run import ManyRun
    from sleap_rt.workflows.many.task import Task

    paths, output = inputs.paths[:1], params["output_path"]
    if output is None:
        (output,) = result_paths(paths, None, settled_format(params["output_format"], None))
    return ManyRun([Task(path=paths[0], output=output)])


def _end(alone: "ManyRun", done: Any, params: dict[str, Any]) -> int:
    """Tell what was done with one input; the exit code."""
    alone.tasks[0].status, alone.tasks[0].done = "done", done
    tell_facts(alone, params)
    if not params["quiet"]:
        is_tracked = bool(params["tracking"]) or done.n_tracks > 0
        paths = [path for path in done.paths if goes_on(done, path, params)]
        after_results(paths, is_tracked=is_tracked, has_several=may_have_several(done))
    return exit_code(alone, params)


def _inputs(params: dict[str, Any]) -> "tuple[Inputs, ManyOptions | None]":
    """The inputs, and what is said about all of them together."""
    from sleap_rt.workflows.many.inputs import find_inputs
    from sleap_rt.workflows.many.options import many_options

    inputs = find_inputs([*params["inputs"], *params["data_path"]])
    for note in [] if params["quiet"] else inputs.notes:
        messages.note(note)
    return inputs, many_options(inputs, params["output_path"], params, names_output=True)


def _carry_out(
    inputs: "Inputs",
    many: "ManyOptions",
    work: "Callable[[Task], Any]",
    show: Callable[[Any], None],
    params: dict[str, Any],
    predictions: "ClusterPredictions | ManyPredictions | None" = None,
) -> int:
    """Process one input after the other; the exit code."""
    from sleap_rt.cli.reports.many_inputs import ManyTerminalReport
    from sleap_rt.workflows.many.plan import NOTHING_AHEAD, plan_many
    from sleap_rt.workflows.many.run import none_ahead

    report = ManyTerminalReport(
        show, quiet=params["quiet"], json_lines=params["gui"], is_aside=params["as_json"]
    )
    ahead = NOTHING_AHEAD if predictions is None else predictions.ahead
    look_ahead = none_ahead if predictions is None else predictions.look_ahead
    run = plan_many(inputs.paths, many, ahead)
    with report, facts_of_failure(run, params):
        run.carry_out(work, report, look_ahead=look_ahead)
    report.finished(run)
    tell_facts(run, params)
    if not params["quiet"]:
        done = [task.done for task in run.tasks if task.done is not None]
        written = [path for one in done for path in one.paths if goes_on(one, path, params)]
        after_many(
            len(run.with_status("failed")),
            written,
            is_tracked=bool(params["tracking"]),
            has_several=any(map(may_have_several, done)),
        )
    return exit_code(run, params)


def _prediction_options(ctx: click.Context, params: dict[str, Any]) -> "PredictionOptions":
    decode, filters = filled(DecodeOptions, params), filled(FilterOptions, params)
    run, selection = filled(RunOptions, params), filled(SelectionOptions, params)
    tracking, given = tracker_options(params), frozenset(given_options(ctx, params))

    from sleap_rt.workflows.cluster.asked import asked_cluster
    from sleap_rt.workflows.planning.options import PredictionOptions

    cluster = params["cluster"]
    return PredictionOptions(
        cluster=None if cluster is None else asked_cluster(cluster),
        selection=selection,
        decode=decode,
        filters=filters,
        tracking=tracking,
        engine=filled(EngineOptions, params),
        run=run,
        frame_range_of=FrameRange.of(params["frame_range_of"]),
        names_output=True,
        given=given,
        **{name: params[name] for name in _OF_OUTPUT},
    )


_OF_OUTPUT = (
    "centroid_only",
    "centroid_output",
    "output_path",
    "output_format",
    "no_empty_frames",
    "overwrite",
    "preview",
    "reproducible",
    "resume",
    "journal",
)


_OF_COMMAND = ("data_path", "inputs", "output_path", "verbose", "quiet")


def _track_only(ctx: click.Context, params: dict[str, Any]) -> int:
    tracking = needed_tracker_options(params, (*params["inputs"], *params["data_path"]))

    from sleap_rt.cli.reports.retracking import RetrackReport
    from sleap_rt.workflows.retracking import RetrackOptions, refuse_without_effect, retrack_data
    from sleap_rt.workflows.retracking.dry_run import retrack_dry_run

    refuse_without_effect(given_options(ctx, set(params) - set(_OF_COMMAND)))
    options = RetrackOptions(
        tracking=tracking,
        selection=filled(SelectionOptions, params),
        filters=filled(FilterOptions, params),
        output_path=params["output_path"],
        output_format=params["output_format"],
        no_empty_frames=params["no_empty_frames"],
        overwrite=params["overwrite"],
        preview=params["preview"],
        reproducible=params["reproducible"],
    )
    inputs, many = _inputs(params)
    _check_preview(params, options)
    if params["dry_run"]:
        return _tell_plan(retrack_dry_run(inputs.paths, many, options))
    told = RetrackReport(
        quiet=params["quiet"], json_lines=params["gui"], is_aside=params["as_json"]
    )
    show = _previewed(told.done, params)
    alone = _alone(inputs, params)
    if many is not None:

        def work(task: "Task") -> "RetrackSummary":
            asked = replace(options, output_path=task.output)
            return retrack_data(task.path, asked, keeps_labels=False, note=told.note)

        return _carry_out(inputs, many, work, show, params)
    with facts_of_failure(alone, params):
        done = retrack_data(
            inputs.paths[0], options, writes=True, keeps_labels=False, note=told.note
        )
    show(done)
    return _end(alone, done, params)


def _check_preview(params: dict[str, Any], options: Any) -> None:
    if params["preview"]:
        from sleap_rt.workflows.show.preview import check_preview

        check_preview(options)


def _previewed(show: Callable[[Any], None], params: dict[str, Any]) -> Callable[[Any], None]:
    """Shows what was done with an input, and draws its preview if that was asked for."""

    def shown(done: Any) -> None:
        show(done)
        if not params["preview"]:
            return
        from sleap_rt.workflows.show.preview import previews

        for path, failure in previews(done.paths, overwrite=params["overwrite"]):
            if path is None:
                messages.warn(failure)
            elif not params["quiet"]:
                say(f"preview -> {path}", err=params["gui"] or params["as_json"])

    return shown
