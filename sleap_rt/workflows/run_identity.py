"""What a run's results depend on, so that a journal is only continued by the same run."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.predictors import Predictor
from sleap_rt.workflows.plan import PredictionPlan


def run_identity(opened: OpenInput, predictor: Predictor, plan: PredictionPlan) -> dict[str, Any]:
    """What decides the results of a run, ahead of tracking."""
    options = plan.options
    return {
        "input": _hashed([[str(path.resolve()), path.stat().st_size] for path in opened.files]),
        "frames": plan.selection.fingerprint,
        "models": _hashed([contract.to_json() for contract in predictor.models.contracts]),
        "decoding options": asdict(options.decode),
        "filters": asdict(options.filters),
        "batch_size": options.run.frames_per_batch,
        "engine": options.engine.engine,
        "device": predictor.device,
        "video decoder": opened.source.decoder,
        "match_known": plan.match_known,
    }


def _hashed(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
