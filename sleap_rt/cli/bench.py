"""`sleap-nn bench`: how fast an exported model runs here, engines side by side."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.options.engine import DEVICE, tell_choice, tuning_options
from sleap_rt.cli.options.models import given_models, model_arguments
from sleap_rt.cli.reports.steps_progress import StepsProgress
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.cli.terminal.messages import next_step
from sleap_rt.cli.terminal.tables import show_line, show_table
from sleap_rt.options import EngineOptions, filled
from sleap_rt.words import as_typed, counted

if TYPE_CHECKING:
    from sleap_rt.workflows.inspect.bench import BenchPlan

_VIDEO_RATE = 30  # frames/s, of most cameras
_COLUMNS = (
    ("engine", "{engine}"),
    ("device", "{device}"),
    ("batch", "{batch_size}"),
    ("frames/s", "{frames_per_second:.1f}"),
    ("instances", "{per_frame:.1f}"),
    ("p50", "{latency_ms[p50]:.1f}"),
    ("p90", "{latency_ms[p90]:.1f}"),
    ("p99", "{latency_ms[p99]:.1f}"),
    ("max", "{latency_ms[max]:.1f}"),
    ("copy", "{copy_ms:.2f}"),
    ("graph", "{graph_ms:.1f}"),
    ("group", "{group_ms:.2f}"),
    ("track", "{track_ms:.2f}"),
    ("read", "{read}"),
    ("write", "{write_ms:.0f}"),
    ("open", "{open_ms:.0f}"),
    ("first", "{first_ms:.0f}"),
    ("run frames/s", "{run_frames_per_second:.1f}"),
    ("busy", "{engine_busy:.0%}"),
)


class _Comparing(OnceCommand):
    """Takes several engines, or batch sizes, after one flag, as far as words are such."""

    def words(self, args: Sequence[str]) -> list[str]:
        return list(_repeated(super().words(args)))


def _repeated(args: Sequence[str]) -> Iterator[str]:
    flag = ""
    for before, word in zip(("", *args), args, strict=False):
        if word.startswith("-"):
            flag = word
        elif before != flag and flag in _SEVERAL and _SEVERAL[flag](word):
            yield flag
        yield word


def _is_engine(word: str) -> bool:
    from sleap_rt.runtime.engines import declarations

    return word == EngineOptions.engine or word in declarations()


_SEVERAL = {"--engine": _is_engine, "--batch_size": str.isdigit, "-b": str.isdigit}


@click.command("bench", cls=_Comparing, short_help="Measure how fast an exported model runs here.")
@model_arguments("PATH")
@click.option(
    "--data_path",
    "-i",
    type=click.Path(path_type=Path),
    help="Video to take frames from.  [default: the one frame stored in the model, which "
    "may show more or fewer animals than yours]",
)
@click.option(
    "--engine",
    "engines",
    multiple=True,
    default=(EngineOptions.engine,),
    show_default=True,
    help="Engine to measure; repeat the option to compare several. auto is what `track` takes.",
)
@DEVICE
@click.option(
    "--batch_size",
    "-b",
    "batch_sizes",
    type=int,
    multiple=True,
    help="Frames per call; repeat the option to compare several.  [default: as `track` takes it]",
)
@click.option(
    "--n_batches", type=int, default=20, show_default=True, help="Batches to measure, once warm."
)
@tuning_options
@click.option("--json", "as_json", is_flag=True, help="JSON in place of the table.")
def command(
    data_path: Path | None,
    engines: tuple[str, ...],
    batch_sizes: tuple[int, ...],
    n_batches: int,
    as_json: bool,
    **params: Any,
) -> None:
    """Measure prediction with an exported model: latency per batch, throughput, stages.

    PATH is an `.onnx` file or an export folder. Times are ms per batch: `copy` brings frames to
    the GPU, `graph` is network and decoding in the engine, `group` is grouping and assembling the
    instances. `write` saves the results of all batches, once. `instances` is the number found per
    frame: at 0, neither crops nor grouping are measured. `run frames/s` is a run as `track -t` does
    it, reading, grouping and tracking beside the engine, and `busy` the engine's share of its time.
    Each run follows a warm-up. On a machine that does other work, compare only rows of one call.

    \b
    sleap-nn bench exports/flies -i video.mp4
    sleap-nn bench exports/flies -i video.mp4 --engine ort openvino -b 1 4
    """
    (path,) = given_models(params, most=1)
    from sleap_rt.runtime.inspect.bench import BenchOptions
    from sleap_rt.workflows.inspect.bench import plan_bench

    options = [
        BenchOptions(batch_size=size, n_batches=n_batches) for size in batch_sizes or (None,)
    ]
    asked = [filled(EngineOptions, {"engine": engine, **params}) for engine in engines]
    plan = plan_bench(path, data_path, asked, options)
    for choice in dict.fromkeys(choice for choice, _ in plan.rows):
        tell_choice(choice)
    with closing(StepsProgress(quiet=False, verbose=False)) as progress:
        rows = [asdict(result) for result in plan.run(progress)]
    if as_json:
        print_json(rows)
        return
    show_table([head for head, _ in _COLUMNS], [_cells(row) for row in rows], turns=True)
    show_line(_in_words(rows, has_video=data_path is not None))
    _tell_next(rows, plan, path, params["device"])


def _tell_next(rows: list[dict[str, Any]], plan: "BenchPlan", path: Path, device: str) -> None:
    """How to run the quickest of several, or what to compare the only one with."""
    data = "VIDEO" if plan.data_path is None else as_typed(plan.data_path)
    on = "" if device == EngineOptions.device else f" -d {device}"
    if len(rows) > 1:
        best = _quickest(rows)
        chosen = f"{on} --engine {best['engine']} -b {best['batch_size']}"
        next_step(f"sleap-nn track -i {data} -m {as_typed(path)}{chosen}", "run it so")
    elif len(plan.engines_here) > 1:
        engines = "".join(f" --engine {name}" for name in plan.engines_here)
        next_step(f"sleap-nn bench {as_typed(path)} -i {data}{on}{engines}", "compare engines")
    else:
        next_step(f"sleap-nn track -i {data} -m {as_typed(path)}{on}", "run it")


def _quickest(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return max(rows, key=lambda row: row["run_frames_per_second"])


def _in_words(rows: list[dict[str, Any]], *, has_video: bool) -> str:
    best = _quickest(rows)
    speed = best["run_frames_per_second"]
    if has_video:
        compared = (
            f", {speed / _VIDEO_RATE:.1f} times as fast as a video of {_VIDEO_RATE} frames/s plays"
        )
    else:
        n_animals = counted(round(_per_frame(best)), "animal")
        compared = f". Measured: one stored frame with {n_animals}; -i VIDEO measures yours"
    which = "Quickest run" if len(rows) > 1 else "A run as a whole"
    return (
        f"times in ms per batch. {which}: {best['engine']} on {best['device']}, batches of "
        f"{best['batch_size']}: {speed:.0f} frames/s{compared}."
    )


def _per_frame(row: dict[str, Any]) -> float:
    return float(row["n_instances"] / row["n_frames"])


def _cells(row: dict[str, Any]) -> list[str]:
    read = "-" if row["read_ms"] is None else f"{row['read_ms']:.1f}"
    return [form.format(**row, read=read, per_frame=_per_frame(row)) for _, form in _COLUMNS]
