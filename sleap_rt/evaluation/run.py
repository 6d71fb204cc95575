"""Evaluates files: reads, measures, writes the results asked for."""

from dataclasses import fields
from functools import partial
from pathlib import Path

from sleap_rt.errors import OptionError, log_of
from sleap_rt.evaluation.earlier_results import Mark, check_comparison_file, mark_of
from sleap_rt.evaluation.identity.evaluation import evaluate_identities
from sleap_rt.evaluation.metrics import Metrics, pose_metrics
from sleap_rt.evaluation.options import (
    CENTROID_THRESHOLD_PX,
    EvalOptions,
    IdentityOptions,
    MatchMethod,
    PoseOptions,
)
from sleap_rt.evaluation.outputs import check_destination
from sleap_rt.evaluation.pairing.pose_pairs import pair_poses
from sleap_rt.evaluation.reading.files import load_table
from sleap_rt.evaluation.reading.images import FrameImages
from sleap_rt.evaluation.reading.pose_table import PoseTable
from sleap_rt.evaluation.results import Evaluation, EvaluationRun
from sleap_rt.evaluation.storage import save_metrics as write_metrics
from sleap_rt.evaluation.storage import saved_files, stem_of
from sleap_rt.model_files import refuse_no_labels
from sleap_rt.options.value_types import typed

_log = log_of(__name__)
_OF_IDENTITIES = ("tracks", "identities", *(field.name for field in fields(IdentityOptions)))
_OF_RUN_EVAL = dict.fromkeys(
    (*_OF_IDENTITIES, "report", "coco_max_dets", "predicted_paths"),
    "run_eval(EvalOptions(...)) takes it, as the command does",
)
_OPTIONS = {
    "options": "EvalOptions(ground_truth_path=..., predicted_paths=...) says what to compare; "
    'run_evaluation("labels.slp", "predictions.slp") takes two files'
}


@partial(typed, elsewhere=_OPTIONS)
def run_eval(options: EvalOptions) -> EvaluationRun:
    """Measure every prediction file; save metrics and report if asked for; log what to know.

    Raises:
        OptionError: an option does not fit the files, a path is a model or a video, or the report
            needs a missing package.
        DataError: a file is missing or damaged, the files have nothing in common, or the results
            cannot be written.
    """
    run = measure(options)
    save_results(run)
    for note in run.notes:
        _log.warning(note)
    return run


def measure(options: EvalOptions) -> EvaluationRun:
    """The first half of `run_eval`: check that results can be written, read and measure."""
    refuse_no_labels(options.ground_truth_path, "ground_truth_path")
    for path in options.predicted_paths:
        refuse_no_labels(path, "predicted_path")
    _check_destinations(options)
    truth, videos = load_table(options.ground_truth_path)
    images = FrameImages(videos, options.ground_truth_path)
    names = short_names(options.predicted_paths)
    return EvaluationRun(
        options=options,
        ground_truth=truth,
        images=images,
        evaluations=tuple(
            _evaluate(truth, images, name, path, options)
            for name, path in zip(names, options.predicted_paths, strict=True)
        ),
    )


def save_results(run: EvaluationRun) -> list[Path]:
    """The second half of `run_eval`; returns the files written."""
    metrics = [evaluation.metrics for evaluation in run.evaluations]
    places = _metrics_places(run.options)
    written = [
        path
        for (place, mark), one in zip(places, metrics, strict=False)
        for path in write_metrics(place, one, mark)
    ]
    if run.options.report is not None:
        from sleap_rt.evaluation.report import write_report

        write_report(run, run.options.report)
        written.append(run.options.report)
    return written


def _check_destinations(options: EvalOptions) -> None:
    """Refuse, before the work, results that could not be written after it."""
    files = []
    for place, mark in _metrics_places(options):
        check_destination(place)
        files += [(path, mark, "save_metrics") for path in saved_files(place)]
    if options.report is not None:
        from sleap_rt.evaluation.report.plots import require_matplotlib

        require_matplotlib()
        mark = mark_of(options.ground_truth_path, options.predicted_paths)
        files.append((options.report, mark, "report"))
    for path, mark, option in files:
        check_destination(path)
        check_comparison_file(path, mark, option, overwrite=options.overwrite)


def _metrics_places(options: EvalOptions) -> list[tuple[Path, Mark]]:
    """For each prediction file, a path and the mark of its metrics; empty if they are not saved."""
    place, predicted = options.save_metrics, options.predicted_paths
    if place is None:
        return []
    places = [place]
    if len(predicted) > 1:
        stem = stem_of(place)
        places = [place.with_name(f"{stem}.{name}.npz") for name in short_names(predicted)]
    marks = [mark_of(options.ground_truth_path, [path]) for path in predicted]
    return list(zip(places, marks, strict=True))


def _evaluate(
    truth: PoseTable, images: FrameImages, name: str, path: Path, options: EvalOptions
) -> Evaluation:
    predicted, videos = load_table(path, truth)
    metrics: Metrics = {}
    pairing = identities = None
    if options.measure_poses:
        _refuse_swapped(truth, predicted)
        pairing = pair_poses(
            truth, predicted, options.poses, centroid_default_px=CENTROID_THRESHOLD_PX
        )
        metrics |= pose_metrics(pairing)
        images.also_from(videos, path, pairing.frames.video_pairs)
    if options.identities is not None:
        identities = evaluate_identities(truth, predicted, options.identities, options.poses)
        metrics["identity_metrics"] = identities.metrics
    return Evaluation(
        name=name,
        path=path,
        predicted=predicted,
        pairing=pairing,
        identities=identities,
        metrics=metrics,
    )


def _refuse_swapped(truth: PoseTable, predicted: PoseTable) -> None:
    if not (truth.n_instances and predicted.n_instances):
        return
    if truth.is_predicted.all() and not predicted.is_predicted.any():
        raise OptionError(
            f"{truth.name} holds predictions only, and {predicted.name} only what a person "
            "labelled: give the labels as ground_truth_path (-g) and the predictions as "
            "predicted_path (-p)"
        )


def short_names(paths: tuple[Path, ...]) -> list[str]:
    """File names without `.slp`, with as many parent folders as tell them apart."""
    for depth in range(1, max(len(path.resolve().parts) for path in paths) + 1):
        names = ["_".join(_tail(path, depth)) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{number}_{path.stem}" for number, path in enumerate(paths, 1)]


def _tail(path: Path, depth: int) -> list[str]:
    parts = [part.strip("/\\:") for part in path.resolve().parts[-depth:]]
    return [*parts[:-1], path.name.removesuffix(".slp")]


@partial(typed, elsewhere=_OF_RUN_EVAL)
def run_evaluation(
    ground_truth_path: str | Path,
    predicted_path: str | Path,
    oks_stddev: float = PoseOptions.oks_stddev,
    oks_scale: float | None = PoseOptions.oks_scale,
    match_threshold: float = PoseOptions.match_threshold,
    user_labels_only: bool = PoseOptions.user_labels_only,
    save_metrics: str | Path | None = None,
    match_method: MatchMethod = PoseOptions.match_method,
    anchor_part: str | None = PoseOptions.anchor_part,
    overwrite: bool = False,
) -> Metrics:
    """Evaluate the poses of one prediction file; the defaults are Python's, not the command's.

    Args:
        ground_truth_path: `.slp` file with the truth.
        predicted_path: `.slp` file with the predictions.
        oks_stddev: spread of a node's error, as a fraction of the animal's size.
        oks_scale: px²; replaces the area of every instance's box.
        match_threshold: a pair needs oks > this; centroid mode: distance <= this, px; 0 is 50 px.
        user_labels_only: only what a person labelled is ground truth.
        save_metrics: path for the `.npz`, with a `.json` beside it; an earlier result of the same
            files is replaced.
        match_method: oks, centroid, or auto (centroid if predictions have one node).
        anchor_part: centroid mode: the ground-truth node that is the centroid; it must exist.
        overwrite: replace whatever is there.

    Returns:
        The metrics dictionary, also when there are no predictions (then with NaN and 0). What else
        to know of it is logged as warnings, and in `metrics["selection"]["notes"]`.

    Raises:
        OptionError: an option has a value that cannot be honoured, or a path is a model or a video.
        DataError: a file is missing or damaged, the files have nothing in common, or something else
            is where the metrics would go.

    Examples:
        >>> metrics = run_evaluation("labels.slp", "predictions.slp", oks_stddev=0.05)
        >>> round(metrics["mOKS"]["mOKS"], 4), metrics["detection_metrics"]["n_fn"]
        (0.6763, 1)
        >>> metrics["options"]["oks_stddev"], metrics["options"]["user_labels_only"]
        (0.05, True)
    """
    options = EvalOptions(
        ground_truth_path=Path(ground_truth_path),
        predicted_paths=(Path(predicted_path),),
        poses=PoseOptions(
            oks_stddev=oks_stddev,
            oks_scale=oks_scale,
            match_threshold=match_threshold,
            user_labels_only=user_labels_only,
            match_method=match_method,
            anchor_part=anchor_part,
        ),
        save_metrics=None if save_metrics is None else Path(save_metrics),
        overwrite=overwrite,
    )
    return run_eval(options).evaluations[0].metrics
