"""`sleap-nn track`: predict the poses in a video."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from sleap_rt.cli.parameters import FrameList, given_options, refuse_without_effect
from sleap_rt.errors import OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import DecodeOptions, EngineOptions, RunOptions

_DECODE = tuple(DecodeOptions.__dataclass_fields__)


@click.command("track", short_help="Predict the poses in a video.")
@click.option(
    "--data_path", "-i", required=True, type=click.Path(path_type=Path), help="Video to predict."
)
@click.option(
    "--model_paths",
    "-m",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Export folder, `.onnx` file or trained model folder. Two for top-down, in any order.",
)
@click.option(
    "--output_path",
    "-o",
    type=click.Path(path_type=Path),
    help="File to write.  [default: <data_path>.predictions.slp]",
)
@click.option("--frames", type=FrameList(), help='Frames to predict, e.g. "0-100,200-300".')
@click.option(
    "--batch_size",
    "-b",
    type=int,
    default=RunOptions.batch_size,
    show_default=True,
    help="Frames per call of the engine.",
)
@click.option(
    "--queue_maxsize",
    type=int,
    default=RunOptions.queue_maxsize,
    show_default=True,
    help="Decoded frames that may wait for the engine.",
)
@click.option(
    "--device",
    "-d",
    default=EngineOptions.device,
    show_default=True,
    help="auto, cpu, cuda or cuda:N. What is asked for is what runs, or an error.",
)
@click.option(
    "--engine", default=EngineOptions.engine, show_default=True, help="auto or ort (ONNX Runtime)."
)
@click.option(
    "--max_instances", "-n", type=int, help="Keep the best n instances of a frame.  [default: all]"
)
@click.option(
    "--peak_threshold",
    type=float,
    default=DecodeOptions.peak_threshold,
    show_default=True,
    help="Confidence below which there is no peak.",
)
@click.option(
    "--centroid_peak_threshold",
    type=float,
    help="The same for centroids.  [default: --peak_threshold]",
)
@click.option(
    "--integral_refinement",
    default=DecodeOptions.integral_refinement,
    show_default=True,
    help="integral for sub-pixel peaks, none for the grid.",
)
@click.option(
    "--max_edge_length_ratio",
    type=float,
    default=DecodeOptions.max_edge_length_ratio,
    show_default=True,
    help="Bottom-up: longest edge without penalty, over the largest side of the fields.",
)
@click.option(
    "--dist_penalty_weight",
    type=float,
    default=DecodeOptions.dist_penalty_weight,
    show_default=True,
    help="Bottom-up: penalty on longer edges.",
)
@click.option(
    "--min_line_scores",
    type=float,
    default=DecodeOptions.min_line_scores,
    show_default=True,
    help="Bottom-up: least score of a connection.",
)
@click.option(
    "--min_instance_peaks",
    type=float,
    default=DecodeOptions.min_instance_peaks,
    show_default=True,
    help="Bottom-up: least number of peaks (or fraction of nodes, below 1) of an instance.",
)
@click.pass_context
def command(ctx: click.Context, /, **params: Any) -> None:
    """Predict the poses in a video and write them to a `.slp` file.

    \b
    sleap-nn track -i video.mp4 -m exports/flies
    sleap-nn track -i video.mp4 -m models/centroid -m models/centered_instance -n 2
    """
    decode = _decode_options(params)
    engine = EngineOptions(engine=params["engine"], device=params["device"])
    run = RunOptions(batch_size=params["batch_size"], queue_maxsize=params["queue_maxsize"])
    if not params["model_paths"]:
        raise OptionError("-m/--model_paths is missing: an export folder, `.onnx` or model folder")

    from sleap_rt.cli.model_paths import resolve_graphs
    from sleap_rt.runtime.engines import check_engine_options
    from sleap_rt.runtime.job import VideoJob, check_output, run_video_job
    from sleap_rt.runtime.predictors import effective_options

    check_engine_options(engine)
    data_path = params["data_path"]
    output_path = params["output_path"] or data_path.with_suffix(".predictions.slp")
    check_output(output_path, data_path)  # before a model is exported, which takes a while
    graphs = resolve_graphs(params["model_paths"])
    names = " + ".join(path.stem for path in graphs)
    refuse_without_effect(given_options(ctx, _DECODE), effective_options(graphs), names)
    job = VideoJob(
        data_path=data_path,
        models=graphs,
        output_path=output_path,
        frames=params["frames"],
        decode=decode,
        engine=engine,
        run=run,
    )
    summary = run_video_job(job, _progress)
    if summary.n_skipped:
        click.echo(f"{summary.n_skipped} frames asked for are not in the video", err=True)
    fps = summary.n_frames / max(summary.seconds, 1e-9)
    click.echo(
        f"{summary.n_frames} frames, {summary.n_instances} instances, {fps:.1f} frames/s "
        f"on {summary.device} -> {output_path}"
    )


def _decode_options(params: dict[str, Any]) -> DecodeOptions:
    values = {name: params[name] for name in _DECODE}
    if values["integral_refinement"] in ("None", "NONE"):  # the seed's spelling
        values["integral_refinement"] = "none"
    return DecodeOptions(**values)


def _progress(results: Iterable[FrameInstances], n_frames: int) -> Iterable[FrameInstances]:
    """A bar with frames/s and time left on standard error; nothing where that is no terminal."""
    from tqdm import tqdm

    quiet = not sys.stderr.isatty()
    bar: Iterable[FrameInstances] = tqdm(
        results, total=n_frames, unit=" frames", file=sys.stderr, disable=quiet
    )
    return bar
