"""The record of how predictions were made, for the file that stores them."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    ModelOverrides,
    RunOptions,
    SelectionOptions,
)
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.damaged_frames import DamagedFrames
from sleap_rt.runtime.predictors import UsedModels
from sleap_rt.tracking import TrackerOptions
from sleap_rt.version import __version__
from sleap_rt.words import in_ranges


class Choices(Protocol):
    """The options of a run, with a model or without, that its provenance records."""

    @property
    def selection(self) -> SelectionOptions: ...
    @property
    def filters(self) -> FilterOptions: ...
    @property
    def no_empty_frames(self) -> bool: ...
    @property
    def reproducible(self) -> bool: ...


class UsedOptions(Choices, Protocol):
    """The options of a prediction that its provenance records."""

    @property
    def decode(self) -> DecodeOptions: ...
    @property
    def run(self) -> RunOptions: ...
    @property
    def engine(self) -> EngineOptions: ...
    @property
    def centroid_output(self) -> str: ...


def prediction_provenance(
    options: UsedOptions,
    opened: OpenInput,
    used: UsedModels,
    *,
    overrides: ModelOverrides,
    engine_options: Mapping[str, Any],
    started_at: datetime,
    seconds: float,
    n_processed: int,
    tracking: TrackerOptions | None,
    damaged: DamagedFrames,
    n_nodeless: int,
) -> dict[str, Any]:
    """Keys and values as other readers of SLEAP files expect, without those that are None.

    Args:
        options: as they took effect.
        opened: the input.
        used: the models, and where they ran.
        overrides: settings that replaced those of the training configurations.
        engine_options: what was asked of the engine, by name.
        started_at: when the run began.
        seconds: that it took.
        n_processed: frames of the result.
        tracking: how animals were followed, as it took effect; None: not.
        damaged: frames without a proper answer.
        n_nodeless: predictions without a visible node, which were left out.
    """
    provenance = {
        "inference_start_timestamp": started_at.isoformat(),
        "inference_end_timestamp": datetime.now(timezone.utc).isoformat(),
        "inference_runtime_seconds": round(seconds, 3),
        "sleap_rt_version": __version__,
        "sleap_io_version": version("sleap-io"),
        **_of_models(used, overrides),
        **_of_input(options.selection, opened, n_processed),
        "damaged_frames": damaged.by_kind(opened.videos()) or None,
        "predictions_without_nodes": n_nodeless,
        **_settings(options),
        "tracking_config": None if tracking is None else asdict(tracking),
        "engine": options.engine.engine,
        "device": used.device,
        "engine_options": _without_none(dict(engine_options)),
        "system_info": {
            "python_version": platform.python_version(),
            "platform": platform.platform(),
        },
    }
    return _without_none(provenance)


def _of_models(used: UsedModels, overrides: ModelOverrides) -> dict[str, Any]:
    graphs = used.models
    replaced = {name: _plain(getattr(overrides, name)) for name in overrides.given}
    return {
        "model_paths": [_plain(path) for path in graphs.trained or graphs.paths],
        "graph_paths": [_plain(path) for path in graphs.paths] if graphs.trained else None,
        "model_type": graphs.in_words,
        "model_weights_sha256": [
            contract.provenance.weights_sha256 for contract in graphs.contracts
        ],
        "model_overrides": replaced or None,
    }


def _of_input(selection: SelectionOptions, opened: OpenInput, n_processed: int) -> dict[str, Any]:
    labels = opened.labels
    return {
        "source_file": _posix([path for path in opened.files if path.suffix != ".slp"]),
        "source_labels": None if labels is None else _plain(labels.path),
        "input_provenance": None if labels is None else dict(labels.labels.provenance),
        "frame_selection": {
            **_selected(selection),
            "frames_processed": n_processed,
            "frames_total": opened.selection.n_total,
        },
        "video_reading": _without_none({name: getattr(selection, name) for name in _OF_READING}),
        "video_decoder": opened.source.decoder,
    }


def _settings(options: UsedOptions) -> dict[str, Any]:
    return {
        "inference_config": _without_none(
            {
                **asdict(options.decode),
                **asdict(options.run),
                "batch_size": options.run.frames_per_batch,
                **asdict(options.filters),
            }
        ),
        "output_options": {
            "centroid_output": options.centroid_output,
            "no_empty_frames": options.no_empty_frames,
        },
    }


_TIMES = {
    *("inference_start_timestamp", "inference_end_timestamp", "inference_runtime_seconds"),
    *("start_timestamp", "finish_timestamp", "runtime_sec"),  # of tracking alone
}


def without_times(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The same for equal runs, whenever they were made and however long they took."""
    return {name: value for name, value in provenance.items() if name not in _TIMES}


def with_choices(made: Mapping[str, Any], data: Any, options: Choices) -> dict[str, Any]:
    """How poses were followed without a model, and what was asked for.

    Args:
        made: how, as `retrack_provenance` gives it.
        data: a file, or labels in memory.
        options: of the run.
    """
    source = {"source_labels": _plain(data)} if isinstance(data, Path) else {}
    return {
        **(without_times(made) if options.reproducible else made),
        **source,
        "frame_selection": _selected(options.selection),
        "filter_config": asdict(options.filters),
        "output_options": {"no_empty_frames": options.no_empty_frames},
    }


_OF_READING = ("video_dataset", "video_input_format", "video_colors")
_MOST_TEXT = 20_000  # characters; sleap-io warns of a provenance above 64,000


def _selected(selection: SelectionOptions) -> dict[str, Any]:
    """Which frames were asked for; of very many ranges only the first."""
    frames = None if selection.frames is None else ", ".join(in_ranges(selection.frames))
    if frames is not None and len(frames) > _MOST_TEXT:
        frames = f"{frames[: frames.rindex(',', 0, _MOST_TEXT)]}, ..."
    return _without_none(
        {
            "method": _method(selection),
            "frames": frames,
            "video_index": selection.video_index,
            "label_filters": list(selection.label_filters) or None,
        }
    )


def _plain(value: Any) -> Any:
    return value.resolve().as_posix() if isinstance(value, Path) else value


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
