"""What is said about many inputs together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sleap_rt.errors import OptionError
from sleap_rt.options import SelectionOptions, filled
from sleap_rt.runtime.outputs.names import settled_format
from sleap_rt.words import counted
from sleap_rt.workflows.many.inputs import Inputs


@dataclass(frozen=True, kw_only=True)
class ManyOptions:
    """What is said about all inputs together.

    Attributes:
        folder: for the results; None puts each beside its input.
        file: of the result, if there is one input only.
        output_format: of the results; one of `FORMATS`.
        writes: write results at all.
        skip_existing: leave out inputs whose result is there.
        resume: go on: inputs with a journal are continued, those with a result are done.
        overwrite: replace files that are not unchanged results of the same input.
        summary: file that says what was done, as JSON; kept up to date.
        most_frames: of a video, that its result goes through; None where that is not limited.
    """

    folder: Path | None = None
    file: Path | None = None
    output_format: str = "slp"
    writes: bool = True
    skip_existing: bool = False
    resume: bool | None = None
    overwrite: bool = False
    summary: Path | None = None
    most_frames: int | None = None

    def __post_init__(self) -> None:
        if self.skip_existing and self.overwrite:
            raise OptionError(
                "skip_existing and overwrite exclude each other: results that are there either "
                "stay or are replaced"
            )


def many_options(
    inputs: Inputs, output_path: Path | None, values: Mapping[str, Any], *, names_output: bool
) -> ManyOptions | None:
    """What is said about all inputs together; None for one input of which nothing is said.

    Args:
        inputs: as found.
        output_path: a file for one input, or a folder: one that is there, or a name without suffix.
        values: name -> value of any options.
        names_output: results are named after their inputs where there is no `output_path`.

    Raises:
        OptionError: one file for many inputs, or options that need one input.
    """
    is_there = output_path is not None and output_path.is_dir()
    is_folder = is_there or (output_path is not None and not output_path.suffix)
    is_said = any(values.get(name) for name in ("skip_existing", "summary"))
    if not inputs.is_many and not is_said and not is_folder:
        return None
    if inputs.is_many and output_path is not None and not is_folder:
        raise OptionError(
            f"output_path {output_path}: one file for "
            f"{counted(len(inputs.paths), 'input')}; name a folder"
        )
    if values.get("frame_range_of") is not None:
        _refuse_part(inputs, output_path if is_folder else None)
    if values.get("video_index") is not None:
        raise OptionError("video_index: give it with one input and the name of its result")
    if values.get("journal") is not None:
        raise OptionError("journal: give it with one input; each has a journal beside its result")
    summary = values.get("summary")
    file = None if is_folder else output_path
    frames = filled(SelectionOptions, values).frames
    return ManyOptions(
        folder=output_path if is_folder else None,
        file=file,
        output_format=settled_format(values.get("output_format", "auto"), file),
        writes=names_output or output_path is not None,
        skip_existing=bool(values.get("skip_existing")),
        resume=True if values.get("resume") == "auto" else values.get("resume"),
        overwrite=bool(values.get("overwrite")),
        summary=None if summary is None else Path(summary),
        most_frames=None if frames is None else len(frames),
    )


def _refuse_part(inputs: Inputs, folder: Path | None) -> None:
    """Refuse one part in place of one result of each input."""
    if inputs.is_many or folder is None:
        raise OptionError(
            "frame_range_of: give it with one input and the name of its part (-o NAME.part), "
            "without skip_existing and summary"
        )
    name = folder / "NAME" if folder.is_dir() else folder
    raise OptionError(
        f"output_path {folder}: a part (frame_range_of) is a file, and this is a folder; name "
        f"{name}.part, or leave it out"
    )
