"""`sleap-nn bench`: how fast a model runs here, stage by stage, engine beside engine."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sleap_rt.cli.engine_options import device_option, engine_option
from sleap_rt.options import BenchOptions, EngineOptions, RunOptions

if TYPE_CHECKING:
    from sleap_rt.runtime.bench import BenchResult


@click.command("bench", short_help="Measure how fast a model runs on this machine.")
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--data_path",
    "-i",
    type=click.Path(path_type=Path),
    help="Video to measure with.  [default: the frame stored in the model]",
)
@engine_option(multiple=True)
@device_option
@click.option(
    "--batch_size",
    "-b",
    "batch_sizes",
    type=int,
    multiple=True,
    default=(RunOptions.batch_size,),
    show_default=True,
    help="Frames per call; may be given more than once.",
)
@click.option(
    "--n_frames",
    type=int,
    default=BenchOptions.n_frames,
    show_default=True,
    help="Frames per round.",
)
@click.option(
    "--rounds",
    type=int,
    default=BenchOptions.rounds,
    show_default=True,
    help="How often every engine has its turn.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(
    models: tuple[Path, ...],
    data_path: Path | None,
    engine: tuple[str, ...],
    device: str,
    batch_sizes: tuple[int, ...],
    n_frames: int,
    rounds: int,
    as_json: bool,
) -> None:
    """Measure how fast a model runs on this machine.

    MODELS are as for `track -m`: an export folder, `.onnx` files or trained models. Opening the
    model and the first calls are measured apart. Where several engines or batch sizes are given,
    they take turns, so that they can be compared on a machine that does other things as well.

    \b
    sleap-nn bench exports/flies -i video.mp4
    sleap-nn bench exports/flies --engine ort --engine openvino --batch_size 1 --batch_size 8
    """
    engines = [EngineOptions(engine=name, device=device) for name in engine]
    options = BenchOptions(n_frames=n_frames, rounds=rounds)
    for size in batch_sizes:
        RunOptions(batch_size=size)  # refuses a wrong one before any file is opened
    from sleap_rt.cli.model_paths import resolve_graphs
    from sleap_rt.runtime.bench import BenchCase, run_bench
    from sleap_rt.runtime.engines import check_engine_options, choose_engine

    for wanted in engines:
        check_engine_options(wanted)
    graphs = resolve_graphs(models)
    cases = []
    for wanted in engines:
        choice = choose_engine(wanted)
        if wanted.engine == "auto":
            click.echo(f"engine {choice.options.engine}: {choice.reason}", err=True)
        cases += [BenchCase(engine=choice.options, batch_size=size) for size in batch_sizes]
    results = run_bench(graphs, data_path, cases, options)
    if as_json:
        click.echo(json.dumps({"results": [asdict(result) for result in results]}, indent=2))
    else:
        click.echo("\n".join(_tables(results)))


def _tables(results: Sequence["BenchResult"]) -> list[str]:
    """Stages, then latency and throughput; one row per engine and batch size."""
    names = [f"{r.engine} ({r.device}), batch {r.batch_size}" for r in results]
    first = results[0]
    stages = [
        ["milliseconds per frame", *first.stage_ms],
        *(
            [name, *(f"{ms:.3f}" for ms in r.stage_ms.values())]
            for name, r in zip(names, results, strict=True)
        ),
    ]
    speed = [
        [
            "milliseconds per call",
            *first.latency_ms,
            "frames/s",
            "slowest-fastest round",
            "warm-up s",
        ],
        *(
            [
                name,
                *(f"{ms:.2f}" for ms in r.latency_ms.values()),
                f"{r.frames_per_second:.1f}",
                f"{min(r.rounds_fps):.1f}-{max(r.rounds_fps):.1f}",
                f"{r.warm_up_seconds:.2f}",
            ]
            for name, r in zip(names, results, strict=True)
        ),
    ]
    per_frame = first.n_instances / first.n_frames
    footer = f"{first.n_frames} frames, {per_frame:.1f} instances per frame"
    return [*_aligned(stages), "", *_aligned(speed), "", footer]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
