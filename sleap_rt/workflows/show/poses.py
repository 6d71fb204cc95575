"""The poses of a labels file, frame by frame, so that a long one is never all in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.arrays import Bools, Doubles, Ints
from sleap_rt.errors import DataError, did_you_mean
from sleap_rt.labels import in_one_form, load_labels
from sleap_rt.labels.corrections import replaced
from sleap_rt.labels.slices import Slice, SlicedLabels, open_sliced
from sleap_rt.runtime.frames.sleap_video import video_files
from sleap_rt.words import as_typed

if TYPE_CHECKING:
    import sleap_io as sio


@dataclass(frozen=True)
class FrameTable:
    """What labels have, one row per frame, in order of video and time.

    Attributes:
        videos: (n,) numbers of their videos.
        indices: (n,) of the frames in these.
        n_animals: (n,) in each frame.
        scores: (n,) mean score of the predicted instances; NaN without any.
    """

    videos: Ints
    indices: Ints
    n_animals: Ints
    scores: Doubles

    def of_video(self, video: int) -> "FrameTable":
        """The rows of one video."""
        return self.where(self.videos == video)

    def where(self, rows: Bools) -> "FrameTable":
        """Some of the rows."""
        return FrameTable(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Poses:
    """Labels to show.

    Attributes:
        labels: videos, skeletons and tracks; the frames too, where there is no `sliced`.
        sliced: the file, if it can be read some frames at a time.
        path: of the file; None for labels in memory.
        video_numbers: of every video of the file, its number in `labels`.
        notes: what a person should know about the file.
    """

    labels: "sio.Labels"
    sliced: SlicedLabels | None
    path: Path | None
    video_numbers: tuple[int, ...]
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """For messages."""
        return "what was given" if self.path is None else str(self.path)

    def number_in_file(self, video: int) -> int:
        """What `video_index` calls a video: files may have one several times."""
        return self.video_numbers.index(video)

    def files(self) -> list[Path]:
        """The labels' own, and all their videos'."""
        videos = [file for video in self.labels.videos for file in video_files(video)]
        return [*videos, *([] if self.path is None else [self.path])]

    def table(self) -> FrameTable:
        """All frames, by the file's tables alone where that is possible."""
        if self.sliced is None:
            return _of_labels(self.labels)
        parts = [_of_slice(part) for part in self.sliced.slices()]
        return FrameTable(
            *(
                np.concatenate([getattr(part, name) for part in parts] or [np.zeros(0, np.int64)])
                for name in FrameTable.__dataclass_fields__
            )
        )

    def frames(self, video: int, indices: Sequence[int]) -> "Iterator[sio.LabeledFrame | None]":
        """Labelled frames of a video; None where there is none.

        Args:
            video: its number.
            indices: of the frames, ascending.

        Raises:
            DataError: the file is damaged.
        """
        found = self._found(video, np.asarray(indices, np.int64))
        frame = next(found, None)
        for index in indices:
            while frame is not None and frame.frame_idx < index:
                frame = next(found, None)
            yield frame if frame is not None and frame.frame_idx == index else None

    def _found(self, video: int, indices: Ints) -> "Iterator[sio.LabeledFrame]":
        if self.sliced is None:
            shown, wanted = self.labels.videos[video], set(indices.tolist())
            frames = [one for one in self.labels.labeled_frames if one.video is shown]
            yield from sorted(
                (one for one in frames if one.frame_idx in wanted), key=lambda one: one.frame_idx
            )
            return
        for part in self.sliced.slices():
            places = np.searchsorted(indices, part.frame_idxs).clip(max=len(indices) - 1)
            rows: Bools = (part.videos == video) & (indices[places] == part.frame_idxs)
            yield from self.sliced.labeled(part, rows)

    def track_places(self, names: Sequence[str]) -> set[int]:
        """Numbers of tracks.

        Raises:
            DataError: there is no such track.
        """
        there = [track.name for track in self.labels.tracks]
        for name in names:
            if not there:
                raise DataError(
                    f"{self.name} has no tracks; "
                    f"`sleap-nn track -i {as_typed(self.path or 'X.slp')} -t` follows the animals"
                )
            if name not in there:
                listed = ", ".join(there[:8]) + (", ..." if len(there) > 8 else "")
                hint = did_you_mean(name, there)
                raise DataError(f"{self.name} has no track {name!r}; there are {listed}.{hint}")
        return {place for place, name in enumerate(there) if name in names}


def open_poses(result: "Path | sio.Labels") -> Poses:
    """Open a labels file, or labels in memory, which stay as they are.

    Raises:
        DataError: the file is missing or damaged.
    """
    if isinstance(result, Path):
        sliced = open_sliced(result) if result.is_file() else None
        if sliced is not None:
            numbers = tuple(range(len(sliced.frameless.videos)))
            return Poses(sliced.frameless, sliced, result, numbers)
        form, path = in_one_form(load_labels(result), in_place=True), result
    else:
        form, path = in_one_form(result), None
    return Poses(form.labels, None, path, form.video_numbers, form.notes)


def animals_of(frame: "sio.LabeledFrame") -> list[Any]:
    """What stands for the animals of a frame: a person's instances, and predictions of others."""
    pairs = zip(frame.instances, replaced(frame.instances), strict=True)
    standing = [one for one, is_replaced in pairs if not is_replaced]
    by_person = {id(one) for one in frame.user_instances}
    return sorted(standing, key=lambda one: id(one) not in by_person) or list(frame.centroids)


def _of_slice(part: Slice) -> FrameTable:
    scores = np.where(part.is_predicted, part.instances["score"].astype(float), np.nan)
    return FrameTable(
        part.videos,
        part.frame_idxs,
        part.counts,
        _means(scores, part.frame_of, len(part.frames)),
    )


def _of_labels(labels: "sio.Labels") -> FrameTable:
    number_of = {id(video): number for number, video in enumerate(labels.videos)}
    frames = sorted(labels.labeled_frames, key=lambda f: (number_of[id(f.video)], f.frame_idx))
    counts = np.array([len(animals_of(frame)) for frame in frames], np.int64)
    scores = [getattr(one, "score", np.nan) for frame in frames for one in animals_of(frame)]
    return FrameTable(
        np.array([number_of[id(frame.video)] for frame in frames], np.int64),
        np.array([frame.frame_idx for frame in frames], np.int64),
        counts,
        _means(
            np.array([np.nan if one is None else one for one in scores], float),
            np.repeat(np.arange(len(frames)), counts),
            len(frames),
        ),
    )


def _means(values: Doubles, groups: Ints, n_groups: int) -> Doubles:
    """(n_groups,) mean of the values that are numbers; NaN where there is none."""
    known = np.isfinite(values)
    totals = np.bincount(groups[known], values[known], n_groups)
    with np.errstate(invalid="ignore"):
        means: Doubles = totals / np.bincount(groups[known], minlength=n_groups)
    return means
