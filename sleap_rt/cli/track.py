"""`sleap-nn track`: predict the poses in a video, follow the animals, or both."""

import logging
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sleap_rt.cli import track_options
from sleap_rt.cli.engine_options import TUNING, engine_options_from
from sleap_rt.cli.override_options import OVERRIDES
from sleap_rt.cli.parameters import given_options, refuse_without_effect
from sleap_rt.cli.sections import SectionedCommand, section
from sleap_rt.cli.tracking_options import tracker_options, tracking_option_list
from sleap_rt.contract import GraphContract
from sleap_rt.errors import OptionError
from sleap_rt.kinds import is_crop_model_alone
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    RunOptions,
    SelectionOptions,
    filled,
    overrides_at_run_time,
)
from sleap_rt.tracking.options import TrackerOptions

if TYPE_CHECKING:
    from sleap_rt.runtime.frames.source import Source
    from sleap_rt.runtime.pipeline.job import JobSummary, PredictionJob

_DECODE = tuple(DecodeOptions.__dataclass_fields__)


@click.command(
    "track", cls=SectionedCommand, short_help="Predict poses in a video, follow animals, or both."
)
@section("Essential", *track_options.ESSENTIAL)
@section("Model and image, in place of the training configuration", *OVERRIDES)
@section("Bottom-up models", *track_options.BOTTOMUP)
@section("Which frames", *track_options.SELECTION)
@section("Engine", *TUNING)
@section("Filters, ahead of tracking", *track_options.FILTERS)
@section("Tracking", *tracking_option_list())
@section("Output and messages", *track_options.OUTPUT)
@click.pass_context
def command(ctx: click.Context, /, **params: Any) -> None:
    """Predict the poses in a video and write them to a `.slp` file.

    With --tracking, animals are followed through the frames as well. Without a model, the poses
    of a `.slp` file are followed.

    \b
    sleap-nn track -i video.mp4 -m exports/flies
    sleap-nn track -i video.mp4 -m models/centroid -m models/centered_instance -n 2
    sleap-nn track -i video.mp4 -m exports/flies -t --frames "0-100,200-300"
    sleap-nn track -i poses.slp -t --motion_model kalman --max_tracks 2
    """
    if params["verbose"]:
        if params["quiet"]:
            raise OptionError("verbose and quiet exclude each other")
        logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if params["model_paths"]:
            _predict(ctx, params)
        elif params["tracking"]:
            _track_only(ctx, params)
        else:
            raise OptionError(
                "neither -m/--model_paths (predict poses) nor -t/--tracking (follow the poses of a "
                "`.slp` file) was given; give one or both"
            )
    except Exception as error:
        if params["gui"]:
            from sleap_rt.runtime.pipeline.progress import json_error

            json_error(error)
        raise


def _predict(ctx: click.Context, params: dict[str, Any]) -> None:
    if params["integral_refinement"] in ("None", "NONE"):  # the seed's spelling
        params["integral_refinement"] = "none"
    decode, filters = filled(DecodeOptions, params), filled(FilterOptions, params)
    run, selection = filled(RunOptions, params), filled(SelectionOptions, params)
    tracking = tracker_options(ctx, params)
    overrides = overrides_at_run_time(params)
    given, output_format = params["output_path"], params["output_format"]
    data_path: Path = params["data_path"]

    from sleap_rt.cli.model_paths import resolve_graphs
    from sleap_rt.runtime.engines import check_engine_options
    from sleap_rt.runtime.frames.open_source import open_source
    from sleap_rt.runtime.graph_file import read_graph_file
    from sleap_rt.runtime.outputs.names import check_output
    from sleap_rt.runtime.pipeline.job import PredictionJob, run_prediction

    check_engine_options(filled(EngineOptions, params))
    if given is not None:
        check_output(given, [data_path], output_format)
    with open_source(data_path, selection) as source:
        output_path = given or source.default_output(data_path, output_format)
        # Before a model is exported, which takes a while.
        check_output(output_path, source.files, output_format)
        check = partial(_check_models, ctx, decode, source)
        graphs = resolve_graphs(params["model_paths"], overrides, check)
        contracts = [read_graph_file(graph).contract for graph in graphs]
        engine = engine_options_from(params, graphs, quiet=params["quiet"])
        job = PredictionJob(
            models=graphs,
            output_path=output_path,
            selection=selection,
            decode=decode,
            filters=filters,
            tracking=tracking,
            engine=engine,
            run=run,
            match_known=_match_known(params, contracts, source),
            centroid_output=params["centroid_output"],
            output_format=output_format,
            no_empty_frames=params["no_empty_frames"],
            resume=params["resume"],
        )
        _report(run_prediction(source, job, _progress(params)), job, params)


def _check_models(
    ctx: click.Context,
    decode: DecodeOptions,
    source: "Source",
    contracts: Sequence[GraphContract],
) -> None:
    """Refuse what the models cannot do; told ahead of an export, which takes a while.

    Raises:
        OptionError: an option has no effect with these models, or names what they do not have.
        DataError: the models work on labelled animals, and there are none.
    """
    from sleap_rt.runtime.outputs.centroids import check_centroid_output
    from sleap_rt.runtime.pipeline.stream import restrict_to_labeled
    from sleap_rt.runtime.predictors import check_use, effective_options

    params = ctx.params
    kinds = [contract.kind for contract in contracts]
    given = given_options(ctx, _DECODE)
    refuse_without_effect(given, effective_options(contracts), " + ".join(kinds))
    check_use(contracts, decode)
    matched = _match_known(params, contracts, source)
    check_centroid_output(
        params["centroid_output"],
        finds_centroids=kinds == ["centroid"] and not matched,
        is_tracked=params["tracking"],
        output_format=params["output_format"],
    )
    if matched or is_crop_model_alone(kinds):
        restrict_to_labeled(source)


def _match_known(
    params: dict[str, Any], contracts: Sequence[GraphContract], source: "Source"
) -> bool:
    """Whether a centroid model alone takes over the poses of labelled animals."""
    alone = [contract.kind for contract in contracts] == ["centroid"]
    if params["centroid_only"] and not alone:
        raise OptionError("--centroid_only: no effect without a centroid model alone; leave it out")
    return alone and source.labels is not None and not params["centroid_only"]


def _progress(params: dict[str, Any]) -> Any:
    from sleap_rt.runtime.pipeline import progress

    if params["gui"]:
        return progress.json_lines
    return progress.silent if params["quiet"] else progress.bar


def _report(summary: "JobSummary", job: "PredictionJob", params: dict[str, Any]) -> None:
    if summary.n_skipped:
        click.echo(f"Warning: {summary.n_skipped} frames asked for do not exist", err=True)
    if params["quiet"]:
        return
    tracks = f"{summary.n_tracks} tracks, " if summary.n_tracks or job.tracking else ""
    resumed = f" ({summary.n_resumed} of them before)" if summary.n_resumed else ""
    click.echo(
        f"{summary.n_frames} frames{resumed}, {summary.n_instances} instances, {tracks}"
        f"{summary.frames_per_second:.1f} frames/s with {summary.engine} on {summary.device} -> "
        f"{', '.join(map(str, summary.paths))}",
        err=params["gui"],
    )


_OF_TRACK_ONLY = {
    *(field.name for options in (FilterOptions, TrackerOptions) for field in fields(options)),
    *("data_path", "output_path", "frames", "video_index", "max_instances", "tracking"),
    *("output_format", "no_empty_frames", "verbose", "quiet", "gui"),
}


def _track_only(ctx: click.Context, params: dict[str, Any]) -> None:
    tracking = tracker_options(ctx, params)
    assert tracking is not None  # --tracking is on
    selection, filters = filled(SelectionOptions, params), filled(FilterOptions, params)
    of_models = set(params) - _OF_TRACK_ONLY
    refuse_without_effect(given_options(ctx, of_models), frozenset(), "tracking without a model")
    from sleap_rt.cli.track_only import run_track_only

    run_track_only(
        params["data_path"],
        tracking,
        output_path=params["output_path"],
        frames=selection.frames,
        video_index=selection.video_index,
        filters=filters,
        output_format=params["output_format"],
        no_empty_frames=params["no_empty_frames"],
        quiet=params["quiet"],
    )
