"""`merge_parts`: the command `merge` as a Python function."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.api.arguments import TrackingArguments
from sleap_rt.api.option_objects import check_arguments, taken_with_warnings
from sleap_rt.api.signatures import names_arguments
from sleap_rt.errors import OptionError, log_of
from sleap_rt.options.given import refuse_unwritten
from sleap_rt.options.paths import given_path, given_paths
from sleap_rt.options.value_types import check_value
from sleap_rt.runtime.outputs.names import PART_SUFFIX
from sleap_rt.workflows.parts.merge import MergeOptions
from sleap_rt.workflows.parts.merge import merge_parts as merged
from sleap_rt.workflows.tracking import tracker_options

if TYPE_CHECKING:
    import sleap_io as sio
    from typing_extensions import Unpack  # `typing` has it from Python 3.11 on

_log = log_of(__name__)


@names_arguments(TrackingArguments)
def merge_parts(
    parts: str | Path | Sequence[str | Path],
    output_path: str | Path | None = None,
    *,
    output_format: str = "auto",
    no_empty_frames: bool = False,
    reproducible: bool = False,
    overwrite: bool = False,
    **arguments: "Unpack[TrackingArguments]",
) -> "sio.Labels":
    """Put the parts of one run together, and track.

    Args:
        parts: files that `run_inference(..., frame_range_of="K/N")` wrote, all N of them; a folder
            or a pattern stands for the parts in it.
        output_path: the file to write as well; None writes none.
        output_format: kind of the file, or `auto`: as `output_path` ends.
        no_empty_frames: leave out frames without instances.
        reproducible: leave times out of the result, so that equal parts give the same bytes.
        overwrite: replace a file that is not the unchanged result of the same input.
        **arguments: how to follow animals; without `tracking=True` as was said for the parts.

    Returns:
        The labels of one run over all frames.

    Raises:
        OptionError: no part is named, or an option cannot be honoured.
        DataError: the parts do not belong together, some are missing or damaged, the input has
            changed, or the output cannot be written.
    """
    given = check_arguments(arguments, TrackingArguments)
    check_value("no_empty_frames", no_empty_frames, bool)
    check_value("reproducible", reproducible, bool)
    check_value("overwrite", overwrite, bool)
    path = given_path("output_path", output_path)
    if path is not None and path.suffix == PART_SUFFIX:
        raise OptionError(
            f"output_path {path}: that is a part, and no result; give all parts in one list: "
            f"parts={[str(one) for one in (*given_paths('parts', parts), path)]}"
        )
    refuse_unwritten(output_path, {"output_format": output_format, "overwrite": overwrite})
    options = MergeOptions(
        output_path=path,
        output_format=output_format,
        tracking=tracker_options(taken_with_warnings(given, given)),
        no_empty_frames=no_empty_frames,
        reproducible=reproducible,
        overwrite=overwrite,
    )
    summary = merged(given_paths("parts", parts), options, keeps_labels=True)
    for warning in summary.warnings:
        _log.warning(warning)
    assert summary.labels is not None  # they were to be kept
    return summary.labels
