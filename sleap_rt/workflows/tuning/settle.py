"""Settles what a plan leaves open, by evidence: the engine and its threads on a CPU, the batch."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sleap_rt.errors import DataError, FrameError, SleapRtError
from sleap_rt.machine.cores import available_cores
from sleap_rt.machine.memory import free_bytes
from sleap_rt.options import USUAL_BATCH_SIZE, EngineOptions
from sleap_rt.runtime.engines import cpu_engines, declarations, n_lanes, shared_threads
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.inspect.objection import CAUTIOUS, objection_to
from sleap_rt.runtime.inspect.trial_store import (
    TrialKey,
    add_frames,
    frames_before,
    keep_trials,
    read_trials,
    trial_key,
)
from sleap_rt.runtime.inspect.trials import Evidence, Rules, hold_trials
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.pipeline.batches import predict_batches
from sleap_rt.runtime.predictors import open_predictor
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.tuning.batch_size import batch_sizes, frames_that_fit

WORTH_TRYING = 2000  # frames; fewer gain less than a comparison takes
WORTH_COUNTING = 300  # frames of a run; below, most of its time is not the engine's
_MOST_LOOKED_AT = 16  # frames, for one that can be read


def continued(
    plan: PredictionPlan, earlier: Mapping[str, Any], *, engine_is_open: bool
) -> PredictionPlan:
    """The plan with what its first run had, where that is left open: it must not change midway.

    Args:
        plan: of the run.
        earlier: what the journal says about the first run, as `run_identity`.
        engine_is_open: the engine cannot be chosen any more.
    """
    plan = _with_batch(plan, _number(earlier, "batch_size") or USUAL_BATCH_SIZE)
    plan = _with_run(plan, most_at_once=_number(earlier, "batches at once") or 1)
    if engine_is_open:
        return plan
    engine, reason = plan.options.engine, plan.engine_reason
    if plan.asked.engine.threads is None:
        engine = replace(engine, threads=_number(earlier, "threads"))
    if plan.asked.engine.engine == "auto" and earlier.get("engine") in declarations():
        engine = replace(engine, engine=earlier["engine"])
        reason = "as in the run that is continued"
    return replace(plan, options=replace(plan.options, engine=engine), engine_reason=reason)


def _number(earlier: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 1 on; None where the journal has none there."""
    value = earlier.get(name)
    return value if isinstance(value, int) and value >= 1 else None


def settled_like(plan: PredictionPlan, other: PredictionPlan) -> PredictionPlan:
    """The plan with the engine and the batch of another one, whose models it runs with."""
    plan = _with_batch(plan, other.options.run.frames_per_batch)
    plan = _with_run(plan, most_at_once=other.options.run.most_at_once)
    options = replace(plan.options, engine=other.options.engine)
    return replace(plan, options=options, engine_reason=other.engine_reason)


def tuned(
    plan: PredictionPlan,
    graphs: GraphSet,
    opened: OpenInput,
    report: Report,
    n_inputs: int = 1,
    *,
    measures: bool = True,
) -> PredictionPlan:
    """The plan with nothing left open.

    Where no evidence can be had, it has the engine that was planned and the usual batch.

    Args:
        plan: of the run.
        graphs: of its models.
        opened: its input.
        report: told what is done.
        n_inputs: that run with what is settled, of which this is the first.
        measures: False leaves the engine open where it would be measured: the plan has it in
            `compares`.
    """
    if plan.options.engine.device != "cpu":
        return _with_batch(plan, USUAL_BATCH_SIZE)
    frame_shape = _shape(plan, opened)
    if frame_shape is None:
        return _with_batch(plan, USUAL_BATCH_SIZE)
    try:
        n_frames = len(plan.selection.refs) * n_inputs
        tuning = _Tuning(plan, graphs, opened, report, frame_shape, n_frames)
        return tuning.settled(measures=measures)
    except (SleapRtError, OSError) as error:
        report.warn(f"engines could not be compared: {error}")
        return _with_batch(plan, USUAL_BATCH_SIZE)


def foreseen(
    plan: PredictionPlan,
    opened: OpenInput,
    earlier: Mapping[str, Any] | None,
    n_inputs: int = 1,
) -> PredictionPlan:
    """The plan as the run will settle it, as far as that is known without measuring.

    Args:
        plan: of the run.
        opened: its input.
        earlier: as of `continued`; None where the run is no continued one.
        n_inputs: as of `tuned`.
    """
    if plan.options.cluster is not None:
        return plan
    if earlier is not None:
        return continued(plan, earlier, engine_is_open=False)
    if plan.is_part:
        return plan
    graphs = plan.resolved.graphs
    if graphs is not None:
        return tuned(plan, graphs, opened, Report(), n_inputs, measures=False)
    is_long = len(plan.selection.refs) * n_inputs >= WORTH_TRYING
    is_open = plan.asked.engine.engine == "auto" and plan.options.engine.device == "cpu"
    engines = cpu_engines(plan.asked.engine, plan.models.precisions) if is_long and is_open else ()
    return replace(plan, compares=tuple(engines))


def fitted(plan: PredictionPlan, graphs: GraphSet, opened: OpenInput) -> PredictionPlan:
    """The plan with no more frames at once than memory holds; nothing is measured.

    Args:
        plan: of the run.
        graphs: of its models.
        opened: its input.
    """
    if plan.options.engine.device != "cpu":
        return plan
    shape = _shape(plan, opened)
    if shape is None:
        return plan
    n_frames = len(plan.selection.refs)
    return _Tuning(plan, graphs, opened, Report(), shape, n_frames).within_memory()[0]


def _shape(plan: PredictionPlan, opened: OpenInput) -> tuple[int, ...] | None:
    """Of the first frame that can be read."""
    for ref in plan.selection.refs[:_MOST_LOOKED_AT]:
        try:
            return opened.source.read(ref).shape
        except FrameError:
            continue
        except DataError:  # which stops the run, and is told there
            break
    return None


def _with_batch(plan: PredictionPlan, size: int) -> PredictionPlan:
    """The plan with this batch, unless one was asked for."""
    if plan.options.run.batch_size is not None:
        return plan
    return _with_run(plan, batch_size=size)


def _with_run(plan: PredictionPlan, **changed: Any) -> PredictionPlan:
    run = replace(plan.options.run, **changed)
    return replace(plan, options=replace(plan.options, run=run))


@dataclass(frozen=True)
class _Tuning:
    """What is known when a run is tuned.

    Attributes:
        frame_shape: of the first frame that can be read.
        n_frames: that run with what is settled; of many inputs, as if each were like the first.
    """

    plan: PredictionPlan
    graphs: GraphSet
    opened: OpenInput
    report: Report
    frame_shape: tuple[int, ...]
    n_frames: int

    def within_memory(self) -> tuple[PredictionPlan, Sequence[int]]:
        """The plan with a batch and a number of them at once that fit; all batches to try."""
        run, engine = self.plan.options.run, self.plan.options.engine
        fitting = frames_that_fit(self.graphs.contracts, self.frame_shape, free_bytes())
        n_at_once = n_lanes(run.most_at_once, shared_threads(engine))
        asked = run.batch_size
        sizes = batch_sizes(fitting / n_at_once) if asked is None else (asked,)
        most_at_once = max(1, int(min(run.most_at_once, fitting / sizes[0])))
        return _with_run(_with_batch(self.plan, sizes[0]), most_at_once=most_at_once), sizes

    def settled(self, *, measures: bool) -> PredictionPlan:
        asked = self.plan.options.run.batch_size
        plan, sizes = self.within_memory()
        if plan.asked.engine.engine != "auto":
            return plan
        tuning = replace(self, plan=plan)
        engines = cpu_engines(plan.asked.engine, plan.models.precisions)
        key = tuning._key(engines, asked)
        evidence = read_trials(key)
        if evidence is None and max(len(engines), len(sizes)) > 1:
            n_frames = self._frames_so_far(key, counts=measures)
            if n_frames < WORTH_TRYING:
                return _to_be_compared(plan, n_frames) if len(engines) > 1 else plan
            if not measures:
                return replace(plan, compares=tuple(engines))
            evidence = tuning._measured(key, engines, sizes)
        return plan if evidence is None else tuning._by(evidence, max(sizes))

    def _by(self, evidence: Evidence, most_frames: int) -> PredictionPlan:
        """The plan with what was best, in batches of what fits into memory now."""
        plan = self.plan
        best = evidence.best(plan.options.engine.engine, self.n_frames)
        if best is None:
            return plan
        engine = replace(plan.options.engine, engine=best.engine, threads=best.threads)
        run = replace(plan.options.run, batch_size=min(best.batch_size, most_frames))
        options = replace(plan.options, engine=engine, run=run)
        return replace(plan, options=options, engine_reason=evidence.why(best, self.n_frames))

    def _key(self, engines: Sequence[str], batch_size: int | None) -> TrialKey:
        """What a comparison holds for.

        Args:
            engines: the contestants.
            batch_size: that was asked for.
        """
        options = self.plan.options
        every = options.decode.detect_every
        asked = {
            "threads": options.engine.threads,
            "batch_size": batch_size,
            "detect_every": every if every > 1 else None,  # another share of each model's work
        }
        return trial_key(self.graphs.paths, self.frame_shape, engines, asked)

    def _measured(self, key: TrialKey, engines: Sequence[str], sizes: Sequence[int]) -> Evidence:
        options = self.plan.options
        self.report.trying(engines)
        n_cores = available_cores().n
        evenly = tuple(dict.fromkeys((n_cores, max(1, n_cores // 2))))
        threads = evenly if options.engine.threads is None else (options.engine.threads,)
        rules = Rules(
            engines=engines,
            threads=threads,
            batch_sizes=sizes,
            n_at_once=n_lanes(self.plan.n_at_once, threads[0]),
            enter=lambda name, n: _Opened(self, _on_cpu(name, n)),
            objection=lambda name: objection_to(
                _on_cpu(name, threads[0]), self.graphs.paths, share=CAUTIOUS
            ),
        )
        evidence = hold_trials(rules, time.perf_counter)
        if evidence.trials:  # where all failed, the next run tries again
            keep_trials(key, evidence, self.report.warn)
        return evidence

    def _frames_so_far(self, key: TrialKey, *, counts: bool) -> int:
        """Frames of this run, with those of short ones before it unless it is very short."""
        if not WORTH_COUNTING <= self.n_frames < WORTH_TRYING:
            return self.n_frames
        return add_frames(key, self.n_frames) if counts else frames_before(key) + self.n_frames


def _to_be_compared(plan: PredictionPlan, n_frames: int) -> PredictionPlan:
    """The plan that tells why a later run may have another engine, if this one counts for it."""
    if n_frames < WORTH_COUNTING:
        return plan
    when = f"engines are compared once runs have {WORTH_TRYING:,} frames, {n_frames:,} so far"
    return replace(plan, engine_reason=f"{plan.engine_reason}; {when}")


class _Opened:
    """The models of a run, open in one engine: a contestant."""

    def __init__(self, tuning: _Tuning, engine: EngineOptions) -> None:
        plan = tuning.plan
        self._tuning = tuning
        self._predictor = open_predictor(
            tuning.graphs,
            plan.options.decode,
            engine,
            match_known=plan.match_known,
            n_at_once=plan.n_at_once,
        )

    def run(self, batch_size: int, n_frames: int) -> int:
        opened, plan = self._tuning.opened, self._tuning.plan
        refs, run = plan.selection.refs, replace(plan.options.run, batch_size=batch_size)
        positions = range(min(n_frames, len(refs)))
        for _ in predict_batches(
            self._predictor, opened.source, refs, run, opened.labels, positions
        ):
            pass
        return len(positions)

    def close(self) -> None:
        self._predictor.close()


def _on_cpu(engine: str, threads: int) -> EngineOptions:
    return EngineOptions(engine=engine, device="cpu", threads=threads)
