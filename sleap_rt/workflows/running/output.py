"""Where a run's results go: what is found out ahead of it, and where they wait to be written."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from sleap_rt.instances import FrameInstances
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.formats import load_writer
from sleap_rt.runtime.outputs.names import make_folder
from sleap_rt.runtime.outputs.origin.origin import Origin, origin_of
from sleap_rt.runtime.outputs.saving import remove_unfinished
from sleap_rt.runtime.outputs.trial import try_output
from sleap_rt.runtime.pipeline.spool import Spool
from sleap_rt.workflows.parts.file import asked_of_part
from sleap_rt.workflows.planning.plan import PredictionPlan
from sleap_rt.workflows.planning.result_files import result_files
from sleap_rt.workflows.report import Report
from sleap_rt.workflows.run_identity.asked import asked_of, will_be_replaced


def make_ready(plan: PredictionPlan) -> None:
    """Load what writes the output, and make its folder.

    Raises:
        DataError: the folder cannot be made or written to.
    """
    if plan.options.output_path is not None:
        if not plan.is_part:
            load_writer(plan.options.output_format)
        make_folder(plan.options.output_path)


def tell_replaced(plan: PredictionPlan, opened: OpenInput, report: Report) -> None:
    """Tell of results that are about to be replaced and were made in another way."""
    for note in replaced(plan, opened):
        report.note(note)


def replaced(plan: PredictionPlan, opened: OpenInput) -> Iterator[str]:
    """The same in words, one sentence each."""
    for path in result_files(plan.options, opened):
        origin = _origin_before(path, is_part=plan.is_part) if path.exists() else None
        if origin is not None:
            asked = asked_of(plan.options, plan.resolved)
            yield from will_be_replaced(path, origin, asked, opened.files)


def _origin_before(path: Path, *, is_part: bool) -> Origin | None:
    return Origin(asked=asked_of_part(path)) if is_part else origin_of(path)


def try_planned_output(plan: PredictionPlan, opened: OpenInput) -> None:
    """Find out ahead of the run whether its result can be written.

    Raises:
        DataError: it cannot.
    """
    if plan.options.output_path is not None and not plan.is_part:
        try_output(
            plan.options.output_path,
            plan.options.output_format,
            plan.models.skeleton,
            opened.videos(),
            plan.selection.refs,
        )


def store_of(
    plan: PredictionPlan, stack: ExitStack, *, keeps_labels: bool
) -> "Spool | list[FrameInstances] | None":
    """What keeps the results until they are written.

    Args:
        plan: of the run.
        stack: closes it.
        keeps_labels: they are needed, also if they are written elsewhere.
    """
    output_path = plan.options.output_path
    if plan.is_part:  # its journal has them
        return [] if keeps_labels else None
    if output_path is None:
        return []
    remove_unfinished(output_path)
    return stack.enter_context(Spool(output_path.parent))
