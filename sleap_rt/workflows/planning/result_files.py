"""The files that a prediction may write, and what is there already."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.outputs.earlier_results import check_result_file
from sleap_rt.runtime.outputs.formats import possible_files, video_stem
from sleap_rt.runtime.outputs.origin.origin import name_of_input


class Written(Protocol):
    """The options of a prediction, or of tracking alone, that say what is written."""

    @property
    def output_path(self) -> Path | None: ...
    @property
    def output_format(self) -> str: ...
    @property
    def overwrite(self) -> bool: ...
    @property
    def selection(self) -> SelectionOptions: ...


def check_result_replaceable(options: Written, opened: OpenInput, n_frames: int) -> None:
    """Refuse to replace what must not be replaced by a result.

    Args:
        options: of the prediction.
        opened: the input.
        n_frames: that the result goes through.

    Raises:
        DataError: as the summary says.
    """
    check_files_replaceable(result_files(options, opened), name_of_input(opened), options, n_frames)


def check_files_replaceable(
    files: Iterable[Path], input_name: str | None, options: Written, n_frames: int | None
) -> None:
    """The same.

    Args:
        files: that the result may be written to.
        input_name: as `name_of_input` gives it.
        options: of the run.
        n_frames: that the result goes through; None where that is not known.

    Raises:
        DataError: as the summary says.
    """
    for path in files:
        check_result_file(
            path,
            input_name,
            overwrite=options.overwrite,
            n_frames=n_frames,
            frames=options.selection.frames,
        )


def result_files(options: Written, opened: OpenInput) -> list[Path]:
    """All files that a result may be written to; none where none is."""
    if options.output_path is None:
        return []
    stems = [video_stem(video) for video in opened.videos()]
    return possible_files(options.output_path, options.output_format, stems)
