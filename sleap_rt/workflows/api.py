"""`run_inference`: the whole command as one Python function."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from sleap_rt.errors import OptionError
from sleap_rt.options import FilterOptions, SelectionOptions, filled, overrides_at_run_time
from sleap_rt.runtime.outputs.array_results import RAW_FLAGS, raw_batches, raw_names
from sleap_rt.runtime.outputs.formats import write_labels
from sleap_rt.runtime.outputs.names import check_output
from sleap_rt.runtime.pipeline.filters import filter_labels
from sleap_rt.workflows.arguments import (
    InferenceArguments,
    ModelArguments,
    RunArguments,
    in_our_words,
    refuse_unknown,
)
from sleap_rt.workflows.pose_predictor import PosePredictor, tracking_of

if TYPE_CHECKING:
    import sleap_io as sio


def run_inference(
    data_path: str | Path | Sequence[str | Path] | None = None,
    *,
    input_labels: "sio.Labels | None" = None,
    input_video: "sio.Video | None" = None,
    model_paths: str | Path | Sequence[str | Path] | None = None,
    output_path: str | Path | None = None,
    make_labels: bool = True,
    return_confmaps: bool = False,
    return_pafs: bool = False,
    return_paf_graph: bool = False,
    return_class_maps: bool = False,
    return_class_vectors: bool = False,
    **arguments: Unpack[InferenceArguments],
) -> "sio.Labels | list[dict[str, Any]]":
    """Predict poses, follow animals, or both.

    Args:
        data_path: video, image, folder or list of images, HDF5, TIFF stack or `.slp` file.
        input_labels: labels in memory instead.
        input_video: a video instead.
        model_paths: as the command's `-m`. None or empty tracks the poses that labels have, which
            needs `tracking=True`.
        output_path: a `.slp` file to write as well; None writes none.
        make_labels: False returns dictionaries of arrays, one per batch; see `raw_batches`.
        return_confmaps: add confidence maps to these.
        return_pafs: add part affinity fields.
        return_paf_graph: add peaks and scores of all their connections, ahead of grouping.
        return_class_maps: add class maps.
        return_class_vectors: add class probabilities of every instance.
        **arguments: every other option of the command, by its name; see `InferenceArguments`.

    Returns:
        Labels, or the list of dictionaries.

    Raises:
        OptionError: an option, or a combination, cannot be honoured.
        DataError, ModelError, EngineError: as `PosePredictor`.
    """
    refuse_unknown(arguments, InferenceArguments.__annotations__)
    data = _only_one(data_path=data_path, input_labels=input_labels, input_video=input_video)
    flags = dict(
        zip(
            RAW_FLAGS,
            (
                return_confmaps,
                return_pafs,
                return_paf_graph,
                return_class_maps,
                return_class_vectors,
            ),
            strict=True,
        )
    )
    wanted = [name for name, is_on in flags.items() if is_on]
    if wanted and make_labels:
        raise OptionError(f"{', '.join(wanted)}: no effect with make_labels=True")
    if not make_labels and output_path is not None:
        raise OptionError("output_path: no effect with make_labels=False")
    if not model_paths:
        return _track_only(data, output_path, make_labels, arguments)
    of_models = {n: v for n, v in arguments.items() if n in ModelArguments.__annotations__}
    of_run = {n: v for n, v in arguments.items() if n in RunArguments.__annotations__}
    overrides = overrides_at_run_time(in_our_words(of_models))
    raw = raw_names(wanted, model_paths, overrides) if wanted else ()
    with PosePredictor(model_paths, raw=raw, **of_models) as predictor:  # type: ignore[arg-type]
        if make_labels:
            return predictor.predict(data, output_path=output_path, **of_run)  # type: ignore[arg-type]
        return raw_batches(predictor, data, of_run)


def _only_one(**sources: Any) -> Any:
    given = {name: value for name, value in sources.items() if value is not None}
    if len(given) != 1:
        raise OptionError(
            f"give one of {', '.join(sources)}; got {', '.join(given) if given else 'none'}"
        )
    return next(iter(given.values()))


def _track_only(
    data: Any, output_path: str | Path | None, make_labels: bool, arguments: InferenceArguments
) -> "sio.Labels":
    """New tracks for the poses that labels have."""
    import sleap_io as sio

    from sleap_rt.labels_file import load_labels
    from sleap_rt.workflows.retrack import retrack

    given = in_our_words(arguments)
    tracking = tracking_of(given)
    if tracking is None:
        raise OptionError("neither model_paths nor tracking=True was given; give one or both")
    useless = [name for name in given if name in ModelArguments.__annotations__]
    if useless or not make_labels:
        names = ", ".join([*useless, *([] if make_labels else ["make_labels=False"])])
        raise OptionError(f"{names}: no effect with tracking without a model")
    selection, filters = filled(SelectionOptions, given), filled(FilterOptions, given)
    if isinstance(data, sio.Labels):
        labels = data.copy()
    else:
        if not isinstance(data, str | Path) or Path(data).suffix != ".slp":
            raise OptionError(f"{data}: tracking without a model needs poses: a `.slp` file")
        if output_path is not None:
            check_output(Path(output_path), [Path(data)], given.get("output_format", "slp"))
        labels = load_labels(Path(data))
    if filters.any_on:
        filter_labels(labels, filters)
    labels = retrack(
        labels,
        tracking,
        frames=selection.frames,
        video_index=selection.video_index,
        in_place=True,
    )
    if given.get("no_empty_frames"):
        labels.labeled_frames = [frame for frame in labels.labeled_frames if frame.instances]
    if output_path is not None:
        write_labels(labels, Path(output_path), given.get("output_format", "slp"))
    return labels
