"""Opens the videos of a labels file that have frames to process; finds those that moved."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import DataError
from sleap_rt.labels import in_one_form
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.input_labels import InputLabels
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.frames.selection import (
    candidates_of_labels,
    on_merged_videos,
    select_of_labels,
)
from sleap_rt.runtime.frames.sleap_video import (
    described,
    names_in_metadata,
    open_sleap_video,
    unique_video_name,
    video_files,
)
from sleap_rt.runtime.frames.source import LostVideo, Reader, Source
from sleap_rt.runtime.frames.unfiled import is_unfiled

if TYPE_CHECKING:
    import sleap_io as sio


def open_labels(labels: "sio.Labels", path: Path | None, selection: SelectionOptions) -> OpenInput:
    """Open those videos of labels that have frames to process.

    With `video_index` the run has that one video, else all videos of the labels; a video or a frame
    that is in them more than once counts once.

    Args:
        labels: to read.
        path: of their file; videos that have moved are looked for beside it. None: labels in
            memory, whose videos are looked for beside the file that they were read from.
        selection: which frames.

    Raises:
        OptionError: there is no video of the number asked for.
        DataError: videos are missing, none can be read, or no frame is left.
    """
    name = "The labels" if path is None else str(path)
    form = in_one_form(labels, in_place=path is not None)
    labels, selection = form.labels, on_merged_videos(selection, form.video_numbers)
    candidates = candidates_of_labels(labels, selection)
    needed = _needed_videos(labels, selection, candidates)
    _find_beside(labels, path, [labels.videos[number] for number in needed])
    readers: dict[int, Reader] = {}
    available: dict[int, Sequence[int]] = {}
    decoders = set()
    failures: list[DataError] = []
    try:
        for number in needed:
            video = labels.videos[number]
            try:
                found = open_sleap_video(video, selection.video_colors)
            except DataError as error:
                failures.append(error)
                readers[number] = LostVideo(error)
                available[number] = _declared_frames(video, number, candidates)
                continue
            readers[number], available[number], decoder = found
            readers[number].close()  # until its turn comes: systems limit the number of open files
            decoders.add(decoder)
        if len(failures) == len(needed) and failures:
            raise failures[0]
        chosen = select_of_labels(labels, selection, available, candidates, name)
    except BaseException:
        for reader in readers.values():
            reader.close()
        raise
    files = [file for number in needed for file in video_files(labels.videos[number])]
    videos, video_name = list(labels.videos), None
    if selection.video_index is not None:
        readers, videos = {0: readers[selection.video_index]}, [videos[selection.video_index]]
        video_name = unique_video_name(labels.videos, selection.video_index)
        chosen = replace(chosen, refs=[FrameRef(0, ref.frame_index) for ref in chosen.refs])
    return OpenInput(
        Source(readers, ", ".join(sorted(decoders))),
        chosen,
        videos=lambda: videos,
        labels=InputLabels(labels, videos, path),
        files=(*files, *([] if path is None else [path])),
        video_name=video_name,
        notes=tuple(f"{name}: {note}" for note in form.notes),
    )


def _declared_frames(
    video: "sio.Video", number: int, candidates: list[FrameRef] | None
) -> Sequence[int]:
    """Frames that a video which cannot be read would have, as far as the labels know."""
    if candidates is not None:
        return [ref.frame_index for ref in candidates if ref.video_index == number]
    shape = video.backend_metadata.get("shape")
    return range(int(shape[0]) if shape else 1)


def _needed_videos(
    labels: "sio.Labels", selection: SelectionOptions, candidates: list[FrameRef] | None
) -> list[int]:
    if candidates is not None:
        return sorted({ref.video_index for ref in candidates})
    if selection.video_index is not None:
        return [selection.video_index]
    return list(range(len(labels.videos)))


def _find_beside(labels: "sio.Labels", path: Path | None, videos: "list[sio.Video]") -> None:
    """Point videos that are not where the labels say to those beside the labels' file.

    Raises:
        DataError: as `find_moved`.
    """
    origin = labels.provenance.get("filename") if path is None else path  # as sleap-io notes it
    if isinstance(origin, (str, Path)) and os.path.isfile(origin):
        closed = [video for video in videos if path is not None or video.backend is None]
        find_moved(closed, Path(origin).parent)


def find_moved(videos: "Sequence[sio.Video]", folder: Path) -> None:
    """Point videos that are not where the labels say to files of the same name in `folder`.

    Raises:
        DataError: some are in neither place; the message lists them all. Or one file stands for two
            videos whose recorded sizes show that they are not the same.
    """
    missing = []
    taken: dict[tuple[Path, ...], sio.Video] = {}
    for video in videos:
        old = video_files(video)
        if all(os.path.exists(file) for file in old):
            continue
        new = found_in(old, folder)
        if new is None:
            missing.append(described(video))
            continue
        _refuse_mix_up(taken.setdefault(tuple(new), video), video, new[0])
        metadata = dict(video.backend_metadata)
        video.replace_filename(new if isinstance(video.filename, list) else new[0], open=False)
        # The same video in another place: its metadata still holds.
        video.backend_metadata.update({**metadata, **names_in_metadata(video.filename)})
    refuse_unfiled(missing)
    if missing:
        raise DataError(
            "These videos are missing where the labels say and beside them in "
            f"{folder.resolve()}: {'; '.join(missing)}. Put them there, or correct the paths: "
            "`sio filenames LABELS.slp -o CORRECTED.slp --map OLD NEW`."
        )


def refuse_unfiled(names: Iterable[str]) -> None:
    """Refuse videos that no file has.

    Args:
        names: as `described` gives them.

    Raises:
        DataError: as the summary says.
    """
    unfiled = [name for name in names if is_unfiled(name)]
    if unfiled:
        raise DataError(
            "A program or a camera gave the frames of these videos, and none were kept: "
            f"{'; '.join(unfiled)}."
        )


def _refuse_mix_up(first: "sio.Video", second: "sio.Video", path: Path) -> None:
    """Refuse one file for two videos that differ in size or length, by the labels' own record."""
    shapes = [one.backend_metadata.get("shape") for one in (first, second)]
    if None not in shapes and list(shapes[0]) != list(shapes[1]):
        raise DataError(
            f"{path} is taken for two different videos of the labels, of {_size(shapes[0])} and of "
            f"{_size(shapes[1])}. Put both where the labels say, or into folders of the names that "
            "tell them apart."
        )


def _size(shape: Sequence[int]) -> str:
    n_frames, height, width, *_ = shape
    return f"{n_frames} frames {width} x {height}"


def found_in(files: Sequence[Path], folder: Path) -> list[Path] | None:
    """The files in `folder` that share the longest end of their paths; None if some are missing."""
    first = _parts(files[0])
    for n_parts in range(len(first), 0, -1):
        found = [folder.joinpath(*_parts(file)[-n_parts:]) for file in files]
        if all(os.path.exists(file) for file in found):
            return found
    return None


def _parts(file: Path) -> tuple[str, ...]:
    """Names of folders and file, without the root; also for a path written on Windows."""
    return tuple(part for part in file.as_posix().replace("\\", "/").split("/") if part)
