"""Evaluate files: read, measure, write what was asked for."""

from dataclasses import dataclass, replace
from pathlib import Path

from sleap_rt.evaluation.identity.evaluation import IdentityEvaluation, evaluate_identities
from sleap_rt.evaluation.labels import FrameImages, load_labels, table_from_labels
from sleap_rt.evaluation.metrics import Metrics, pose_metrics
from sleap_rt.evaluation.options import (
    CENTROID_THRESHOLD_PX,
    EvalOptions,
    MatchMethod,
    PoseOptions,
)
from sleap_rt.evaluation.pairing import PosePairing, pair_poses, settle_method
from sleap_rt.evaluation.poses import PoseTable
from sleap_rt.evaluation.storage import save_metrics as write_metrics


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One prediction file against the ground truth.

    Attributes:
        name: short, unique among the predictions of a run.
        path: the prediction file.
        predicted: everything in it.
        pairing: how poses were matched; None if only identities were measured.
        identities: None unless asked for.
        metrics: what is saved.
        saved: files written.
    """

    name: str
    path: Path
    predicted: PoseTable
    pairing: PosePairing | None
    identities: IdentityEvaluation | None
    metrics: Metrics
    saved: tuple[Path, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What a reader has to know, each once."""
        poses = self.metrics["selection"]["notes"] if self.pairing else ()
        identities = self.identities.metrics["notes"] if self.identities else ()
        return list(dict.fromkeys([*poses, *identities]))


@dataclass(frozen=True, kw_only=True)
class EvaluationRun:
    """All prediction files of a run against one ground truth."""

    options: EvalOptions
    ground_truth: PoseTable
    evaluations: tuple[Evaluation, ...]

    @property
    def notes(self) -> list[str]:
        """What a reader has to know; which prediction file it is about, if there are several."""
        several = len(self.evaluations) > 1
        notes = [
            f"{evaluation.name}: {note}" if several else note
            for evaluation in self.evaluations
            for note in evaluation.notes
        ]
        compared = {
            evaluation.name: evaluation.pairing.frames.gt_frames.tolist()
            for evaluation in self.evaluations
            if evaluation.pairing is not None
        }
        first, *others = compared.values() or ([],)
        if any(frames != first for frames in others):
            counts = ", ".join(f"{name} on {len(frames)}" for name, frames in compared.items())
            notes.append(f"the files were not compared on the same frames: {counts}")
        return notes


def run_eval(options: EvalOptions) -> EvaluationRun:
    """Measure every prediction file; save metrics and report if asked for.

    Raises:
        OptionError: an option does not fit the files, or the report needs a missing package.
        DataError: a file is missing or damaged, or the files have nothing in common.
    """
    if options.report is not None:
        from sleap_rt.evaluation.report.plots import require_matplotlib

        require_matplotlib()
    labels = load_labels(options.ground_truth_path)
    truth = table_from_labels(labels, str(options.ground_truth_path))
    names = short_names(options.predicted_paths)
    evaluations = tuple(
        _evaluate(truth, name, path, options)
        for name, path in zip(names, options.predicted_paths, strict=True)
    )
    if options.save_metrics is not None:
        evaluations = tuple(_save(evaluation, options) for evaluation in evaluations)
    run = EvaluationRun(options=options, ground_truth=truth, evaluations=evaluations)
    if options.report is not None:
        from sleap_rt.evaluation.report import write_report

        write_report(run, FrameImages(labels, options.ground_truth_path), options.report)
    return run


def _evaluate(truth: PoseTable, name: str, path: Path, options: EvalOptions) -> Evaluation:
    predicted = table_from_labels(load_labels(path), str(path))
    metrics: Metrics = {}
    pairing = identities = None
    if options.measure_poses:
        pairing = pair_poses(truth, predicted, _pose_options(options.poses, predicted))
        metrics |= pose_metrics(pairing)
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


def _pose_options(options: PoseOptions, predicted: PoseTable) -> PoseOptions:
    settled = settle_method(options, predicted)
    if settled.match_method == "centroid" and settled.match_threshold == 0:
        return replace(settled, match_threshold=CENTROID_THRESHOLD_PX)
    return settled


def _save(evaluation: Evaluation, options: EvalOptions) -> Evaluation:
    assert options.save_metrics is not None
    path = options.save_metrics
    if len(options.predicted_paths) > 1:
        path = path.with_name(f"{path.name.removesuffix('.npz')}.{evaluation.name}.npz")
    return replace(evaluation, saved=write_metrics(path, evaluation.metrics))


def short_names(paths: tuple[Path, ...]) -> list[str]:
    """File names without `.slp`, with as many parent folders as it takes to tell them apart."""
    for depth in range(1, max(len(path.resolve().parts) for path in paths) + 1):
        names = ["_".join(_tail(path, depth)) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{number}_{path.stem}" for number, path in enumerate(paths, 1)]


def _tail(path: Path, depth: int) -> list[str]:
    parts = [part.strip("/\\:") for part in path.resolve().parts[-depth:]]
    return [*parts[:-1], path.name.removesuffix(".slp")]


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
) -> Metrics:
    """Evaluate the poses of one prediction file; the defaults are Python's, not the command's.

    Args:
        ground_truth_path, predicted_path: `.slp` files.
        oks_stddev: spread of a node's error, as a fraction of the animal's size.
        oks_scale: px²; replaces the area of every instance's box.
        match_threshold: a pair needs oks > this; centroid mode: distance <= this, px; 0 is 50 px.
        user_labels_only: only what a person labelled is ground truth.
        save_metrics: where to write the `.npz` and the `.json` beside it.
        match_method: oks, centroid, or auto (centroid if predictions have one node).
        anchor_part: centroid mode: the ground-truth node that is the centroid.

    Returns:
        The metrics dictionary, also when there are no predictions (then with NaN and 0).

    Raises:
        OptionError: an option has a value that cannot be honoured.
        DataError: a file is missing or damaged, or the files have nothing in common.
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
    )
    return run_eval(options).evaluations[0].metrics
