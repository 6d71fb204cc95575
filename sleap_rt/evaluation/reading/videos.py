"""Pairs the videos of the prediction file with those of the ground truth.

Files move between labelling and evaluation, so a video is recognised by, in this order: the same
file (also the file it was embedded from), the same path, the end of its path if only one fits.
"""

import os
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from sleap_rt.errors import DataError
from sleap_rt.labels import file_identity


@dataclass(frozen=True)
class VideoFile:
    """One place where frames lie.

    Attributes:
        paths: one path, or one per frame for a video made of images.
        dataset: name inside an HDF5 file; empty elsewhere.
    """

    paths: tuple[str, ...]
    dataset: str = ""

    def __str__(self) -> str:
        more = f" (and {len(self.paths) - 1} more images)" if len(self.paths) > 1 else ""
        return f"{self.paths[0]}{more}{f' [{self.dataset}]' if self.dataset else ''}"

    @property
    def frame_names(self) -> tuple[str, ...]:
        return tuple(_components(path)[-1] for path in self.paths)


@dataclass(frozen=True)
class VideoSource:
    """One video of a labels file.

    Attributes:
        files: the video as recorded, then the files it was embedded from, the original last.
        frame_size: (height, width) px where the file tells.
        crop: (x1, y1, x2, y2) px in the original, for a crop of it.
    """

    files: tuple[VideoFile, ...]
    frame_size: tuple[int, int] | None = None
    crop: tuple[int, ...] | None = None

    @property
    def original(self) -> VideoFile:
        return self.files[-1]

    def __str__(self) -> str:
        return str(self.original)


def numbers_of_first(videos: Sequence[VideoSource]) -> list[int]:
    """For every video, the number of the first one that is the same: its own, if that is new.

    Videos of one file are the same; so are those that were embedded from the same file.
    """
    seen: dict[Hashable, list[int]] = {}
    firsts = []
    for number, video in enumerate(videos):
        keys = [_identity(file) for file in video.files]
        earlier = sorted(n for key in keys for n in seen.get(key, []))
        first = next((n for n in earlier if _may_be_same(videos[n], video)), number)
        for key in keys:
            seen.setdefault(key, []).append(first)
        firsts.append(first)
    return firsts


def _identity(file: VideoFile) -> Hashable:
    names = file.frame_names if len(file.paths) > 1 else ()
    return file_identity(file.paths[0]) if file.paths else id(file), names, file.dataset


def pair_videos(
    ground_truth: Sequence[VideoSource], predicted: Sequence[VideoSource]
) -> dict[int, int]:
    """Ground-truth video index -> predicted video index, for every video that both sides have.

    Raises:
        DataError: two predicted videos are the same ground-truth video.
    """
    pairs: dict[int, int] = {}
    for index, video in enumerate(predicted):
        match = _find(video, ground_truth)
        if match is None:
            continue
        if match in pairs:
            raise DataError(
                f"Two videos of the predictions, {predicted[pairs[match]]} and {video}, are both "
                f"taken for {ground_truth[match]} of the ground truth; its frames would count "
                "twice. Remove one of them from the prediction file, or give them distinct paths."
            )
        pairs[match] = index
    return dict(sorted(pairs.items()))


def ambiguous_videos(
    ground_truth: Sequence[VideoSource], predicted: Sequence[VideoSource]
) -> list[VideoSource]:
    """Predicted videos that several ground-truth videos fit equally well."""
    unclear = []
    for video in predicted:
        possible = [i for i, other in enumerate(ground_truth) if _may_be_same(video, other)]
        if _find(video, ground_truth) is None and _same_path_end(video, ground_truth, possible):
            unclear.append(video)
    return unclear


def _find(video: VideoSource, candidates: Sequence[VideoSource]) -> int | None:
    possible = [i for i, other in enumerate(candidates) if _may_be_same(video, other)]
    for is_same in (_is_same_file, _has_same_path):
        for index in possible:
            if is_same(video, candidates[index]):
                return index
    return _find_by_path_end(video, candidates, possible)


def _may_be_same(a: VideoSource, b: VideoSource) -> bool:
    sizes_differ = None not in (a.frame_size, b.frame_size) and a.frame_size != b.frame_size
    return a.crop == b.crop and not sizes_differ


def _is_same_file(a: VideoSource, b: VideoSource) -> bool:
    return any(_same_on_disk(one, other) for one in a.files for other in b.files)


def _same_on_disk(a: VideoFile, b: VideoFile) -> bool:
    if a.dataset != b.dataset or len(a.paths) != len(b.paths):
        return False
    pairs = list(zip(a.paths, b.paths, strict=True))
    return all(os.path.exists(one) and os.path.exists(other) for one, other in pairs) and all(
        os.path.samefile(one, other) for one, other in pairs
    )


def _has_same_path(a: VideoSource, b: VideoSource) -> bool:
    return not set(a.files).isdisjoint(b.files)


def _find_by_path_end(
    video: VideoSource, candidates: Sequence[VideoSource], possible: list[int]
) -> int | None:
    """The candidate whose original's path ends most like this one's; None if there are several."""
    left = _same_path_end(video, candidates, possible)
    return left[0] if len(left) == 1 else None


def _same_path_end(
    video: VideoSource, candidates: Sequence[VideoSource], possible: list[int]
) -> list[int]:
    """The candidates whose paths share the most last components, at least the file name."""
    ours = video.original
    left = [
        i
        for i in possible
        if candidates[i].original.dataset == ours.dataset
        and candidates[i].original.frame_names == ours.frame_names
    ]
    for depth in range(2, len(_components(ours.paths[0])) + 1):
        closer = [i for i in left if _same_end(candidates[i].original, ours, depth)]
        if not closer:
            break
        left = closer
    return left


def _same_end(a: VideoFile, b: VideoFile, depth: int) -> bool:
    return _components(a.paths[0])[-depth:] == _components(b.paths[0])[-depth:]


def _components(path: str) -> list[str]:
    return [part for part in re.split(r"[\\/]+", path) if part]
