"""Writes predictions to files of several formats, through sleap-io; complete or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from glob import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import DataError, OptionError
from sleap_rt.runtime.outputs.blocks.analysis_h5 import one_each, surveyed, write_analysis_h5
from sleap_rt.runtime.outputs.blocks.coco import write_coco
from sleap_rt.runtime.outputs.blocks.csv import write_csv, write_labels_csv
from sleap_rt.runtime.outputs.blocks.slp import write_slp
from sleap_rt.runtime.outputs.blocks.untracked import rows_for_untracked
from sleap_rt.runtime.outputs.labels import labels_of
from sleap_rt.runtime.outputs.nwb.writing import write_nwb
from sleap_rt.runtime.outputs.origin.origin import NOT_TOLD, Origin, add_origin
from sleap_rt.runtime.outputs.results import RunResults
from sleap_rt.runtime.outputs.saving import save
from sleap_rt.runtime.outputs.symmetries import in_order
from sleap_rt.words import counted

if TYPE_CHECKING:
    import sleap_io as sio


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        suffix: that file names of this format end in.
        default_suffix: replaces the input's suffix where no name is given.
        write: writes labels to the path given, or to several files named after it.
        needs: module of sleap-io that writing needs.
        write_blocks: the same as `write` for results that need not be in memory; None where the
            format has to be written at once.
        has_untracked_rows: rows stand for animals, and for places of a frame where there are no
            tracks.
        has_corrected: holds predictions beside the instances that a person made from them.
    """

    suffix: str
    default_suffix: str
    write: "Callable[[sio.Labels, Path], None]"
    needs: str
    write_blocks: Callable[[RunResults, Path], None] | None = None
    has_untracked_rows: bool = False
    has_corrected: bool = False


def _write_slp(labels: "sio.Labels", path: Path) -> None:
    labels.save(str(path), embed=False, restore_original_videos=False, verbose=False)


def _write_analysis_h5(labels: "sio.Labels", path: Path) -> None:
    """One file, or one per video where several have frames: `<base>.<video name>.analysis.h5`."""
    from sleap_io.io.main import save_analysis_h5

    _check_one_each(labels, "analysis_h5", has_rows_for_untracked=True)
    numbers = {id(video): number for number, video in enumerate(labels.videos)}
    used = sorted({numbers[id(frame.video)] for frame in labels.labeled_frames})
    files = _files_by_video(path, [video_stem(video) for video in labels.videos])
    for number in used:
        with rows_for_untracked(labels, labels.videos[number]):
            save_analysis_h5(labels, str(files[number] if len(used) > 1 else path), video=number)


def _write_analysis_blocks(results: RunResults, path: Path) -> None:
    surveys = surveyed(results)
    files = _files_by_video(path, [video_stem(video) for video in results.videos])
    write_analysis_h5(results, surveys, files if len(surveys) > 1 else [path] * len(files))


def _files_by_video(path: Path, stems: Sequence[str]) -> list[Path]:
    """`<base>.<video>.analysis.h5`; with the video's number where several have one name."""
    base = _base(path)
    unique = [
        stem if stems.count(stem) == 1 else f"{stem}.{number}" for number, stem in enumerate(stems)
    ]
    return [path.with_name(f"{base}.{name}.analysis.h5") for name in unique]


def _base(path: Path) -> str:
    return path.name.removesuffix(".h5").removesuffix(".analysis")


def files_there(path: Path, format_name: str) -> list[Path]:
    """What may be a result that was written to a path: the file, or one for each of several videos.

    The latter may be results of other inputs; their marks tell.

    Args:
        path: of the output.
        format_name: one of `FORMATS`.
    """
    if path.exists() or format_name != "analysis_h5":
        return [path] if path.exists() else []
    return sorted(path.parent.glob(f"{escape(_base(path))}.*.analysis.h5"))


def possible_files(path: Path, format_name: str, stems: Sequence[str]) -> list[Path]:
    """All files that a result may be written to; which of them depends on what is found.

    Args:
        path: of the output.
        format_name: one of `FORMATS`.
        stems: of the videos, as `video_stem` gives them.
    """
    if format_name != "analysis_h5" or len(stems) < 2:
        return [path]
    return [path, *_files_by_video(path, stems)]


def _check_one_each(
    labels: "sio.Labels", format_name: str, *, has_rows_for_untracked: bool = False
) -> None:
    """Refuse instances of a frame that share a track: the format would keep only one of them."""
    for frame in labels.labeled_frames:
        tracks: list[int | None] = [
            None if one.track is None else id(one.track) for one in frame.instances
        ]
        if has_rows_for_untracked:
            tracks = [track for track in tracks if track is not None]
        if len(set(tracks)) < len(tracks):
            n_without = tracks.count(None)
            n_tracks = len(set(tracks) - {None})
            if n_without and frame.has_user_instances:
                raise _beside_users(format_name, frame.frame_idx, n_without)
            raise one_each(format_name, frame.frame_idx, len(tracks), n_tracks)


def _beside_users(format_name: str, frame_index: int, n_predictions: int) -> DataError:
    """What to say of predictions without a track that tracking leaves as they are."""
    return DataError(
        f"{format_name} holds one instance per track and frame, but frame {frame_index}, "
        f"which a person labelled, has {counted(n_predictions, 'instance')} without a track. "
        "Delete those of animals that have a user instance and make user instances of the others, "
        "or choose another --output_format."
    )


def video_stem(video: "sio.Video") -> str:
    """Name of a video's first file, without its suffix."""
    name = video.filename
    return Path(name[0] if isinstance(name, list) else name).stem


def _write_nwb(labels: "sio.Labels", path: Path) -> None:
    _check_one_each(labels, "nwb")
    write_nwb(labels, path)


def _write_coco(labels: "sio.Labels", path: Path) -> None:
    from sleap_io.io.main import save_coco

    save_coco(labels, str(path))


FORMATS = {
    "slp": Format(
        ".slp", ".predictions.slp", _write_slp, "sleap_io.io.slp", write_slp, has_corrected=True
    ),
    "analysis_h5": Format(
        ".h5",
        ".analysis.h5",
        _write_analysis_h5,
        "sleap_io.io.analysis_h5",
        _write_analysis_blocks,
        has_untracked_rows=True,
    ),
    "csv": Format(".csv", ".predictions.csv", write_labels_csv, "sleap_io", write_csv),
    "nwb": Format(".nwb", ".predictions.nwb", _write_nwb, "sleap_io.io.nwb"),
    "coco": Format(".json", ".predictions.coco.json", _write_coco, "sleap_io.io.coco", write_coco),
}


def format_named(name: str) -> Format:
    """Raises:
    OptionError: there is no such format.
    """
    if name not in FORMATS:
        raise OptionError(f"output_format {name!r}: choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def check_one_each(format_name: str, *, finds_many: bool, has_tracks: bool) -> None:
    """Refuse a format that has one place per track and frame, where animals without tracks come.

    Args:
        format_name: one of `FORMATS`.
        finds_many: several animals of a frame can be found.
        has_tracks: they are told apart.

    Raises:
        OptionError: as the summary says.
    """
    if format_name == "nwb" and finds_many and not has_tracks:
        raise OptionError(
            "output_format nwb: it holds one instance per track and frame, and several animals can "
            "be found without tracks; predict with tracking (-t), with max_instances 1 (-n 1) for "
            "one animal, or take another output_format"
        )


def load_writer(format_name: str) -> None:
    """Load what writing needs, ahead of the run: what is missing must not be found at its end.

    Raises:
        OptionError: it cannot be loaded.
    """
    module = format_named(format_name).needs
    try:
        import_module(module)
    except ImportError as error:
        raise OptionError(
            f"output_format {format_name}: {module} cannot be loaded here: {error}"
        ) from error


def write_labels(
    labels: "sio.Labels", path: Path, format_name: str = "slp", origin: Origin = NOT_TOLD
) -> tuple[Path, ...]:
    """Write predictions.

    Args:
        labels: to write.
        path: the file; analysis files of several videos are named after it.
        format_name: one of `FORMATS`.
        origin: what they were made from.

    Returns:
        The files written.

    Raises:
        DataError: the format cannot hold them, or the file cannot be written.
    """
    form = format_named(format_name)
    with in_order(labels.skeletons):
        return write_file(lambda file: form.write(labels, file), path, format_name, origin)


def write_results(
    results: RunResults, path: Path, format_name: str = "slp", origin: Origin = NOT_TOLD
) -> tuple[Path, ...]:
    """As `write_labels`, without all results in memory where the format allows it."""
    form = format_named(format_name)
    if form.write_blocks is None:
        return write_labels(labels_of(results), path, format_name, origin)
    write_blocks = form.write_blocks
    return write_file(lambda file: write_blocks(results, file), path, format_name, origin)


def write_file(
    write: Callable[[Path], None], path: Path, format_name: str, origin: Origin
) -> tuple[Path, ...]:
    """As `write_labels`, by a function that writes the path it is given."""

    def write_marked(file: Path) -> None:
        write(file)
        files = sorted(file.parent.iterdir())
        names = tuple(one.name for one in files) if len(files) > 1 else ()
        for one in files:
            add_origin(one, replace(origin, files=names))

    try:
        return save(path, write_marked)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise DataError(f"{path}: sleap-io cannot write {format_name} of these: {error}") from error
