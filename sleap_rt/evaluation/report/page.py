"""The report's page: its sections, in order."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

import numpy as np

from sleap_rt.arrays import Doubles
from sleap_rt.evaluation.earlier_results import mark_of, mark_on_page
from sleap_rt.evaluation.identity.evaluation import VideoIdentities
from sleap_rt.evaluation.metrics import Metrics, matched_distances
from sleap_rt.evaluation.pairing.pose_pairs import PosePairing
from sleap_rt.evaluation.poses.pck import PCK_THRESHOLDS_PX
from sleap_rt.evaluation.reading.images import FrameImages
from sleap_rt.evaluation.reading.pose_table import PoseTable
from sleap_rt.evaluation.reading_in_words import sentences
from sleap_rt.evaluation.report import plots
from sleap_rt.evaluation.report.cards import cards, node_table, tables
from sleap_rt.evaluation.report.switches import switch_list
from sleap_rt.evaluation.report.theme import PREDICTION, STYLE, TRUTH, series_colour
from sleap_rt.evaluation.report.timeline import OTHER_TRACK, timeline
from sleap_rt.evaluation.report.worst import (
    SAME_MOMENT_FRAMES,
    WorstFrame,
    draw_frame,
    worst_frames,
)
from sleap_rt.evaluation.results import Evaluation, EvaluationRun
from sleap_rt.evaluation.tables import (
    COCO,
    DETECTION,
    DISTANCES,
    IDENTITIES,
    OVERLAP,
    PCK,
    SELECTION,
    SHARES,
    VISIBILITY,
    how_many_switches,
    identity_settings,
    pose_settings,
)
from sleap_rt.geometry import visible_nodes
from sleap_rt.version import __version__

_N_WORST, _N_WORST_OF_SEVERAL = 9, 6  # rows of three
_MAX_VIDEOS = 12
_MOST_NAMED = 3  # videos named in the head
_POSE_TABLES = (
    ("OKS", (*OVERLAP, *COCO)),
    ("Distance", DISTANCES),
    ("PCK", PCK),
    ("Animals and nodes found", (*DETECTION, *VISIBILITY)),
    ("What was compared", SELECTION),
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def report_page(run: EvaluationRun) -> str:
    """The whole page as one HTML document."""
    body = "\n".join([*_head(run), *_poses(run), *_identities(run), *_foot(run)])
    title = escape(f"Evaluation of {_subject(run.evaluations)}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{mark_on_page(mark_of(run.options.ground_truth_path, run.options.predicted_paths))}\n"
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _head(run: EvaluationRun) -> Iterator[str]:
    evaluations = run.evaluations
    yield f"<h1>{escape(_subject(evaluations))} against ground truth</h1>"
    yield f'<p class="soft">Ground truth: {escape(run.ground_truth.name)}</p>'
    if len(evaluations) > 1:
        yield _key([(f"{e.name}: {e.path}", series_colour(i)) for i, e in enumerate(evaluations)])
    else:
        yield f'<p class="soft">Predictions: {escape(str(evaluations[0].path))}</p>'
    yield from _origin(run)
    for evaluation in evaluations:
        read = " ".join(sentences(evaluation))
        name = f"<b>{escape(evaluation.name)}</b>: " if len(evaluations) > 1 else ""
        yield f'<p class="lead">{name}{escape(read)}</p>' if read else ""
    if run.notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in run.notes)
        yield f'<ul class="warnings">{items}</ul>'
    yield cards([evaluation.metrics for evaluation in evaluations], mark_best=run.same_method)


def _origin(run: EvaluationRun) -> Iterator[str]:
    """Where and when the numbers come from: videos, models, the day."""
    videos = run.ground_truth.videos
    names = [str(video) for video in videos[:_MOST_NAMED]]
    more = f" and {len(videos) - len(names)} more" if len(videos) > len(names) else ""
    facts = [f"Video: {', '.join(names)}{more}"] if names else []
    for evaluation in run.evaluations:
        if evaluation.predicted.made_with:
            whose = f" of {evaluation.name}" if len(run.evaluations) > 1 else ""
            facts.append(f"Model{whose}: {evaluation.predicted.made_with}")
    facts.append(f"Evaluated on {datetime.now().astimezone():%Y-%m-%d}")
    yield "".join(f'<p class="soft">{escape(fact)}</p>' for fact in facts)


def _subject(evaluations: Sequence[Evaluation]) -> str:
    if len(evaluations) > 2:
        return f"{len(evaluations)} prediction files"
    return " and ".join(evaluation.name for evaluation in evaluations)


def _poses(run: EvaluationRun) -> Iterator[str]:
    paired = [e for e in run.evaluations if e.pairing is not None]
    if not paired:
        return
    metrics, names = _columns(run)
    yield "<h2>Poses</h2>"
    yield f'<p class="soft">{escape(pose_settings(run.evaluations))}</p>'
    yield tables(_POSE_TABLES, metrics, names, mark_best=run.same_method)
    yield "<h2>How large the errors are</h2>"
    yield from _distributions(run)
    if any("node_metrics" in m for m in metrics):
        yield "<h2>Which nodes</h2>"
        yield f'<div class="beside">{"".join(_skeletons(run))}{node_table(metrics, names)}</div>'
    yield "<h2>Worst frames</h2>"
    yield (
        f'<p class="soft">{_worst_rule(paired)} Frames less than {SAME_MOMENT_FRAMES} from a worse '
        "one are only shown where there is nothing else.</p>"
    )
    truth = "truth, solid" + ("; a cross is its centroid" if _has_centroids(paired) else "")
    yield _key([(truth, TRUTH), ("prediction, dashed", PREDICTION)])
    for evaluation in paired:
        yield from _worst(evaluation, run.images, len(paired) > 1)
    yield from (f'<p class="soft">{escape(problem)}</p>' for problem in run.images.problems)


def _columns(run: EvaluationRun) -> tuple[list[Metrics], list[str]]:
    return [e.metrics for e in run.evaluations], [e.name for e in run.evaluations]


def _distributions(run: EvaluationRun) -> Iterator[str]:
    pairings = [e.pairing for e in run.evaluations if e.pairing is not None]
    distances = [matched_distances(pairing) for pairing in pairings]
    finite = np.concatenate([d[np.isfinite(d)] for d in distances])
    if not finite.size:
        yield "<p>No prediction was matched with an animal, so there is no error to show.</p>"
        return
    figures = []
    if all(pairing.options.match_method == "oks" for pairing in pairings):
        drawing = plots.oks_histogram([pairing.matches.values for pairing in pairings])
        figures.append(_figure(drawing, "OKS of matched pairs"))
    longest = float(np.percentile(finite, 99))
    text = f"Error of matched nodes; the 1 % beyond {longest:.1f} px is not drawn"
    figures.append(_figure(plots.error_histogram(distances, longest), text))
    curves = [e.metrics.get("pck_curve", {}).get("PCK") for e in run.evaluations]
    if any(curve is not None and np.isfinite(curve).all() for curve in curves):
        drawing = plots.pck_curves(PCK_THRESHOLDS_PX, curves)
        figures.append(_figure(drawing, "PCK; a node missing on either side is wrong"))
    yield f'<div class="plots">{"".join(figures)}</div>'


def _figure(draw: plots.Draw, caption: str) -> str:
    return f"<figure>{plots.svg(draw, caption)}<figcaption>{escape(caption)}</figcaption></figure>"


def _skeletons(run: EvaluationRun) -> Iterator[str]:
    shown = [e for e in run.evaluations if "node_metrics" in e.metrics]
    errors = [np.array(e.metrics["node_metrics"]["avg"], float) for e in shown]
    finite = [value for error in errors for value in error[np.isfinite(error)]]
    pose = _example_pose(run.ground_truth)
    if not finite or pose is None:
        return
    figures = []
    for evaluation, error in zip(shown, errors, strict=True):
        drawing = plots.skeleton_picture(
            pose, run.ground_truth.edge_inds, run.ground_truth.node_names, error, max(finite)
        )
        caption = f"Mean error of each node, {evaluation.name}, on the pose of one labelled animal"
        figures.append(
            f"<figure>{plots.svg(drawing, caption, (4.2, 3.4))}"
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )
    yield from figures


def _example_pose(truth: PoseTable) -> Doubles | None:
    """(n_nodes, 2) the first instance that has the most nodes."""
    if not truth.n_instances:
        return None
    n_visible = visible_nodes(truth.points).sum(axis=-1)
    best = int(np.argmax(n_visible))
    return truth.points[best] if n_visible[best] else None


def _worst(evaluation: Evaluation, images: FrameImages, several: bool) -> Iterator[str]:
    pairing = evaluation.pairing
    assert pairing is not None
    if several:
        yield f"<h3>{escape(evaluation.name)}</h3>"
    frames = worst_frames(pairing, _N_WORST_OF_SEVERAL if several else _N_WORST)
    if not frames:
        yield "<p>No frame was compared.</p>"
        return
    figures = [
        f'<figure class="frame">{draw_frame(pairing, frame.place, images)}'
        f"<figcaption>{escape(_worst_text(pairing, frame))}</figcaption></figure>"
        for frame in frames
    ]
    yield f'<div class="plots">{"".join(figures)}</div>'


def _has_centroids(paired: Sequence[Evaluation]) -> bool:
    return any(e.pairing and e.pairing.options.match_method == "centroid" for e in paired)


def _worst_rule(paired: Sequence[Evaluation]) -> str:
    methods = {e.pairing.options.match_method for e in paired if e.pairing is not None}
    rules = {
        "oks": "Lowest mean OKS of the animals in a frame, a missed one counting 0.",
        "centroid": "Most animals missed or made up in a frame, then the largest error.",
    }
    return " ".join(rules[method] for method in sorted(methods, reverse=True))


def _worst_text(pairing: PosePairing, frame: WorstFrame) -> str:
    truth = pairing.ground_truth
    row = pairing.frames.gt_frames[frame.place]
    parts = [f"Frame {truth.frame_idxs[row]}"]
    if len(truth.videos) > 1:
        parts[0] += f" of {truth.videos[truth.frame_videos[row]]}"
    if np.isfinite(frame.score):
        parts.append(f"mean OKS {frame.score:.3f}")
    if np.isfinite(frame.longest_px):
        parts.append(f"largest error {frame.longest_px:.1f} px")
    if frame.n_missed:
        parts.append(f"{frame.n_missed} missed")
    if frame.n_extra:
        parts.append(f"{frame.n_extra} without animal")
    return ", ".join(parts)


def _identities(run: EvaluationRun) -> Iterator[str]:
    if run.options.identities is None:
        return
    metrics, names = _columns(run)
    yield "<h2>Identities</h2>"
    yield f'<p class="soft">{escape(identity_settings(run))}</p>'
    groups = (("Tracks", IDENTITIES), ("Detector or association", SHARES))
    yield tables(groups, metrics, names, mark_best=True)
    yield (
        '<p class="soft">Lost by the detector: what stays lost if every detection carried the '
        "identity of the animal it lies on. Lost by association: the rest. Of association alone: "
        "as if nothing had been missed, added or misplaced.</p>"
    )
    values = [m["identity_metrics"] for m in metrics]
    curves = plots.hota_curves(values[0]["alphas"], [one["HOTA_alpha"] for one in values])
    yield f'<div class="plots">{_figure(curves, "HOTA by similarity threshold")}</div>'
    for evaluation in run.evaluations:
        yield from _tracks(evaluation, run.images, len(run.evaluations) > 1)


def _tracks(evaluation: Evaluation, images: FrameImages, several: bool) -> Iterator[str]:
    identities = evaluation.identities
    assert identities is not None
    yield f"<h2>Track timeline{f', {escape(evaluation.name)}' if several else ''}</h2>"
    yield (
        '<p class="soft">One row per animal, coloured by the predicted track it was matched with; '
        "a thin line where it was there but not found; a triangle at each switch.</p>"
    )
    for video in identities.videos[:_MAX_VIDEOS]:
        yield from _timeline(evaluation, video)
    if len(identities.videos) > _MAX_VIDEOS:
        yield f"<p>{len(identities.videos) - _MAX_VIDEOS} more videos are not drawn.</p>"
    yield f"<h3>Switches: {escape(how_many_switches(evaluation))}</h3>"
    yield from switch_list(evaluation, images)


def _timeline(evaluation: Evaluation, video: VideoIdentities) -> Iterator[str]:
    name = video.sequence.video
    if not len(video.sequence):
        yield f"<p>{escape(name)} has no ground-truth frame.</p>"
        return
    drawn = timeline(video)
    other = [(f"{drawn.n_other} more tracks", OTHER_TRACK)] if drawn.n_other else []
    yield f"<h3>{escape(name)}</h3>"
    yield _key([*drawn.tracks, *other])
    picture = plots.svg(drawn.draw, f"timeline of {name}, {evaluation.name}", drawn.size)
    yield f'<figure class="scroll timeline">{picture}</figure>'
    if drawn.n_animals_left_out:
        yield (
            f'<p class="soft">{drawn.n_animals_left_out} animals that are there for fewer frames '
            "are not drawn.</p>"
        )


def _key(entries: Sequence[tuple[str, str]]) -> str:
    items = "".join(
        f'<li><i style="background:{colour}"></i>{escape(label)}</li>' for label, colour in entries
    )
    return f'<ul class="key">{items}</ul>'


def _foot(run: EvaluationRun) -> Iterator[str]:
    yield f'<p class="soft">Made by sleap-rt {escape(__version__)}.</p>'
