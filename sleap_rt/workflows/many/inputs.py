"""Finds the inputs that paths, folders and patterns stand for, and names their results."""

from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from sleap_rt.errors import DataError, OptionError
from sleap_rt.model_files import VIDEO_SUFFIXES, refuse_model, refuse_twice
from sleap_rt.runtime.frames.images.folder import IMAGE_SUFFIXES
from sleap_rt.runtime.frames.one_input import in_order, is_pattern, videos_in
from sleap_rt.runtime.outputs.formats import format_named
from sleap_rt.untrusted import listed
from sleap_rt.words import counted, is_or_are, unreadable
from sleap_rt.workflows.many.results_among import results_among


@dataclass(frozen=True)
class Inputs:
    """What is processed one by one.

    Attributes:
        paths: of the inputs, each once, in order.
        is_many: several were asked for, also if only one was found.
        left_out: results of earlier runs over the others.
    """

    paths: tuple[Path, ...]
    is_many: bool
    left_out: tuple[Path, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What a person should know, in words."""
        notes, n_images = [], sum(one.suffix.lower() in IMAGE_SUFFIXES for one in self.paths)
        if self.left_out:
            n_files = len(self.left_out)
            notes.append(
                f"{counted(n_files, 'result')} of earlier runs over the other inputs "
                f"{is_or_are(n_files)} left out: {listed(self.left_out)}; give a result by itself "
                "to process it"
            )
        if n_images > 1:
            notes.append(
                f"{n_images} images are {n_images} inputs, each by itself; their folder is one "
                "input, in which animals can be followed"
            )
        return notes


def find_inputs(given: Sequence[Path], *, takes_named: bool = False) -> Inputs:
    """Folders of videos and patterns as the files in them; anything else as it is.

    Results of earlier runs over others of them are left out.

    Args:
        given: paths and patterns; a folder of images is one input.
        takes_named: leave out nothing that is given by its own name, as no shell filled it in.

    Raises:
        OptionError: none was given, one twice, or a model.
        DataError: a pattern matches nothing, or a folder holds both videos and images.
    """
    if not given:
        raise OptionError(
            "No input was given; name a video, a folder or a `.slp` file ahead of the options, or "
            "behind data_path (-i)"
        )
    refuse_twice(given)
    found: dict[Path, Path] = {}
    is_many = len(given) > 1
    for path in given:
        refuse_model(path, "data_path")
        try:
            files = _files_of(path)
        except PermissionError as error:
            raise DataError(unreadable(path, error)) from error
        is_many = is_many or files is not None
        found.update({one.resolve(): one for one in ([path] if files is None else files)})
    named = set(given) if takes_named else set()
    results = [path for path in results_among(list(found.values())) if path not in named]
    left_out = set(results)
    paths = [path for path in found.values() if path not in left_out]
    return Inputs(tuple(paths), is_many, tuple(results))


def _files_of(path: Path) -> list[Path] | None:
    """The files that a folder of videos or a pattern stands for; None for anything else."""
    if path.is_dir():
        return videos_in(path)
    return _matches(path) if is_pattern(path) else None


def _matches(pattern: Path) -> list[Path]:
    files = [Path(name) for name in glob(str(pattern), recursive=True)]
    if not pattern.suffix:  # "videos/*": also matches results and notes
        files = [file for file in files if file.suffix.lower() in VIDEO_SUFFIXES]
    if not files:
        raise DataError(f"{pattern} matches no {'file' if pattern.suffix else 'video'}.")
    if all(file.suffix.lower() in IMAGE_SUFFIXES for file in files):
        raise DataError(f"{pattern} matches images; name their folder, which is one input.")
    return in_order(files)


def result_paths(inputs: Sequence[Path], folder: Path | None, format_name: str) -> list[Path]:
    """Where the results go: beside the inputs, or all into one folder, under distinct names.

    Inputs of one stem are told apart by their suffixes, and by the folders around them.

    Args:
        inputs: of the run, each once.
        folder: for the results; None puts each beside its input.
        format_name: one of `FORMATS`.
    """
    suffix = format_named(format_name).default_suffix
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in inputs:
        target = path.parent if folder is None else folder
        groups.setdefault((target, path.with_suffix("").name), []).append(path)
    results = {
        path: target / f"{name}{suffix}"
        for (target, _), paths in groups.items()
        for path, name in zip(paths, _distinct_names(paths), strict=True)
    }
    return [results[path] for path in inputs]


def _distinct_names(paths: Sequence[Path]) -> list[str]:
    """Names for paths of one stem: no longer than needed."""
    has_suffix = len({path.suffix for path in paths}) > 1
    ends = [path.name if has_suffix else path.with_suffix("").name for path in paths]
    names, n_folders = ends, 0
    while len(set(names)) < len(names):
        n_folders += 1
        names = [
            ".".join([*_folders(path)[-n_folders:], end])
            for path, end in zip(paths, ends, strict=True)
        ]
    return names


def _folders(path: Path) -> list[str]:
    return [part.strip("/\\:") for part in path.resolve().parts[:-1]]
