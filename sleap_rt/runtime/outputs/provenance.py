"""The record of how predictions were made, for the file that stores them."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any, Protocol

from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    RunOptions,
    SelectionOptions,
)
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.damaged_frames import DamagedFrames
from sleap_rt.runtime.predictors import UsedModels
from sleap_rt.tracking import TrackerOptions
from sleap_rt.version import __version__


class UsedOptions(Protocol):
    """The options of a prediction that its provenance records."""

    @property
    def selection(self) -> SelectionOptions: ...
    @property
    def decode(self) -> DecodeOptions: ...
    @property
    def filters(self) -> FilterOptions: ...
    @property
    def run(self) -> RunOptions: ...
    @property
    def tracking(self) -> TrackerOptions | None: ...
    @property
    def engine(self) -> EngineOptions: ...


def prediction_provenance(
    options: UsedOptions,
    opened: OpenInput,
    used: UsedModels,
    *,
    started_at: datetime,
    seconds: float,
    n_processed: int,
    tracked: bool,
    damaged: DamagedFrames,
    n_nodeless: int,
) -> dict[str, Any]:
    """Keys and values as other readers of SLEAP files expect, without those that are None."""
    labels = opened.labels
    provenance = {
        "inference_start_timestamp": started_at.isoformat(),
        "inference_end_timestamp": datetime.now(timezone.utc).isoformat(),
        "inference_runtime_seconds": round(seconds, 3),
        "sleap_rt_version": __version__,
        "sleap_io_version": version("sleap-io"),
        "model_paths": [path.resolve().as_posix() for path in used.models.paths],
        "model_type": used.models.in_words,
        "model_weights_sha256": [
            contract.provenance.weights_sha256 for contract in used.models.contracts
        ],
        "source_file": _posix([path for path in opened.files if path.suffix != ".slp"]),
        "source_labels": (
            None if labels is None or labels.path is None else labels.path.resolve().as_posix()
        ),
        "input_provenance": None if labels is None else dict(labels.labels.provenance),
        "frame_selection": {
            "method": _method(options.selection),
            "frames_processed": n_processed,
            "frames_total": opened.selection.n_total,
        },
        "damaged_frames": damaged.by_kind(opened.videos()) or None,
        "predictions_without_nodes": n_nodeless,
        "inference_config": _without_none(
            {
                **asdict(options.decode),
                **asdict(options.run),
                "batch_size": options.run.frames_per_batch,
                **asdict(options.filters),
            }
        ),
        "tracking_config": asdict(options.tracking) if tracked and options.tracking else None,
        "engine": options.engine.engine,
        "device": used.device,
        "video_decoder": opened.source.decoder,
        "system_info": {
            "python_version": platform.python_version(),
            "platform": platform.platform(),
        },
    }
    return _without_none(provenance)


_TIMES = {
    *("inference_start_timestamp", "inference_end_timestamp", "inference_runtime_seconds"),
    *("start_timestamp", "finish_timestamp", "runtime_sec"),  # of tracking alone
}


def without_times(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The same for equal runs, whenever they were made and however long they took."""
    return {name: value for name, value in provenance.items() if name not in _TIMES}


def _method(selection: SelectionOptions) -> str:
    filters = {
        "only_labeled_frames": "labeled",
        "only_suggested_frames": "suggested",
        "exclude_user_labeled": "not_user_labeled",
        "only_predicted_frames": "predicted",
    }
    given = selection.label_filters
    if given:
        return filters[given[0]]
    return "all" if selection.frames is None else "specified"


def _posix(paths: Sequence[Any]) -> Any:
    names = [path.resolve().as_posix() for path in paths]
    return names[0] if len(names) == 1 else names or None


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
