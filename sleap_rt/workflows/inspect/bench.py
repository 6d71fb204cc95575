"""Measures how fast exported graphs run here, engines and batch sizes side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import (
    EngineChoice,
    check_engine_options,
    choose_engine,
    why_not,
)
from sleap_rt.runtime.frames.one_input import check_one_input
from sleap_rt.runtime.inspect.bench import Benchmark, BenchOptions, run_benchmark
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.workflows.inspect.verify import exported_only


@dataclass(frozen=True, kw_only=True)
class BenchPlan:
    """What will be measured.

    Attributes:
        graphs: to run.
        choices: engines, and why each of them.
        options: batch sizes, and batches of each.
        data_path: video to take frames from; None takes the frame stored in the graph.
    """

    graphs: GraphSet
    choices: tuple[EngineChoice, ...]
    options: tuple[BenchOptions, ...]
    data_path: Path | None

    def run(self) -> list[Benchmark]:
        """One result for each batch size and engine, in turn."""
        return [
            run_benchmark(self.graphs.paths, self.data_path, choice.options, option)
            for option in self.options
            for choice in self.choices
        ]


def plan_bench(
    path: Path,
    data_path: Path | None,
    engines: Sequence[EngineOptions],
    options: Sequence[BenchOptions],
) -> BenchPlan:
    """Find the graphs of an export, and settle the engines.

    Args:
        path: an `.onnx` file or an export folder.
        data_path: video to take frames from; None takes the frame stored in the graph.
        engines: as asked for.
        options: batch sizes, and batches of each.

    Raises:
        OptionError: the path is a trained model, `data_path` is none or several inputs, or there
            is no such engine.
        ModelError: the path is not a model.
        EngineError: one of several engines does not run here.
    """
    for engine in engines:
        check_engine_options(engine)
    if data_path is not None:
        check_one_input(data_path)
        if data_path.suffix == ".slp":
            raise OptionError(f"data_path {data_path} holds labels; bench takes a video: give that")
    graphs = exported_only(path)
    choices = tuple(choose_engine(engine, graphs.precisions) for engine in engines)
    if len(choices) > 1:  # one alone says what is missing as it is opened
        _refuse_missing(choices)
    return BenchPlan(
        graphs=graphs,
        choices=choices,
        options=tuple(options),
        data_path=data_path,
    )


def _refuse_missing(choices: Sequence[EngineChoice]) -> None:
    for engine in (choice.options for choice in choices):
        obstacle = why_not(engine)
        if obstacle is not None:
            raise EngineError(
                f"Engine {engine.engine!r} does not run here: {obstacle}; nothing was measured. "
                "Leave it out; `sleap-nn system` lists what runs here, and what others need"
            )
