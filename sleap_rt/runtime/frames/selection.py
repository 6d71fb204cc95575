"""Selects the frames of the input to process, always in order of video and time."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, overload

import numpy as np

from sleap_rt.errors import DataError, OptionError
from sleap_rt.options import SelectionOptions
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.words import counted

if TYPE_CHECKING:
    import sleap_io as sio


_MOST_LISTED = 10  # numbers of frames in a message


@dataclass(frozen=True)
class Selection:
    """Frames to process.

    Attributes:
        refs: in order of video and time, each once.
        n_skipped: frames that were asked for by number, or are in the labels, and do not exist.
        n_total: frames that the videos have.
        skipped: what to say of these, and which exist; empty where none was skipped.
    """

    refs: Sequence[FrameRef]
    n_skipped: int
    n_total: int
    skipped: str = ""

    @property
    def fingerprint(self) -> str:
        """The same text for the same frames: what they are in words, a colon, and all of them."""
        if isinstance(self.refs, _OfOneVideo):
            return f"{self._in_words}: {self.refs!r}"
        numbers = np.array(self.refs, np.int64)
        return f"{self._in_words}: {hashlib.sha256(numbers.tobytes()).hexdigest()}"

    @property
    def _in_words(self) -> str:
        n_frames = len(self.refs)
        if not n_frames:
            return "0 frames"
        return (
            f"{counted(n_frames, 'frame')} from {self.refs[0].frame_index} to "
            f"{self.refs[n_frames - 1].frame_index}"
        )


class _OfOneVideo(Sequence[FrameRef]):
    """Frames of one video, made when they are asked for: a video may have millions."""

    def __init__(self, indices: Sequence[int], video_index: int = 0) -> None:
        self._indices, self._video_index = indices, video_index

    def __repr__(self) -> str:
        return f"{self._video_index}: {self._indices!r}"

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, position: int) -> FrameRef: ...
    @overload
    def __getitem__(self, position: slice) -> "_OfOneVideo": ...
    def __getitem__(self, position: int | slice) -> "FrameRef | _OfOneVideo":
        if isinstance(position, slice):
            return _OfOneVideo(self._indices[position], self._video_index)
        return FrameRef(self._video_index, self._indices[position])


def select_of_video(options: SelectionOptions, available: Sequence[int], name: str) -> Selection:
    """Frames of a video that has no labels.

    Args:
        options: what was asked for.
        available: frame indices that can be read.
        name: of the video, for messages.

    Raises:
        OptionError: frames were to be chosen by labels, which a video does not have.
        DataError: none of the frames asked for exists.
    """
    given = [*options.label_filters, *(["video_index"] if options.video_index is not None else [])]
    if given:
        raise OptionError(
            f"{', '.join(given)}: {name} has no labels to choose by; that needs a `.slp` file"
        )
    if options.frames is None:
        return Selection(_OfOneVideo(available), 0, len(available))
    found = [FrameRef(0, index) for index in options.frames if index in available]
    if not found:
        raise DataError(
            f"{name}: none of the frames asked for exists; the video has {_described(available)}."
        )
    n_skipped = len(options.frames) - len(found)
    words = _skipped(n_skipped, options, [f"the video has {_described(available)}"])
    return Selection(found, n_skipped, len(available), words)


def on_merged_videos(options: SelectionOptions, numbers: Sequence[int]) -> SelectionOptions:
    """The same choice where videos of one file have become one.

    Args:
        options: `video_index` is that of the file.
        numbers: of every video of the file, its number now.

    Raises:
        OptionError: there is no video of that number.
    """
    index, n_videos = options.video_index, len(numbers)
    if index is None:
        return options
    if not 0 <= index < n_videos:
        raise OptionError(
            f"video_index {index}: the labels have {counted(n_videos, 'video')}, 0 to "
            f"{n_videos - 1}"
        )
    return replace(options, video_index=numbers[index])


def candidates_of_labels(labels: "sio.Labels", options: SelectionOptions) -> list[FrameRef] | None:
    """Frames of a labels file, chosen by their labels; None where every frame is a candidate.

    Video indices are those of `labels`.
    """
    number_of = {id(video): number for number, video in enumerate(labels.videos)}
    filters = options.label_filters
    if filters and filters[0] == "only_suggested_frames":
        of_users = _refs(labels, number_of, "has_user_instances")
        refs = {FrameRef(number_of[id(s.video)], s.frame_idx) for s in labels.suggestions}
        refs -= of_users
    elif filters and filters[0] == "exclude_user_labeled":
        if options.video_index is not None:
            return None  # every other frame of that video: `select_of_labels` takes them out
        refs = _refs(labels, number_of) - _refs(labels, number_of, "has_user_instances")
    elif filters:
        kind = "user" if filters[0] == "only_labeled_frames" else "predicted"
        refs = _refs(labels, number_of, f"has_{kind}_instances")
    elif options.video_index is not None or options.frames is not None:
        return None
    else:
        refs = _refs(labels, number_of)
    if options.video_index is not None:
        refs = {ref for ref in refs if ref.video_index == options.video_index}
    if options.frames is not None:
        wanted = set(options.frames)
        refs = {ref for ref in refs if ref.frame_index in wanted}
    return sorted(refs)


def select_of_labels(
    labels: "sio.Labels",
    options: SelectionOptions,
    available: "dict[int, Sequence[int]]",
    candidates: list[FrameRef] | None,
    name: str,
) -> Selection:
    """Frames of a labels file.

    Args:
        labels: the file.
        options: what was asked for.
        available: frame indices that can be read, of every video that matters.
        candidates: as `candidates_of_labels` found.
        name: of the file, for messages.

    Raises:
        DataError: no frame is left.
    """
    n_total = sum(len(frames) for frames in available.values())
    if candidates is not None:
        refs = [ref for ref in candidates if ref.frame_index in available[ref.video_index]]
        n_skipped = len(candidates) - len(refs)
    else:
        refs, n_skipped = [], 0
        for number, frames in sorted(available.items()):
            wanted = frames if options.frames is None else options.frames
            found = [FrameRef(number, index) for index in wanted if index in frames]
            n_skipped += len(wanted) - len(found)
            refs += found
        if options.exclude_user_labeled:
            number_of = {id(video): number for number, video in enumerate(labels.videos)}
            of_users = _refs(labels, number_of, "has_user_instances")
            refs = [ref for ref in refs if ref not in of_users]
    there = [f"video {number} has {_described(frames)}" for number, frames in available.items()]
    skipped = _skipped(n_skipped, options, there)
    if not refs:
        why = f"; {skipped}" if skipped else ""
        raise DataError(f"{name}: no frame is left to process; {_frames_of(labels)}{why}.")
    return Selection(refs, n_skipped, n_total, skipped)


def _frames_of(labels: "sio.Labels") -> str:
    """What kinds of frames labels have, in words."""
    n_users = sum(frame.has_user_instances for frame in labels.labeled_frames)
    return (
        f"a person labelled {n_users} of its {counted(len(labels.labeled_frames), 'frame')} in "
        f"{counted(len(labels.videos), 'video')}, and {len(labels.suggestions)} are suggested"
    )


def _skipped(n_frames: int, options: SelectionOptions, there: Sequence[str]) -> str:
    """What to say of frames that do not exist; those of labels may be in a package without image.

    Args:
        n_frames: how many.
        options: what was asked for.
        there: which frames exist, video by video.
    """
    if not n_frames:
        return ""
    frames = counted(n_frames, "frame")
    if options.frames is None:
        what = f"{frames} of the labels {'has' if n_frames == 1 else 'have'} no image"
    else:
        what = f"{frames} asked for {'does' if n_frames == 1 else 'do'} not exist"
    return "; ".join([what, *there])


def _refs(
    labels: "sio.Labels", number_of: dict[int, int], quality: str | None = None
) -> set[FrameRef]:
    return {
        FrameRef(number_of[id(frame.video)], int(frame.frame_idx))
        for frame in labels.labeled_frames
        if quality is None or getattr(frame, quality)
    }


def _described(available: Sequence[int]) -> str:
    if len(available) == 1:
        return f"frame {available[0]}"
    if isinstance(available, range):
        return f"frames 0 to {len(available) - 1}"
    listed = ", ".join(map(str, sorted(available)[:_MOST_LISTED]))
    more = len(available) - _MOST_LISTED
    return f"frames {listed}{f' and {more} more, up to {max(available)}' if more > 0 else ''}"
