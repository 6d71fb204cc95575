"""The printed result: one line per value, one column per prediction file."""

import itertools
import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sleap_rt.evaluation.metrics import Metrics
from sleap_rt.evaluation.reading.pose_table import PoseTable
from sleap_rt.evaluation.reading_in_words import NOT_FOLLOWED, sentences
from sleap_rt.evaluation.results import Evaluation, EvaluationRun
from sleap_rt.words import counted

UNDEFINED = "undefined"
NEVER_MEASURED = "never measured"  # of a node that no matched pair has on both sides
_ABSENT = "-"
_MAX_HEAD = 16  # letters; a longer name of a prediction file wraps in its column
_MAX_SWITCHES = 20  # printed; all of them are in the saved metrics and in the report


@dataclass(frozen=True)
class Row:
    """A value of the metrics and how it is shown.

    Attributes:
        label: its name.
        path: keys that lead to it.
        style: format.
        unit: printed after it.
        better: 1 if more is better, -1 if less is, 0 if neither.
    """

    label: str
    path: tuple[str, ...]
    style: str = "d"
    unit: str = ""
    better: int = 0

    def value(self, metrics: Metrics) -> Any:
        """The value; None where these metrics do not have it."""
        found: Any = metrics
        for key in self.path:
            if not isinstance(found, dict) or key not in found:
                return None
            found = found[key]
        return found

    def text(self, metrics: Metrics) -> str:
        """The value as it is printed."""
        value = self.value(metrics)
        if value is None:
            return _ABSENT
        if isinstance(value, float) and math.isnan(value):
            return UNDEFINED
        return f"{value:{self.style}}{f' {self.unit}' if self.unit else ''}"


SELECTION = (
    Row("videos paired", ("selection", "n_videos_paired")),
    Row("frame pairs", ("selection", "n_frame_pairs")),
    Row("matched instances", ("selection", "n_matched")),
    Row("unmatched ground truth", ("selection", "n_unmatched_gt")),
    Row("ground-truth frames left out", ("selection", "n_gt_frames_skipped")),
    Row("ground-truth instances left out", ("selection", "n_gt_instances_skipped")),
    Row("predicted frames without truth", ("selection", "n_pr_frames_ignored")),
    Row("ground truth without box area", ("selection", "n_flat_gt")),
)
OVERLAP = (
    Row("mOKS", ("mOKS", "mOKS"), ".4f", better=1),
    Row("mAP (OKS VOC)", ("voc_metrics", "oks_voc.mAP"), ".4f", better=1),
    Row("mAR (OKS VOC)", ("voc_metrics", "oks_voc.mAR"), ".4f", better=1),
)
DISTANCES = (
    Row("Average Distance", ("distance_metrics", "avg"), ".2f", "px", -1),
    Row("dist.p50", ("distance_metrics", "p50"), ".2f", "px", -1),
    Row("dist.p75", ("distance_metrics", "p75"), ".2f", "px", -1),
    Row("dist.p90", ("distance_metrics", "p90"), ".2f", "px", -1),
    Row("dist.p95", ("distance_metrics", "p95"), ".2f", "px", -1),
    Row("dist.p99", ("distance_metrics", "p99"), ".2f", "px", -1),
)
PCK = (
    Row("mPCK", ("pck_metrics", "mPCK"), ".4f", better=1),
    Row("PCK@5px", ("pck_metrics", "PCK@5"), ".4f", better=1),
    Row("PCK@10px", ("pck_metrics", "PCK@10"), ".4f", better=1),
    Row("PCK AUC", ("pck_curve", "AUC"), ".4f", better=1),
    Row("mPCK (labelled nodes)", ("pck_curve", "mPCK_visible"), ".4f", better=1),
    Row("mAP (PCK VOC)", ("voc_metrics", "pck_voc.mAP"), ".4f", better=1),
    Row("mAR (PCK VOC)", ("voc_metrics", "pck_voc.mAR"), ".4f", better=1),
)
VISIBILITY = (
    Row("Visibility Precision", ("visibility_metrics", "precision"), ".4f", better=1),
    Row("Visibility Recall", ("visibility_metrics", "recall"), ".4f", better=1),
)
COCO = (
    Row("AP (COCO)", ("coco_metrics", "AP"), ".4f", better=1),
    Row("AP50 (COCO)", ("coco_metrics", "AP50"), ".4f", better=1),
    Row("AP75 (COCO)", ("coco_metrics", "AP75"), ".4f", better=1),
    Row("AR (COCO)", ("coco_metrics", "AR"), ".4f", better=1),
)
DETECTION = (
    Row("Detection Precision", ("detection_metrics", "precision"), ".4f", better=1),
    Row("Detection Recall", ("detection_metrics", "recall"), ".4f", better=1),
    Row("Detection F1", ("detection_metrics", "f1"), ".4f", better=1),
    Row("found (TP)", ("detection_metrics", "n_tp")),
    Row("not an animal (FP)", ("detection_metrics", "n_fp"), better=-1),
    Row("missed (FN)", ("detection_metrics", "n_fn"), better=-1),
)
POSES = (*OVERLAP, *DISTANCES, *PCK, *VISIBILITY, *COCO, *DETECTION)
_ID = "identity_metrics"
IDENTITIES = (
    *(Row(name, (_ID, name), ".4f", better=1) for name in ("HOTA", "DetA", "AssA", "LocA")),
    *(Row(name, (_ID, name), ".4f", better=1) for name in ("MOTA", "MOTP", "IDF1", "IDP", "IDR")),
    Row("switches (IDSW)", (_ID, "IDSW"), better=-1),
    Row("fragmentations (Frag)", (_ID, "Frag"), better=-1),
    Row("mostly tracked (MT)", (_ID, "MT")),
    Row("partly tracked (PT)", (_ID, "PT")),
    Row("mostly lost (ML)", (_ID, "ML"), better=-1),
    Row("matched (TP)", (_ID, "TP")),
    Row("matched no animal (FP)", (_ID, "FP"), better=-1),
    Row("missed (FN)", (_ID, "FN"), better=-1),
    Row("true tracks", (_ID, "n_gt_tracks")),
    Row("predicted tracks", (_ID, "n_pr_tracks")),
)
SHARES = (
    *(
        Row(f"{name} {label}", (_ID, "shares", f"{name}_{key}"), ".4f", better=better)
        for name in ("HOTA", "IDF1")
        for label, key, better in (
            ("lost by the detector", "lost_by_detector", -1),
            ("lost by association", "lost_by_association", -1),
            ("of association alone", "association_alone", 1),
        )
    ),
    Row("switches while in sight", (_ID, "shares", "switches_by_association"), better=-1),
    Row("switches after a loss", (_ID, "shares", "switches_after_loss"), better=-1),
)


@dataclass(frozen=True)
class Section:
    """Values under a heading.

    Attributes:
        heading: what they are.
        names: of the prediction files, if there are several.
        rows: name of a value, and the value of each file.
    """

    heading: str
    names: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]

    def lines(self) -> Iterator[str]:
        """As text: names in front, values below each other."""
        first = max(len(label) for label, _ in self.rows)
        heads = [textwrap.wrap(name, _MAX_HEAD) for name in self.names] or [[""]]
        columns = zip(heads, zip(*(cells for _, cells in self.rows), strict=True), strict=True)
        widths = [max(map(len, (*head, *column))) for head, column in columns]
        yield ""
        yield self.heading
        if self.names:
            for parts in itertools.zip_longest(*heads, fillvalue=""):
                yield f"  {'':{first}}  " + "  ".join(
                    f"{p:>{w}}" for p, w in zip(parts, widths, strict=True)
                )
        for label, line in self.rows:
            values = "  ".join(f"{c:>{w}}" for c, w in zip(line, widths, strict=True))
            yield f"  {label:{first}}  {values}"


def table_text(run: EvaluationRun) -> str:
    """The printed text of a run."""
    lines = ([part] if isinstance(part, str) else part.lines() for part in parts_of(run))
    return "\n".join(itertools.chain.from_iterable(lines))


def parts_of(run: EvaluationRun) -> Iterator[str | Section]:
    """Lines and tables of a run, in order."""
    evaluations = run.evaluations
    yield f"ground truth: {run.options.ground_truth_path} ({content_of(run.ground_truth)})"
    for evaluation in evaluations:
        yield f"{evaluation.name}: {evaluation.path} ({content_of(evaluation.predicted)})"
    yield from _in_short(evaluations)
    metrics = [evaluation.metrics for evaluation in evaluations]
    names = [evaluation.name for evaluation in evaluations] if len(evaluations) > 1 else []
    if run.options.measure_poses:
        yield from _section("What was compared", SELECTION, metrics, names)
        yield from _section(f"Poses: {pose_settings(evaluations)}", POSES, metrics, names)
        yield from _section("Average distance by node", node_rows(metrics), metrics, names)
    if run.options.identities is not None:
        heading = f"Identities: {identity_settings(run)}"
        yield from _section(heading, IDENTITIES, metrics, names)
        yield from _section("Detector or association", SHARES, metrics, names)
        yield from _per_video(evaluations)
        yield from _switches(evaluations)


def _in_short(evaluations: Sequence[Evaluation]) -> Iterator[str]:
    for evaluation in evaluations:
        read = sentences(evaluation)
        if read:
            yield ""
            yield f"In short, {evaluation.name}" if len(evaluations) > 1 else "In short"
            yield from (f"  {sentence}" for sentence in read)


def content_of(table: PoseTable) -> str:
    """Counts of a file's videos, frames and instances."""
    counts = (
        counted(len(table.videos), "video"),
        counted(table.n_frames_in_file, "frame"),
        counted(table.n_instances_in_file, "instance"),
    )
    return ", ".join(counts)


def _section(
    heading: str, rows: Sequence[Row], metrics: Sequence[Metrics], names: Sequence[str]
) -> Iterator[Section]:
    shown = [row for row in rows if any(row.value(m) is not None for m in metrics)]
    if shown:
        cells = [(row.label, [row.text(m) for m in metrics]) for row in shown]
        yield Section(heading, names, cells)


def node_rows(metrics: Sequence[Metrics]) -> list[Row]:
    """One row per node of the ground truth; the value is looked up by place."""
    for one in metrics:
        if "node_metrics" in one:
            names = one["node_metrics"]["node_names"]
            return [
                _NodeRow(name, ("node_metrics",), ".2f", "px", -1, i)
                for i, name in enumerate(names)
            ]
    return []


@dataclass(frozen=True)
class _NodeRow(Row):
    place: int = 0

    def value(self, metrics: Metrics) -> Any:
        group = super().value(metrics)
        return None if group is None else group["avg"][self.place]

    def text(self, metrics: Metrics) -> str:
        text = super().text(metrics)
        return NEVER_MEASURED if text == UNDEFINED else text


def pose_settings(evaluations: Sequence[Evaluation]) -> str:
    """The options behind the pose values, for each file where they differ."""
    settings = {e.name: _settings_of(e.metrics["options"]) for e in evaluations}
    if len(set(settings.values())) == 1:
        return next(iter(settings.values()))
    return "; ".join(f"{name}: {text}" for name, text in settings.items())


def _settings_of(options: Metrics) -> str:
    threshold = options["match_threshold"]
    if options["match_method"] == "oks":
        how = [f"animals paired by OKS above {threshold:g}", *_oks_words(options)]
    else:
        anchor = options["anchor_part"]
        center = f"node {anchor}" if anchor else "mean of the visible nodes"
        how = [f"animals paired by their centers ({center}) up to {threshold:g} px apart"]
    return ", ".join([*how, _truth_words(options["user_labels_only"])])


def _oks_words(options: Metrics) -> list[str]:
    scale = options["oks_scale"]
    size = "each animal's box" if scale is None else f"{scale:g} px² for all animals"
    return [f"OKS with a spread of {options['oks_stddev']:g}, size from {size}"]


def _truth_words(user_labels_only: bool) -> str:
    if user_labels_only:
        return "truth: only what a person labelled"
    return "truth: every instance of the file"


def identity_settings(run: EvaluationRun) -> str:
    """The options behind the identity values."""
    identities = run.options.identities
    assert identities is not None
    poses = run.options.poses
    name = {"oks": "OKS", "iou": "the overlap of boxes", "centroid": "the distance of centroids"}
    parts = [
        f"animals matched by {name[identities.similarity]}, similarity of at least "
        f"{identities.similarity_threshold:g}"
    ]
    if identities.similarity == "oks":
        parts += _oks_words({"oks_stddev": poses.oks_stddev, "oks_scale": poses.oks_scale})
    if identities.similarity == "centroid":
        parts += [f"which is 0.5 at {identities.max_distance:g} px"]
    return ", ".join([*parts, _truth_words(poses.user_labels_only)])


def _per_video(evaluations: Sequence[Evaluation]) -> Iterator[str]:
    for evaluation in evaluations:
        videos = evaluation.metrics[_ID]["videos"]
        if len(videos) < 2:
            continue
        yield ""
        yield f"Identities by video, {evaluation.name}"
        for video in videos:
            yield (
                f"  {video['video']}: {counted(video['n_frames'], 'frame')}, "
                f"HOTA {video['HOTA']:.4f}, MOTA {video['MOTA']:.4f}, IDF1 {video['IDF1']:.4f}, "
                f"IDSW {video['IDSW'] if video['TP'] else UNDEFINED}"
            )


def _switches(evaluations: Sequence[Evaluation]) -> Iterator[str]:
    for evaluation in evaluations:
        switches = evaluation.metrics[_ID]["switches"]
        yield ""
        yield f"Switches, {evaluation.name}: {how_many_switches(evaluation)}"
        for switch in switches[:_MAX_SWITCHES]:
            yield f"  {switch_text(switch)}"
        if len(switches) > _MAX_SWITCHES:
            more = len(switches) - _MAX_SWITCHES
            yield f"  ... and {more} more; --save_metrics and --report have all of them"


def how_many_switches(evaluation: Evaluation) -> str:
    """Their number; why there is none where no identity could be followed."""
    metrics = evaluation.metrics[_ID]
    if not metrics["TP"]:
        return f"{UNDEFINED}, {NOT_FOLLOWED}"
    return str(metrics["IDSW"] or "none")


def switch_text(switch: dict[str, Any]) -> str:
    """One switch in words."""
    lost = switch["frames_lost"]
    after = f", after {counted(lost, 'frame')} not found" if lost else ""
    video = re.split(r"[\\/]", switch["video"])[-1]
    return (
        f"{video} frame {switch['frame_idx']}: {switch['animal']}, "
        f"{switch['from_track']} -> {switch['to_track']}{after}"
    )
