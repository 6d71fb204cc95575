"""Tells ahead of a run whether it may go on with a journal."""

import json
from collections.abc import Mapping
from typing import Any

from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.pipeline.journal import begun_run, refuse_another
from sleap_rt.workflows.parts.file import SETTINGS
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.run_identity.identity import Predictors, run_identity
from sleap_rt.workflows.running.predicting import asked_of_engine
from sleap_rt.workflows.tuning import continued


def check_continued(plan: PredictionPlan, opened: OpenInput) -> None:
    """Refuse to go on with the journal of another run, before models are exported or opened.

    Args:
        plan: of the run.
        opened: its input.

    Raises:
        DataError: the journal is of another run, or damaged.
    """
    path, is_elsewhere = plan.journal_path, plan.options.cluster is not None
    earlier = begun_run(path) if plan.options.resume else None
    if path is None or earlier is None:
        return
    if not is_elsewhere:
        plan = continued(plan, earlier, engine_is_open=False)
    engine = plan.options.engine
    predictors = Predictors(
        models=plan.resolved.models,
        engine=engine.engine,
        device=engine.device if is_elsewhere else _device(engine.device, earlier),
        engine_options=asked_of_engine(plan),
    )
    now = json.loads(json.dumps(run_identity(opened, predictors, plan, earlier)))
    is_known = plan.resolved.graphs is not None or not plan.is_part
    then = {name: value for name, value in earlier.items() if is_known or name != SETTINGS}
    refuse_another(path, then, now)


def _device(asked: str, earlier: Mapping[str, Any]) -> str:
    """The device as the engine will name it once it is open; of one device there are two names."""
    then = str(earlier.get("device"))
    is_same = asked == "auto" or _kind_and_number(asked) == _kind_and_number(then)
    return then if is_same else asked


def _kind_and_number(device: str) -> tuple[str, str]:
    kind, _, number = device.partition(":")
    return kind, number or "0"
