"""What a run's results depend on, so that a journal is only continued by the same run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.model_set import GraphSet, ModelSet
from sleap_rt.runtime.outputs.origin.input_files import files_fingerprint
from sleap_rt.runtime.pipeline.journal_file import CALLED
from sleap_rt.workflows.parts.file import PART, SETTINGS
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.run_identity.asked import input_called, models_called, poses_asked
from sleap_rt.workflows.running.predicting import Predicting


@dataclass(frozen=True)
class Predictors:
    """Who predicts, as far as results tell.

    Attributes:
        models: that find the instances; exported where they are open.
        engine: what runs them.
        device: where it does.
        engine_options: what was asked of it, by name.
    """

    models: ModelSet
    engine: str
    device: str
    engine_options: Mapping[str, Any]

    @classmethod
    def of(cls, predicting: Predicting) -> "Predictors":
        used = predicting.models
        return cls(used.models, predicting.engine, used.device, predicting.engine_options)


def run_identity(
    opened: OpenInput,
    predictors: Predictors,
    plan: PredictionPlan,
    earlier: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What decides the results of a run, ahead of tracking; for a part also what merging needs.

    Args:
        opened: the input.
        predictors: open, or as they will be; `merge` needs exported models.
        plan: of the run.
        earlier: the same of the run that it continues, if any. A video that was moved since is as
            it was; not that of a part, as `merge` opens it where its part was predicted.
    """
    options, models = plan.options, predictors.models
    graphs = models if isinstance(models, GraphSet) else None
    resolved = replace(plan.resolved, models=models, graphs=graphs)
    place = None if earlier is None or plan.is_part else _place_of_input(earlier)
    identity = {
        **poses_asked(options, resolved),
        "input": files_fingerprint(opened.files, place),
        "frames": plan.selection.fingerprint,
        "batch_size": options.run.frames_per_batch,
        "batches at once": options.run.most_at_once,
        "engine": predictors.engine,
        "threads": options.engine.threads,
        "device": predictors.device,
        "video decoder": opened.source.decoder,
        "match_known": plan.match_known,
        CALLED: {"models": models_called(resolved), "input": input_called(opened.files)},
    }
    if options.frame_range_of is None:
        return identity
    wanted, positions = options.frame_range_of, plan.positions
    part = {
        "number": wanted.part,
        "n_parts": wanted.n_parts,
        "start": positions.start,
        "stop": positions.stop,
        "n_frames": len(plan.selection.refs),
    }
    settings = {} if graphs is None else {SETTINGS: _settings(opened, predictors, plan, graphs)}
    return {**identity, PART: part, **settings}


def _place_of_input(earlier: Mapping[str, Any]) -> object:
    """As `input_called` gave it to the run."""
    called = earlier.get(CALLED)
    return called.get("input") if isinstance(called, Mapping) else None


def _settings(
    opened: OpenInput, predictors: Predictors, plan: PredictionPlan, graphs: GraphSet
) -> dict[str, Any]:
    options, tracking = plan.options, plan.options.tracking
    overrides = plan.resolved.overrides
    return {
        "data": [_absolute(path) for path in opened.given]
        if isinstance(opened.given, tuple)
        else _absolute(opened.given or Path()),
        "contracts": [contract.to_json() for contract in graphs.contracts],
        "graph_paths": [_absolute(path) for path in graphs.paths],
        "trained_models": [_absolute(path) for path in graphs.trained],
        "selection": asdict(options.selection),
        "decode": asdict(options.decode),
        "filters": asdict(options.filters),
        "run": asdict(options.run),
        "tracking": None if tracking is None else asdict(tracking),
        "match_known": plan.match_known,
        "overrides": {name: _plain(getattr(overrides, name)) for name in overrides.given},
        "engine_options": dict(predictors.engine_options),
        "output": {
            "centroid_output": options.centroid_output,
            "no_empty_frames": options.no_empty_frames,
            "centroid_only": options.centroid_only,
            "reproducible": options.reproducible,
        },
    }


def _plain(value: Any) -> Any:
    return _absolute(value) if isinstance(value, Path) else value


def _absolute(path: Path) -> str:
    return str(path.absolute())
