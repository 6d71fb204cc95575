"""Frames of a labels file: opens the videos needed, finds moved ones, gives labelled animals."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.errors import DataError
from sleap_rt.instances import KnownInstances
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.selection import Selection, candidates_of_labels, select_of_labels
from sleap_rt.runtime.frames.sleap_video import described, open_sleap_video, video_files
from sleap_rt.runtime.frames.source import Reader, Source

if TYPE_CHECKING:
    import sleap_io as sio


class LabelsSource(Source):
    """Frames of the videos of labels."""

    labels: "sio.Labels"

    def has_known(self, ref: FrameRef) -> bool:
        return ref in self._labeled

    def known(self, ref: FrameRef, node_names: Sequence[str]) -> KnownInstances:
        instances = self._labeled[ref].user_instances if ref in self._labeled else []
        points = np.full((len(instances), len(node_names), 2), np.nan, np.float32)
        for row, instance in zip(points, instances, strict=True):
            there = instance.skeleton.node_names
            missing = [name for name in node_names if name not in there]
            if missing:
                raise DataError(
                    f"the model's skeleton has nodes that the labelled animals lack: "
                    f"{', '.join(missing)} (they have {', '.join(there)})"
                )
            row[:] = instance.numpy()[[there.index(name) for name in node_names]]
        return points

    @cached_property
    def _labeled(self) -> "dict[FrameRef, sio.LabeledFrame]":
        number_of = {id(video): number for number, video in enumerate(self.videos())}
        return {
            FrameRef(number_of[id(frame.video)], int(frame.frame_idx)): frame
            for frame in self.labels.labeled_frames
            if id(frame.video) in number_of and frame.has_user_instances
        }


def open_labels(
    labels: "sio.Labels", path: Path | None, selection: SelectionOptions
) -> LabelsSource:
    """Open those videos of labels that have frames to process.

    With `video_index` the run has that one video, else all videos of the labels.

    Args:
        labels: to read.
        path: of their file; videos that have moved are looked for beside it. None: no file.
        selection: which frames.

    Raises:
        OptionError: there is no video of the number asked for.
        DataError: videos are missing or cannot be read, or no frame is left.
    """
    name = "the labels" if path is None else str(path)
    candidates = candidates_of_labels(labels, selection)
    needed = _needed_videos(labels, selection, candidates)
    if path is not None:
        find_moved([labels.videos[number] for number in needed], path.parent)
    readers: dict[int, Reader] = {}
    available: dict[int, Sequence[int]] = {}
    decoders = set()
    try:
        for number in needed:
            readers[number], available[number], decoder = open_sleap_video(labels.videos[number])
            decoders.add(decoder)
        chosen = select_of_labels(labels, selection, available, candidates, name)
    except BaseException:
        for reader in readers.values():
            reader.close()
        raise
    videos = list(labels.videos)
    video_name = None
    files = [file for number in needed for file in video_files(videos[number])]
    if selection.video_index is not None:
        readers, videos = {0: readers[selection.video_index]}, [videos[selection.video_index]]
        refs = [FrameRef(0, ref.frame_index) for ref in chosen.refs]
        video_name = video_files(videos[0])[0].name
        chosen = Selection(refs, chosen.n_skipped, chosen.n_total)
    return LabelsSource(
        readers,
        chosen,
        decoder=", ".join(sorted(decoders)),
        videos=lambda: videos,
        labels=labels,
        labels_path=path,
        video_name=video_name,
        files=[*files, *([] if path is None else [path])],
    )


def _needed_videos(
    labels: "sio.Labels", selection: SelectionOptions, candidates: list[FrameRef] | None
) -> list[int]:
    if candidates is not None:
        return sorted({ref.video_index for ref in candidates})
    if selection.video_index is not None:
        return [selection.video_index]
    return list(range(len(labels.videos)))


def find_moved(videos: "Sequence[sio.Video]", folder: Path) -> None:
    """Point videos that are not where the labels say to files of the same name in `folder`.

    Raises:
        DataError: some are in neither place; the message lists them all.
    """
    missing = []
    for video in videos:
        old = video_files(video)
        if all(file.exists() for file in old):
            continue
        new = _beside(old, folder)
        if new is None:
            missing.append(described(video))
            continue
        metadata = dict(video.backend_metadata)
        video.replace_filename(new if isinstance(video.filename, list) else new[0], open=False)
        # The same video in another place: its metadata still holds.
        video.backend_metadata.update({**metadata, "filename": video.filename})
    if missing:
        raise DataError(
            "these videos are missing where the labels say and beside them in "
            f"{folder.resolve()}: {'; '.join(missing)}. Put them there."
        )


def _beside(files: Sequence[Path], folder: Path) -> list[Path] | None:
    """The files in `folder` that share the longest end of their paths; None if there are none."""
    first = _parts(files[0])
    for n_parts in range(len(first), 0, -1):
        found = [folder.joinpath(*_parts(file)[-n_parts:]) for file in files]
        if all(file.exists() for file in found):
            return found
    return None


def _parts(file: Path) -> tuple[str, ...]:
    """Names of folders and file, without the root; also for a path written on Windows."""
    return tuple(part for part in file.as_posix().replace("\\", "/").split("/") if part)
