"""The plan of a prediction: every option checked once, against models, engine, input and output."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import OptionError
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.engines import AS_ASKED, EngineChoice, check_engine_options, choose_engine
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.model_set import ModelSet
from sleap_rt.runtime.outputs.centroids import check_centroid_output
from sleap_rt.runtime.outputs.earlier_results import check_preview_replaceable
from sleap_rt.runtime.outputs.formats import check_one_each
from sleap_rt.runtime.outputs.names import (
    check_output,
    check_part_output,
    check_place,
    journal_of,
)
from sleap_rt.runtime.pipeline.filters import check_centroid_distance
from sleap_rt.runtime.pipeline.journal import check_journal
from sleap_rt.runtime.predictors import check_use, effective_options
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.parts.division import divided
from sleap_rt.workflows.parts.file import check_part_replaceable
from sleap_rt.workflows.planning.options import PredictionOptions
from sleap_rt.workflows.planning.result_files import check_result_replaceable
from sleap_rt.workflows.resolve import ResolvedModels

if TYPE_CHECKING:
    from sleap_rt.runtime.frames.selection import Selection


@dataclass(frozen=True, kw_only=True)
class PredictionPlan:
    """What a prediction will do.

    Attributes:
        resolved: the models, and their graphs where these exist.
        options: as given, the engine settled.
        asked: as given; `options` has what its `auto` stands for.
        engine_reason: why this engine.
        selection: the frames; only labelled ones if the models need labelled animals.
        positions: of those in the selection that are predicted.
        match_known: a centroid model alone takes over poses of labelled animals.
        notes: what a person should know about models and input, in words.
        compares: engines that the run compares before it chooses; empty once it has.
    """

    resolved: ResolvedModels
    options: PredictionOptions
    asked: PredictionOptions
    engine_reason: str
    selection: "Selection"
    positions: range
    match_known: bool
    notes: tuple[str, ...] = ()
    compares: tuple[str, ...] = ()

    @property
    def is_engine_chosen(self) -> bool:
        """Whether `auto` was asked for, and an engine chosen."""
        return self.engine_reason != AS_ASKED

    @property
    def is_part(self) -> bool:
        """Whether a part of the frames is predicted, to be merged with the others."""
        return self.options.frame_range_of is not None

    @property
    def models(self) -> ModelSet:
        return self.resolved.models

    @property
    def n_at_once(self) -> int:
        """Batches that may be computed side by side: of a part, those of the whole."""
        return self.options.run.n_at_once(len(self.selection.refs))

    @property
    def journal_path(self) -> Path | None:
        path = self.options.output_path
        if path is not None and self.options.journal is not None:
            return self.options.journal
        return None if path is None else journal_of(path)

    @property
    def tracking(self) -> TrackerOptions | None:
        """How animals are followed; None: not, or by the model itself, or when parts are merged."""
        return None if self.is_part or self.models.class_names else self.options.tracking

    @property
    def engine_line(self) -> str:
        """What runs the models and why, as the run tells it."""
        if self.compares:
            return f"engine auto: compares {', '.join(self.compares)} on the first frames"
        engine = self.options.engine
        place = "" if engine.device == "auto" else f" on {engine.device}"  # none works here
        return f"engine {engine.engine}{place}: {self.engine_reason}"


def check_options(options: PredictionOptions, inputs: Sequence[Path] = ()) -> None:
    """Refuse wrong use, before any file is opened.

    Args:
        options: of the prediction.
        inputs: files that must not be replaced.

    Raises:
        OptionError: no such engine, or the file name does not fit the output format.
        DataError: the output cannot be written.
    """
    check_engine_options(options.engine)
    if options.output_path is None:
        return
    if options.journal is not None:
        if options.journal.absolute() == options.output_path.absolute():
            raise OptionError(f"journal {options.journal}: is the output itself; name another file")
        check_place(options.journal, inputs, "--journal")
    if options.frame_range_of is not None:
        check_part_output(options.output_path, inputs)
    else:
        check_output(options.output_path, inputs, options.output_format)


def check_output_of(options: PredictionOptions, opened: OpenInput) -> None:
    """Refuse an output that must not or cannot be written for this input; takes no time.

    Args:
        options: of the prediction.
        opened: the input.

    Raises:
        OptionError, DataError: as `check_options`; or the output would replace something else than
            the unchanged result of the same input.
    """
    check_options(options, opened.files)
    if options.output_path is None and options.frame_range_of is not None:
        raise OptionError("frame_range_of: needs output_path, the file of the part")
    path, part = options.output_path, options.frame_range_of
    if path is not None and part is not None:
        of_part = (path, opened.files, part, options.selection)
        check_part_replaceable(*of_part, overwrite=options.overwrite)
    elif path is not None:
        check_result_replaceable(options, opened, len(opened.selection.refs))
        if options.preview:
            check_preview_replaceable(path, overwrite=options.overwrite)


def plan_prediction(
    resolved: ResolvedModels,
    opened: OpenInput,
    options: PredictionOptions,
    match_known: bool | None = None,
) -> PredictionPlan:
    """Check every option against the models, the input and the output.

    Args:
        resolved: the models.
        opened: the input.
        options: of the prediction.
        match_known: whether a centroid model alone takes over poses of labelled animals; None
            decides it by the options and the input.

    Raises:
        OptionError: an option has no effect, or cannot be honoured.
        DataError: the models work on labelled animals, and there are none; or the output cannot be
            written, or there is a journal of an interrupted run.
    """
    check_output_of(options, opened)
    models = resolved.models
    refuse_without_effect(options, models)
    if match_known is None:
        match_known = _match_known(options, models, has_labels=opened.labels is not None)
    check_use(models, options.decode, match_known=match_known)
    finds_centroids = models.is_centroid_alone and not match_known
    check_result(options, models, finds_centroids=finds_centroids)
    choice = EngineChoice(options.engine, "each worker chooses")
    if options.cluster is None:
        choice = choose_engine(options.engine, models.precisions)
    selection = planned_selection(models, opened, match_known=match_known)
    positions, run = divided(
        options.run,
        selection.refs,
        opened.source.key_frames,
        options.frame_range_of,
        block_size=options.decode.detect_every,
        is_shared=options.cluster is not None,
    )
    own_notes = [_TAKEN_OVER] if match_known else []
    if finds_centroids and not options.centroid_only:
        own_notes = [_ONE_POINT]
    plan = PredictionPlan(
        resolved=resolved,
        options=replace(options, engine=choice.options, run=run),
        asked=options,
        engine_reason=choice.reason,
        selection=selection,
        positions=positions,
        match_known=match_known,
        notes=(*resolved.notes, *opened.notes, *own_notes),
    )
    if plan.journal_path is not None:
        check_journal(plan.journal_path, resume=plan.options.resume)
    return plan


def check_result(options: PredictionOptions, models: ModelSet, *, finds_centroids: bool) -> None:
    """Check that what the models find can be filtered and written as asked.

    Args:
        options: of the prediction.
        models: of the run.
        finds_centroids: these give centroids, not poses.

    Raises:
        OptionError, DataError: it cannot.
    """
    check_centroid_distance(options.filters, finds_centroids)
    check_centroid_output(
        options.centroid_output,
        finds_centroids=finds_centroids,
        is_tracked=options.tracking is not None,
        output_format=options.output_format,
    )
    check_one_each(
        options.output_format,
        finds_many=models.finds_many and options.decode.max_instances != 1,
        has_tracks=options.tracking is not None or bool(models.class_names),
    )


def planned_selection(models: ModelSet, opened: OpenInput, *, match_known: bool) -> "Selection":
    """The frames of an input that models can work on.

    Args:
        models: of the run.
        opened: the input.
        match_known: a centroid model alone takes over poses of labelled animals.

    Raises:
        DataError: the models work on labelled animals, and there are none.
    """
    needs_labels = match_known or models.needs_labels
    return (opened.labeled() if needs_labels else opened).selection


_TAKEN_OVER = (
    "a centroid model alone takes over the poses that the labels have, and predicts none; "
    "--centroid_only gives the centroids that it finds"
)
_ONE_POINT = "a centroid model alone gives one point per animal; poses need a crop model beside it"
_DECODE = frozenset(DecodeOptions.__dataclass_fields__)


def refuse_without_effect(options: PredictionOptions, models: ModelSet) -> None:
    """Refuse options that have no effect with these models, unless they have their default value.

    Args:
        options: of the prediction.
        models: of the run.

    Raises:
        OptionError: as the summary says.
    """
    decode = options.decode
    useless = sorted(
        name
        for name in (_DECODE & options.given) - effective_options(models)
        if getattr(decode, name) != getattr(DecodeOptions, name)
    )
    if useless:
        one = ", which takes one peak_threshold" if "centroid_peak_threshold" in useless else ""
        raise OptionError(
            f"{', '.join(useless)}: no effect with {models.in_words}{one}; leave it out"
        )


def _match_known(options: PredictionOptions, models: ModelSet, *, has_labels: bool) -> bool:
    if options.centroid_only and not models.is_centroid_alone:
        raise OptionError("centroid_only: no effect without a centroid model alone; leave it out")
    return models.is_centroid_alone and has_labels and not options.centroid_only
