"""`eval`: predictions against ground truth, poses and, with --tracks, identities."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sleap_rt.cli.options.dialects import DialectCommand
from sleap_rt.cli.options.parameters import Choice, given_options
from sleap_rt.cli.options.sections import section
from sleap_rt.cli.reports.next_steps import after_report
from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.cli.terminal.help import goes_to_terminal
from sleap_rt.cli.terminal.streams import say
from sleap_rt.cli.terminal.tables import show_line, show_table
from sleap_rt.evaluation.options import (
    CommandPoseOptions,
    EvalOptions,
    IdentityOptions,
    MatchMethod,
    SimilarityName,
    choices,
)

if TYPE_CHECKING:
    from sleap_rt.evaluation.tables import Section

_POSES = CommandPoseOptions
_IDENTITIES = IdentityOptions

FILES = (
    click.argument(
        "files", nargs=-1, type=click.Path(path_type=Path), metavar="[TRUTH PREDICTED...]"
    ),
    click.option(
        "-g",
        "--ground_truth_path",
        type=click.Path(path_type=Path),
        help="Labels that are the truth, .slp. Also without -g, ahead of the predictions.",
    ),
    click.option(
        "-p",
        "--predicted_path",
        "predicted_paths",
        type=click.Path(path_type=Path),
        multiple=True,
        help="Predictions, .slp; several are compared.",
    ),
)
OUTPUT = (
    click.option(
        "-s",
        "--save_metrics",
        type=click.Path(path_type=Path),
        help="Write the metrics to this .npz, and to a .json beside it. "
        "With several predictions, one pair of files each.",
    ),
    click.option(
        "--report",
        type=click.Path(path_type=Path),
        help="Write a self-contained HTML report to this file.",
    ),
    click.option(
        "--overwrite",
        is_flag=True,
        help="Replace files that are no earlier result of the same files.",
    ),
    click.option("--json", "as_json", is_flag=True, help="One JSON object in place of the tables."),
)
TRUTH = (
    click.option(
        "--user_labels_only/--no-user_labels_only",
        default=_POSES.user_labels_only,
        show_default=True,
        help="Only what a person labelled is ground truth.",
    ),
    click.option(
        "--oks_stddev",
        type=float,
        default=_POSES.oks_stddev,
        show_default=True,
        help="Spread of a node's error, as a fraction of the animal's size.",
    ),
    click.option(
        "--oks_scale",
        type=float,
        default=_POSES.oks_scale,
        help="Area in px² for all animals, instead of each one's own box.",
    ),
)
POSES = (
    click.option(
        "--match_threshold",
        type=float,
        default=_POSES.match_threshold,
        show_default=True,
        help="A pair needs OKS above this; centroid mode: a distance up to this many px, 0 is 50.",
    ),
    click.option(
        "--match_method",
        type=Choice(choices(MatchMethod)),
        default=_POSES.match_method,
        show_default=True,
        help="How animals are paired; auto: centroid if predictions have one node, else oks.",
    ),
    click.option(
        "--anchor_part",
        default=_POSES.anchor_part,
        help="Centroid mode: the node that is the centroid; default is the mean of all.",
    ),
    click.option(
        "--coco_max_dets",
        type=int,
        default=_POSES.coco_max_dets,
        show_default=True,
        help="COCO AP and AR look at this many predictions per frame, the best.",
    ),
)
IDENTITIES = (
    click.option(
        "--similarity",
        type=Choice(choices(SimilarityName)),
        default=_IDENTITIES.similarity,
        show_default=True,
        help="Identities: how a prediction is compared with an animal.",
    ),
    click.option(
        "--similarity_threshold",
        type=float,
        default=_IDENTITIES.similarity_threshold,
        show_default=True,
        help="Identities: least similarity of a match (HOTA uses 0.05 to 0.95).",
    ),
    click.option(
        "--max_distance",
        type=float,
        default=_IDENTITIES.max_distance,
        show_default=True,
        help="Identities, similarity centroid: distance in px at which the similarity is 0.5.",
    ),
)

TRACKS = click.option(
    "--tracks", is_flag=True, help="Measure identities too: HOTA, MOTA, IDF1, switches."
)


@click.command("eval", cls=DialectCommand)
@section("Files", *FILES)
@section("Ground truth", *TRUTH)
@section("Poses", *POSES)
@section("Identities", TRACKS, *IDENTITIES)
@section("Results", *OUTPUT)
@click.pass_context
def command(context: click.Context, /, tracks: bool, **given: Any) -> None:
    """Compare predictions with ground truth.

    \b
    sleap-nn eval -g labels.slp -p predictions.slp
    sleap-nn eval -g labels.slp -p a.slp -p b.slp --tracks --report report.html
    """
    names = ("match_threshold", "match_method", "anchor_part", "coco_max_dets")
    poses = {name: given[name] for name in names}
    evaluate(context, given, poses, measure_poses=True, measure_identities=tracks)


def evaluate(
    context: click.Context,
    given: dict[str, Any],
    poses: dict[str, Any],
    *,
    measure_poses: bool,
    measure_identities: bool,
) -> None:
    """Build the options, refuse what cannot take effect, run, print."""
    truth, predicted = _files(given)
    identities = IdentityOptions(
        **{name: given[name] for name in ("similarity", "similarity_threshold", "max_distance")}
    )
    shared = {name: given[name] for name in ("user_labels_only", "oks_stddev", "oks_scale")}
    options = EvalOptions(
        ground_truth_path=truth,
        predicted_paths=predicted,
        **{name: given[name] for name in ("save_metrics", "report", "overwrite")},
        poses=CommandPoseOptions(**shared, **poses),
        identities=identities if measure_identities else None,
        measure_poses=measure_poses,
    )
    # Imported here, so that wrong values are told before anything heavy is loaded.
    from sleap_rt.evaluation.storage import run_as_json
    from sleap_rt.evaluation.tables import parts_of
    from sleap_rt.workflows.evaluate import check_evaluation, measure, save_results

    check_evaluation(options, given_options(context, context.params))
    with messages.waiting("comparing"):
        run = measure(options)
    try:  # ahead of the numbers, whose reader may go
        with messages.waiting("writing"):
            written = save_results(run)
    finally:  # a full disk does not cost the numbers
        for note in run.notes:
            messages.warn(note)
        if given["as_json"]:
            print_json(run_as_json(run))
        else:
            _show(parts_of(run))
    for path in written:
        say(f"Saved {path}", err=True)
    if options.report is None:
        messages.next_step("--report report.html shows the errors in frames and curves")
    else:
        after_report(options.report)


def _show(parts: "Iterator[str | Section]") -> None:
    """Lines and tables; in a pipe, the text of `table_text`."""
    for part in parts:
        if isinstance(part, str):
            show_line(part)
        elif goes_to_terminal():
            show_line()
            show_line(part.heading, heading=True)
            show_table(("", *(part.names or [""])), [(name, *cells) for name, cells in part.rows])
        else:
            say("\n".join(part.lines()))


def _files(given: dict[str, Any]) -> tuple[Path, tuple[Path, ...]]:
    """The truth and the predictions, given by flags or in this order."""
    files = list(given["files"])
    truth = given["ground_truth_path"] or (files.pop(0) if files else None)
    predicted = (*given["predicted_paths"], *files)
    if truth is not None and not predicted:
        raise click.UsageError(
            f"The truth is {truth}; name the predictions, too: predicted_path (-p), or behind it"
        )
    if truth is None and predicted:
        raise click.UsageError("Name the truth, too: ground_truth_path (-g)")
    if truth is None:
        raise click.UsageError(
            "Name the truth, ground_truth_path (-g), and predictions, predicted_path (-p); or the "
            "files in this order, without flags"
        )
    return truth, predicted
