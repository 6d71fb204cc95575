"""`run_inference`: the whole command as one Python function."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from sleap_rt.api.arguments import (
    CENTROID_ONLY,
    InferenceArguments,
    ModelArguments,
    RunArguments,
    in_our_words,
)
from sleap_rt.api.array_results import RAW_FLAGS, raw_batches, raw_names
from sleap_rt.api.many_inputs import many_inputs, predict_many, retrack_many
from sleap_rt.api.option_objects import (
    check_arguments,
    model_options,
    taken_with_warnings,
    with_run_options,
)
from sleap_rt.api.pose_predictor import PosePredictor, predicted, told
from sleap_rt.api.python_report import PythonReport
from sleap_rt.api.signatures import names_arguments
from sleap_rt.errors import OptionError, log_of
from sleap_rt.options import FilterOptions, SelectionOptions, filled, overrides_at_run_time
from sleap_rt.options.given import refuse_unwritten
from sleap_rt.options.paths import fitting_path, given_path, given_paths
from sleap_rt.options.value_types import check_value
from sleap_rt.workflows.cluster.predictions import ClusterPredictions
from sleap_rt.workflows.predict import planned
from sleap_rt.workflows.retracking import RetrackOptions, refuse_without_effect, retrack_data
from sleap_rt.workflows.tracking import needed_tracker_options

if TYPE_CHECKING:
    import sleap_io as sio
    from typing_extensions import Unpack  # `typing` has it from Python 3.11 on

_log = log_of(__name__)
_BY_OTHER_NAMES = {
    **CENTROID_ONLY,
    "models": "models are given as model_paths",
    "output": "the file to write is given as output_path",
    "labels": "labels in memory are given as input_labels, a file of them as data_path",
    **dict.fromkeys(("data", "input", "video", "videos"), "the input is given as data_path"),
}


@overload
def run_inference(
    data_path: str | Path | Sequence[str | Path] | None = None,
    model_paths: str | Path | Sequence[str | Path] | None = None,
    *,
    input_labels: "sio.Labels | None" = None,
    input_video: "sio.Video | None" = None,
    make_labels: Literal[False],
    return_confmaps: bool = False,
    return_pafs: bool = False,
    return_paf_graph: bool = False,
    return_class_maps: bool = False,
    return_class_vectors: bool = False,
    **arguments: "Unpack[InferenceArguments]",
) -> list[dict[str, Any]]: ...
@overload
def run_inference(
    data_path: str | Path | None = None,
    model_paths: str | Path | Sequence[str | Path] | None = None,
    *,
    input_labels: "sio.Labels | None" = None,
    input_video: "sio.Video | None" = None,
    output_path: str | Path | None = None,
    make_labels: bool = True,
    **arguments: "Unpack[InferenceArguments]",
) -> "sio.Labels | Any": ...  # of a folder of videos, or of a pattern, a list
@overload
def run_inference(
    data_path: Sequence[str | Path],
    model_paths: str | Path | Sequence[str | Path] | None = None,
    *,
    output_path: str | Path | None = None,
    make_labels: bool = True,
    **arguments: "Unpack[InferenceArguments]",
) -> "list[sio.Labels | Any] | Any": ...  # of images, labels; None with skip_existing
@names_arguments(InferenceArguments, elsewhere=_BY_OTHER_NAMES)
def run_inference(
    data_path: str | Path | Sequence[str | Path] | None = None,
    model_paths: str | Path | Sequence[str | Path] | None = None,
    *,
    input_labels: "sio.Labels | None" = None,
    input_video: "sio.Video | None" = None,
    output_path: str | Path | None = None,
    make_labels: bool = True,
    return_confmaps: bool = False,
    return_pafs: bool = False,
    return_paf_graph: bool = False,
    return_class_maps: bool = False,
    return_class_vectors: bool = False,
    **arguments: "Unpack[InferenceArguments]",
) -> "sio.Labels | list[sio.Labels | None] | list[dict[str, Any]] | None":
    """Predict poses, track animals, or both.

    Args:
        data_path: video, image, folder or list of images, HDF5, TIFF stack or `.slp` file. A list
            of these, a folder of videos or a pattern (`"videos/*.mp4"`) is processed one by one.
        model_paths: as the command's `-m`. None or empty tracks the poses that labels have, which
            needs `tracking=True`.
        input_labels: labels in memory instead of `data_path`.
        input_video: a video instead.
        output_path: a file to write as well, of a kind by its name, or a folder that results go
            into; None writes none.
        make_labels: False returns dictionaries of arrays, one per batch; see
            `sleap_rt.api.array_results.raw_batches`.
        return_confmaps: add confidence maps to the dictionaries.
        return_pafs: add part affinity fields.
        return_paf_graph: add peaks and the scores of all their connections, before grouping.
        return_class_maps: add class maps.
        return_class_vectors: add class probabilities of every instance.
        **arguments: every other option of the command, by its name; they follow below.

    Returns:
        Labels of one path, images or a video; of a list of inputs, a folder of videos or a
        pattern a list of labels, also where it stands for one input; or the list of dictionaries.
        In place of labels, None where `skip_existing` leaves out a result that is no `.slp` file.

    Raises:
        SomeInputsFailedError: some of many inputs failed; it has the results of the others.
        OptionError: an option, or a combination, cannot be honoured.
        DataError, ModelError, EngineError: as `PosePredictor`.
    """
    given = check_arguments(arguments, InferenceArguments)
    data = _only_one(data_path=data_path, input_labels=input_labels, input_video=input_video)
    asked = (
        return_confmaps,
        return_pafs,
        return_paf_graph,
        return_class_maps,
        return_class_vectors,
    )
    for name, value in zip(("make_labels", *RAW_FLAGS), (make_labels, *asked), strict=True):
        check_value(name, value, bool)
    wanted = [name for name, is_on in zip(RAW_FLAGS, asked, strict=True) if is_on]
    if make_labels and wanted:
        raise OptionError(f"{', '.join(wanted)}: no effect with make_labels=True")
    if not make_labels:
        _check_for_raw(data, output_path, given)
    output = given_path("output_path", output_path)
    paths = [] if model_paths is None else given_paths("model_paths", model_paths)
    if not paths:
        return _track_only(data, output, make_labels, given)
    if make_labels:
        return _predict(data, paths, output, given)
    of_models = {n: v for n, v in given.items() if n in ModelArguments.__annotations__}
    of_run = {n: v for n, v in given.items() if n in RunArguments.__annotations__}
    with PosePredictor(paths, raw=partial(raw_names, wanted), **of_models) as predictor:
        return raw_batches(predictor, data, of_run)


def _check_for_raw(data: Any, output_path: Any, arguments: Mapping[str, Any]) -> None:
    """Refuse what has no effect where dictionaries are returned."""
    given = {
        "output_path": output_path is not None,
        **{name: bool(arguments.get(name)) for name in ("cluster", "preview")},
    }
    for name, is_given in given.items():
        if is_given:
            raise OptionError(f"{name}: no effect with make_labels=False")
    if many_inputs(data, None, arguments) is not None:
        raise OptionError("make_labels=False: takes one input")


def _predict(
    data: Any, paths: Sequence[Path], output_path: Path | None, arguments: Mapping[str, Any]
) -> "sio.Labels | list[sio.Labels | None] | None":
    """As the command does: everything is checked ahead of exporting and opening the models."""
    given = in_our_words(arguments)
    of_models = {n: v for n, v in given.items() if n not in RunArguments.__annotations__}
    of_run = {n: v for n, v in given.items() if n in RunArguments.__annotations__}
    options = with_run_options(model_options(of_models), of_run, output_path)
    options = replace(options, preview=bool(given.get("preview")))
    if isinstance(data, str):
        data = fitting_path("data_path", data)
    overrides = overrides_at_run_time(given)
    match_known = bool(given.get("match_known", False))
    report, draw = PythonReport.of(given), _preview(given, options, data, output_path)
    many = many_inputs(data, output_path, given)
    if many is not None:
        return predict_many(
            *many, paths, options, overrides, report, match_known=match_known, after=draw
        )
    if options.cluster is not None:
        with ClusterPredictions(
            paths, options, overrides, report, match_known, keeps_labels=True
        ) as cluster:
            done = cluster.predict(data)
            draw(done.paths)
            return told(done)
    with planned(data, paths, options, overrides, match_known) as (plan, opened):
        for note in plan.resolved.notes:
            _log.info(note)
        labels = predicted(plan, opened, report)
    draw([] if output_path is None else [output_path])
    return labels


def _preview(
    given: Mapping[str, Any], options: Any, data: Any, output_path: Path | None
) -> Callable[[Sequence[Path]], None]:
    """Draws the previews of results, if they are wanted; refuses where it cannot."""
    if not given.get("preview"):
        return lambda paths: None
    from sleap_rt.workflows.show.preview import check_preview, previews

    has_many = isinstance(data, str | Path | list) and many_inputs(data, output_path, given)
    check_preview(options, data=data, writes=output_path is not None or bool(has_many))

    def draw(paths: Sequence[Path]) -> None:
        for _, failure in previews(paths, overwrite=bool(given.get("overwrite"))):
            if failure:
                _log.warning(failure)

    return draw


def _only_one(**sources: Any) -> Any:
    given = {name: value for name, value in sources.items() if value is not None}
    if len(given) != 1:
        raise OptionError(
            f"Give one of {', '.join(sources)}; got {', '.join(given) if given else 'none'}"
        )
    return next(iter(given.values()))


def _track_only(
    data: Any, output_path: Path | None, make_labels: bool, arguments: Mapping[str, Any]
) -> "sio.Labels | list[sio.Labels | None] | None":
    """New tracks for the poses that labels have."""
    import sleap_io as sio

    given = in_our_words(arguments)
    taken = taken_with_warnings({**given, "model_paths": []}, given)
    inputs = data if isinstance(data, list) else [data]
    tracking = needed_tracker_options({**taken, "output_path": output_path}, inputs)
    refuse_without_effect(given if make_labels else [*given, "make_labels"])
    refuse_unwritten(output_path, given)
    options = RetrackOptions(
        tracking=tracking,
        selection=filled(SelectionOptions, given),
        filters=filled(FilterOptions, taken),
        output_path=output_path,
        output_format=given.get("output_format", "auto"),
        no_empty_frames=bool(given.get("no_empty_frames")),
        overwrite=bool(given.get("overwrite")),
        preview=bool(given.get("preview")),
        reproducible=bool(given.get("reproducible")),
    )
    draw = _preview(given, options, data, output_path)
    many = many_inputs(data, output_path, given)
    if many is not None:
        return retrack_many(*many, options, after=draw)
    if not isinstance(data, str | Path | sio.Labels):
        what = f"a {type(data).__name__}"
        if isinstance(data, list | tuple):
            what = f"a list with {' and '.join(sorted({type(one).__name__ for one in data}))}"
        raise OptionError(
            f"data_path is {what}: tracking without a model needs poses, that is a `.slp` file, "
            "several of them in a list, or Labels; give model_paths to predict them"
        )
    done = retrack_data(
        data if isinstance(data, sio.Labels) else fitting_path("data_path", data), options
    )
    draw(done.paths)
    for note in done.notes:
        _log.warning(note)
    if done.n_missing:
        _log.warning("%d of the frames asked for have no labels", done.n_missing)
    assert done.labels is not None  # they were to be kept
    return done.labels
