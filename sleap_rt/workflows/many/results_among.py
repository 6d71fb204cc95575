"""Tells inputs from what earlier runs wrote beside them, which a pattern brings along."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from sleap_rt.model_files import VIDEO_SUFFIXES
from sleap_rt.runtime.frames.images.folder import IMAGE_SUFFIXES
from sleap_rt.runtime.frames.images.previews import is_drawn, is_drawn_video
from sleap_rt.runtime.outputs.formats import FORMATS
from sleap_rt.runtime.outputs.origin.marks import WITHOUT_MARK
from sleap_rt.runtime.outputs.origin.origin import name_of_file, origin_of
from sleap_rt.runtime.pipeline.journal_file import LONGEST_NAME, is_journal

_OVERLAY = ".overlay.mp4"  # as `render` names it


def results_among(paths: Sequence[Path]) -> list[Path]:
    """Those that were written by runs over others of the paths; none if nothing else is there.

    Args:
        paths: of inputs, each once.
    """
    files = [path for path in paths if path.is_file()]
    names = {name_of_file(path) for path in files}
    tables = {table for path in files for table in _tables_of(path)}
    has_labels = cache(_has_labels)
    found = [path for path in files if path in tables or _is_result(path, names, has_labels)]
    return found if len(found) < len(paths) else []


def _has_labels(folder: Path) -> bool:
    """Whether any `.slp` is there, such as the result of a run; it lists the whole folder."""
    return any(folder.glob("*.slp"))


def _is_result(path: Path, names: set[str], has_labels: Callable[[Path], bool]) -> bool:
    """Whether a file is a result of inputs of these names, or a file that goes with results."""
    if path.suffix in (".part", ".journal"):
        with path.open("rb") as file:
            return is_journal(file.read(LONGEST_NAME))
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return is_drawn(path)
    if path.suffix in VIDEO_SUFFIXES:
        return _is_overlay(path, has_labels)
    if path.suffix in {form.suffix for form in FORMATS.values()}:
        return _is_made_from(path, names - {name_of_file(path)})
    return False


def _is_overlay(path: Path, has_labels: Callable[[Path], bool]) -> bool:
    """Whether a video was drawn over a result; only one that is beside results is opened."""
    if path.name.endswith(_OVERLAY):
        return path.with_name(path.name.removesuffix(_OVERLAY) + ".slp").is_file()
    has_result = path.with_suffix(FORMATS["slp"].default_suffix).is_file()
    return not has_result and has_labels(path.parent) and is_drawn_video(path)


def _is_made_from(path: Path, names: set[str]) -> bool:
    """Whether a file is a result of inputs of these names, which may have been moved since."""
    origin = origin_of(path)
    if origin is None or origin.input_name is None:
        return False
    name = origin.input_name.rpartition(" of ")[2]  # behind the video's name
    alike = [one for one in names if Path(one).name == Path(name).name]
    return name in names or any(origin.is_of(one) for one in alike)


def _tables_of(path: Path) -> list[Path]:
    """Names that results of an input have in formats that do not tell what they were made from."""
    ends = [form.default_suffix for form in FORMATS.values() if form.suffix in WITHOUT_MARK]
    stems = (path.with_suffix("").name, path.name)
    return [path.with_name(stem + end) for stem in stems for end in ends]
