"""Makes one result of the parts of a run, as if it had been predicted in one go."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import AS_ASKED
from sleap_rt.runtime.frames.open_input import open_input
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.origin.input_files import files_fingerprint
from sleap_rt.runtime.outputs.summary import PredictionSummary
from sleap_rt.runtime.pipeline.batches import Batch
from sleap_rt.runtime.pipeline.journal_file import alike, differences
from sleap_rt.runtime.predictors import ModelsElsewhere, UsedModels
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.parts.file import Part, Settings, parts_among, read_part, settings_of
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.plan import (
    PredictionPlan,
    check_options,
    check_output_of,
    check_result,
    planned_selection,
)
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.resolve import ResolvedModels
from sleap_rt.workflows.running.output import (
    make_ready,
    store_of,
    tell_replaced,
    try_planned_output,
)
from sleap_rt.workflows.running.run import Run

_MOST_NAMED = 8  # in a message


@dataclass(frozen=True, kw_only=True)
class MergeOptions:
    """How the result of all parts is made.

    Attributes:
        output_path: the file to write; None writes none.
        output_format: kind of the file, or `auto`: as `output_path` ends, else slp.
        tracking: how to track; None: as was said when the parts were predicted.
        no_empty_frames: leave out frames without instances; also if that was said of the parts.
        reproducible: leave times out of the result; also if that was said of the parts.
        overwrite: replace a file that is not the unchanged result of the same input.
    """

    output_path: Path | None = None
    output_format: str = "auto"
    tracking: TrackerOptions | None = None
    no_empty_frames: bool = False
    reproducible: bool = False
    overwrite: bool = False


def merge_parts(
    paths: Sequence[Path],
    options: MergeOptions,
    report: Report | None = None,
    *,
    keeps_labels: bool = False,
) -> PredictionSummary:
    """Put the parts of one run together, track, and write: the whole of `sleap-nn merge`.

    Args:
        paths: of all parts, in any order; patterns and folders stand for the parts in them.
        options: everything else.
        report: told what happens.
        keeps_labels: the summary has the result, too.

    Raises:
        OptionError: no part is named, or the output's name does not fit its format.
        DataError: the parts do not belong together, some are missing or damaged, the input has
            changed, or the output cannot be written.
    """
    if not paths:
        raise OptionError("No part was given; name all parts that frame_range_of wrote")
    checked = PredictionOptions(
        output_path=options.output_path, output_format=options.output_format
    )
    paths = parts_among(paths)
    check_options(checked, paths)
    report = report or Report()
    parts = whole_run([read_part(path) for path in paths])
    settings = settings_of(parts[0])
    with open_input(settings.data, settings.selection) as opened, ExitStack() as stack:
        plan = _plan(parts, settings, options, opened)
        make_ready(plan)
        try_planned_output(plan, opened)
        tell_replaced(plan, opened, report)
        for doubt in _doubts(parts):
            report.warn(doubt)
        stored = store_of(plan, stack, keeps_labels=keeps_labels)
        run = Run(opened, plan, _Merging(parts, settings), None, stored)
        return run.complete(report, keeps_labels=keeps_labels)


def whole_run(parts: Sequence[Part]) -> list[Part]:
    """The parts in order.

    Raises:
        DataError: some do not belong together, are given twice, or are missing.
    """
    first = parts[0]
    for part in parts[1:]:
        other = list(differences(first.identity, part.identity))
        if other:
            raise DataError(
                f"{part.path} does not belong to {first.path}, and was made otherwise: "
                f"{'; '.join(other)}. Predict one of them again, with the options of the other."
            )
    by_number: dict[int, Part] = {}
    for part in parts:
        twin = by_number.setdefault(part.number, part)
        if twin is not part:
            raise DataError(
                f"{twin.path} and {part.path} are both part {part.number} of {part.n_parts}; "
                "give each part once."
            )
    missing = [n for n in range(1, first.n_parts + 1) if n not in by_number]
    if missing:
        named = ", ".join(f"{n}/{first.n_parts}" for n in missing[:_MOST_NAMED])
        more = ", ..." if len(missing) > _MOST_NAMED else ""
        raise DataError(
            f"{len(missing)} of {first.n_parts} parts are missing: {named}{more}. Predict them "
            "with --frame_range_of, and give all parts."
        )
    ordered = [by_number[number] for number in sorted(by_number)]
    _check_joints(ordered)
    return ordered


def _check_joints(parts: Sequence[Part]) -> None:
    """Refuse frames between two parts, or in both."""
    position = 0
    for part in parts:
        if part.positions.start != position:
            raise DataError(
                f"{part.path} begins at frame {part.positions.start} of the run, and the parts "
                f"ahead of it end at {position}: they were cut by different versions."
            )
        position = part.positions.stop
    if position != parts[0].n_frames:
        raise DataError(
            f"The parts hold {position} frames of {parts[0].n_frames}: they were cut by "
            "different versions."
        )


def _plan(
    parts: Sequence[Part], settings: Settings, options: MergeOptions, opened: OpenInput
) -> PredictionPlan:
    """As a run would have it that predicts all frames."""
    made = PredictionOptions(
        selection=settings.selection,
        decode=settings.decode,
        filters=settings.filters,
        tracking=options.tracking or settings.tracking,
        engine=EngineOptions(engine=_joined(parts, "engine")),
        run=settings.run,
        centroid_only=bool(settings.output.get("centroid_only")),
        centroid_output=settings.output["centroid_output"],
        output_path=options.output_path,
        output_format=options.output_format,
        no_empty_frames=options.no_empty_frames or settings.output["no_empty_frames"],
        overwrite=options.overwrite,
        reproducible=options.reproducible or settings.output["reproducible"],
    )
    check_output_of(replace(made, engine=EngineOptions()), opened)
    graphs, match_known = settings.graphs, settings.match_known
    finds_centroids = graphs.is_centroid_alone and not match_known
    check_result(made, graphs, finds_centroids=finds_centroids)
    selection = planned_selection(graphs, opened, match_known=match_known)
    identity = parts[0].identity
    is_same = alike(identity["input"], files_fingerprint(opened.files))
    if not is_same or identity["frames"] != selection.fingerprint:
        raise DataError(
            f"{opened.files[0]} is not what the parts were made from any more: it has another "
            "size, place, or other frames. Put the old one back, or predict all parts again."
        )
    return PredictionPlan(
        resolved=ResolvedModels(
            paths=(), overrides=settings.overrides, models=graphs, graphs=graphs
        ),
        options=made,
        asked=made,
        engine_reason=AS_ASKED,
        selection=selection,
        positions=range(len(selection.refs)),
        match_known=match_known,
    )


class _Merging:
    """`Predicting` by reading what was predicted."""

    def __init__(self, parts: Sequence[Part], settings: Settings) -> None:
        self._parts = parts
        self.engine = _joined(parts, "engine")
        self.engine_options = _options_of(parts)
        device = _joined(parts, "device")
        self.models: UsedModels = ModelsElsewhere(settings.graphs, device, settings.match_known)

    def batches(self, positions: range) -> Generator[Batch, None, None]:
        for part in self._parts:
            for results in part.journal.batches():
                yield Batch(results, [None] * len(results), is_whole=True)


def _joined(parts: Sequence[Part], name: str) -> str:
    return ", ".join(dict.fromkeys(str(part.journal.run.get(name)) for part in parts))


def _options_of(parts: Sequence[Part]) -> dict[str, Any]:
    """What was asked of the engines, by name; a list where the parts were asked differently."""
    said = [settings_of(part).engine_options for part in parts]
    found = {name: list(dict.fromkeys(one.get(name) for one in said)) for name in said[0]}
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _doubts(parts: Sequence[Part]) -> list[str]:
    """What a person should know about the parts, one sentence each."""
    made: dict[Any, list[str]] = {}
    for part in parts:
        run = part.journal.run
        made.setdefault(f"{run.get('engine')} on {run.get('device')}", []).append(
            f"{part.number}/{part.n_parts}"
        )
    if len(made) < 2:
        return []
    told = "; ".join(f"{how}: {', '.join(which[:_MOST_NAMED])}" for how, which in made.items())
    return [f"the parts were predicted by different engines or devices ({told})"]
