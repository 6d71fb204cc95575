"""What a run's results depend on, so that a journal is only continued by the same run."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.origin.input_files import files_fingerprint
from sleap_rt.runtime.pipeline.journal_file import CALLED
from sleap_rt.workflows.parts.file import PART, SETTINGS
from sleap_rt.workflows.plan import PredictionPlan
from sleap_rt.workflows.run_identity.asked import models_called, poses_asked
from sleap_rt.workflows.running.predicting import Predicting


def run_identity(opened: OpenInput, predicting: Predicting, plan: PredictionPlan) -> dict[str, Any]:
    """What decides the results of a run, ahead of tracking; for a part also what merging needs."""
    options = plan.options
    graphs = predicting.models.models
    resolved = replace(plan.resolved, models=graphs, graphs=graphs)
    identity = {
        **poses_asked(options, resolved),
        "input": files_fingerprint(opened.files),
        "frames": plan.selection.fingerprint,
        "batch_size": options.run.frames_per_batch,
        "batches at once": options.run.most_at_once,
        "engine": predicting.engine,
        "threads": options.engine.threads,
        "device": predicting.models.device,
        "video decoder": opened.source.decoder,
        "match_known": plan.match_known,
        CALLED: {"models": models_called(resolved), "input": ", ".join(map(str, opened.files[:1]))},
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
    return {**identity, PART: part, SETTINGS: _settings(opened, predicting, plan)}


def _settings(opened: OpenInput, predicting: Predicting, plan: PredictionPlan) -> dict[str, Any]:
    options, tracking, graphs = plan.options, plan.options.tracking, predicting.models.models
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
        "engine_options": dict(predicting.engine_options),
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
