"""Measures how fast exported graphs run here, engines and batch sizes side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.export.steps import OnStep, Step
from sleap_rt.options import NO_OVERRIDES, EngineOptions, RunOptions, SelectionOptions
from sleap_rt.runtime.engines import (
    EngineChoice,
    check_engine_options,
    choose_engine,
    declarations,
    why_not,
)
from sleap_rt.runtime.frames.one_input import check_one_input
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.inspect.bench import Benchmark, BenchOptions, run_benchmark
from sleap_rt.runtime.inspect.stored_frame import training_frame
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.workflows.inspect.verify import exported_only
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import PredictionPlan, plan_prediction
from sleap_rt.workflows.resolve import ResolvedModels
from sleap_rt.workflows.tuning import WORTH_TRYING, foreseen


@dataclass(frozen=True, kw_only=True)
class BenchPlan:
    """What will be measured.

    Attributes:
        graphs: to run.
        rows: an engine, and why it; a batch size, and how many batches.
        data_path: video to take frames from; None takes the frame stored in the graph.
    """

    graphs: GraphSet
    rows: tuple[tuple[EngineChoice, BenchOptions], ...]
    data_path: Path | None

    @property
    def engines_here(self) -> list[str]:
        """Engines that run these graphs on the device of the first row."""
        kind = self.rows[0][0].options.device.partition(":")[0]
        return [
            name
            for name, declared in declarations().items()
            if any(device.kind == kind for device in declared.devices)
            and {*self.graphs.precisions} <= {*declared.precisions}
            and declared.why_not(kind) is None
        ]

    def run(self, on_step: OnStep) -> list[Benchmark]:
        """One result for each row.

        Args:
            on_step: called as each step begins and ends, while nothing is measured.
        """
        steps = _Steps(sum(option.n_stages for _, option in self.rows), on_step)
        found = []
        for choice, option in self.rows:
            begin = partial(steps.begin, f"{choice.options.engine}, batches of {option.batch_size}")
            found.append(
                run_benchmark(self.graphs.paths, self.data_path, choice.options, option, begin)
            )
            steps.end()
        return found


class _Steps:
    """Makes steps of what begins: each ends the one before it."""

    def __init__(self, n_steps: int, on_step: OnStep) -> None:
        self._n_steps, self._on_step = n_steps, on_step
        self._n_before, self._started = 0, 0.0
        self._step: Step | None = None

    def begin(self, row: str, what: str) -> None:
        self.end()
        self._step = Step(f"{row}: {what}", self._n_before, self._n_steps)
        self._on_step(self._step)
        self._started = perf_counter()

    def end(self) -> None:
        if self._step is not None:
            self._on_step(replace(self._step, seconds=perf_counter() - self._started))
            self._n_before = self._step.n_done
            self._step = None


def plan_bench(
    path: Path,
    data_path: Path | None,
    engines: Sequence[EngineOptions],
    options: Sequence[BenchOptions],
) -> BenchPlan:
    """Find the graphs of an export, and settle engines and batches as a run of `track` would.

    Args:
        path: an `.onnx` file or an export folder.
        data_path: video to take frames from; None takes the frame stored in the graph.
        engines: as asked for.
        options: batch sizes, and batches of each.

    Raises:
        OptionError: the path is a trained model, `data_path` is none or several inputs, or there
            is no such engine.
        ModelError: the path is not a model, or carries no frame.
        DataError: the video cannot be read, or the models work on labelled animals.
        EngineError: one of several engines does not run here.
    """
    for engine in engines:
        check_engine_options(engine)
    if data_path is not None:
        check_one_input(data_path)
        if data_path.suffix == ".slp":
            raise OptionError(f"data_path {data_path} holds labels; bench takes a video: give that")
    graphs = exported_only(path)
    if len(engines) > 1:  # one alone says what is missing as it is opened
        _refuse_missing([choose_engine(engine, graphs.precisions) for engine in engines])
    data = training_frame(graphs.paths[0])[None] if data_path is None else data_path
    with open_input(data, SelectionOptions()) as opened:
        models = ResolvedModels(paths=(path,), overrides=NO_OVERRIDES, models=graphs, graphs=graphs)
        n_inputs = WORTH_TRYING if data_path is None else 1
        rows = tuple(
            _row(models, opened, engine, option, n_inputs)
            for option in options
            for engine in engines
        )
    return BenchPlan(graphs=graphs, rows=rows, data_path=data_path)


def _row(
    models: ResolvedModels,
    opened: OpenInput,
    engine: EngineOptions,
    options: BenchOptions,
    n_inputs: int,
) -> tuple[EngineChoice, BenchOptions]:
    """What `track` would run with these options, as far as it need not measure first."""
    run = RunOptions(batch_size=options.batch_size)
    plan = plan_prediction(models, opened, PredictionOptions(engine=engine, run=run))
    plan = foreseen(plan, opened, None, n_inputs)
    choice = EngineChoice(plan.options.engine, _reason(plan))
    return choice, replace(options, batch_size=plan.options.run.frames_per_batch)


def _reason(plan: PredictionPlan) -> str:
    if not plan.compares:
        return plan.engine_reason
    return f"{plan.engine_reason}; a long run of `track` compares {', '.join(plan.compares)} first"


def _refuse_missing(choices: Sequence[EngineChoice]) -> None:
    for engine in (choice.options for choice in choices):
        obstacle = why_not(engine)
        if obstacle is not None:
            raise EngineError(
                f"Engine {engine.engine!r} does not run here: {obstacle}; nothing was measured. "
                "Leave it out; `sleap-nn system` lists what runs here, and what others need"
            )
