"""Poses drawn over their video: plan, then run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import OVERLAY, DataError, OptionError
from sleap_rt.model_files import refuse_no_labels
from sleap_rt.options import RenderOptions, SelectionOptions
from sleap_rt.options.showing import FASTEST, SLOWEST
from sleap_rt.rendering import Look, check_renderer, look_for, write_picture, write_video
from sleap_rt.rendering.look import ColorBy
from sleap_rt.runtime.frames.images.previews import RENDERED
from sleap_rt.runtime.frames.selection import select_of_video
from sleap_rt.runtime.outputs.names import check_place, make_folder
from sleap_rt.runtime.outputs.saving import save
from sleap_rt.untrusted.quoting import listed
from sleap_rt.words import counted, in_ranges
from sleap_rt.workflows.show.poses import open_poses
from sleap_rt.workflows.show.scene import Scene, open_scene

if TYPE_CHECKING:
    import sleap_io as sio

_USUAL_RATE = 30.0  # frames/s, for videos that do not say

Pictures = Iterable[tuple[int, Image, int]]
OnPictures = Callable[[Pictures, int], Pictures]
"""Passes pictures on, and shows how many of how many there were."""


@dataclass(frozen=True, kw_only=True)
class RenderSummary:
    """What was drawn.

    Attributes:
        paths: files written.
        n_frames: pictures, or frames of the video.
        n_animals: drawn in all of them.
        size: (width, height) of the output, px.
        fps: of the video; None for pictures.
        notes: what a person should know, in words.
    """

    paths: tuple[Path, ...]
    n_frames: int
    n_animals: int
    size: tuple[int, int]
    fps: float | None
    notes: tuple[str, ...]


def render(
    result: "Path | sio.Labels", options: RenderOptions, on_pictures: OnPictures = lambda p, _: p
) -> RenderSummary:
    """Draw the poses of a labels file, or of labels in memory, over their video.

    Args:
        result: a `.slp` file, or labels.
        options: what is drawn, and where it goes.
        on_pictures: shows the progress.

    Raises:
        OptionError: the input is no labels file, or an option cannot be honoured.
        DataError: there are no poses, frames or tracks to draw, the video is missing, or the output
            is there already or cannot be written.
    """
    if isinstance(result, Path):
        refuse_no_labels(result, "data_path")
    path = _output(result, options)
    check_renderer()
    poses = open_poses(result)
    tracks = None if options.tracks is None else poses.track_places(options.tracks)
    with open_scene(poses, options.video_index, options.video_path) as scene:
        plan = _planned(scene, options, path, tracks)
        return plan.carry_out(on_pictures)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    scene: Scene
    options: RenderOptions
    indices: Sequence[int]
    paths: tuple[Path, ...]
    look: Look
    tracks: set[int] | None
    fps: float | None
    notes: tuple[str, ...]

    def carry_out(self, on_pictures: OnPictures) -> RenderSummary:
        drawn = _Counted(
            self.scene.pictures(
                self.indices,
                self.look,
                crop=self.options.crop,
                scale=self.options.scale,
                tracks=self.tracks,
            )
        )
        pictures = on_pictures(drawn, len(self.indices))
        make_folder(self.paths[0])
        try:
            paths = save(self.paths[0], lambda path: self._write(path, pictures))
        except OSError as error:
            raise DataError(
                f"{self.paths[0]} cannot be written: {error.strerror or error}"
            ) from error
        return RenderSummary(
            paths=paths,
            n_frames=len(self.indices),
            n_animals=drawn.n_animals,
            size=drawn.size,
            fps=self.fps,
            notes=(*self.notes, *_unread_in_words(self.scene)),
        )

    def _write(self, path: Path, pictures: Pictures) -> None:
        if self.fps is not None:
            write_video(path, (picture for _, picture, _ in pictures), self.fps, RENDERED)
            return
        for target, (_, picture, _) in zip(self.paths, pictures, strict=True):
            write_picture(path.with_name(target.name), picture, RENDERED)


class _Counted:
    """Passes pictures on, and counts what was drawn in them."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self.n_animals, self.size = 0, (0, 0)

    def __iter__(self) -> Iterator[tuple[int, Image, int]]:
        for index, picture, n_animals in self._pictures:
            self.n_animals += n_animals
            self.size = (picture.shape[1], picture.shape[0])
            yield index, picture, n_animals


def _planned(scene: Scene, options: RenderOptions, path: Path, tracks: set[int] | None) -> _Plan:
    indices, notes = _frames(scene, options)
    height, width = scene.frame_size(indices)
    if options.crop is not None:
        _check_crop(options.crop, height, width, scene.name)
        left, top, right, bottom = options.crop
        height, width = bottom - top, right - left
    fps = None
    if not options.makes_pictures:
        fps, notes_on_rate = _rate(scene, options)
        notes += notes_on_rate
    paths = _paths(path, indices, scene.available) if options.makes_pictures else (path,)
    inputs = [*scene.files, *scene.poses.files()]
    for one in paths:
        _check_free(one, inputs, overwrite=options.overwrite)
    return _Plan(
        scene=scene,
        options=options,
        indices=indices,
        paths=paths,
        look=_look(scene, options, max(height, width)),
        tracks=tracks,
        fps=fps,
        notes=(*scene.poses.notes, *notes),
    )


def _rate(scene: Scene, options: RenderOptions) -> tuple[float, list[str]]:
    """Frames per second of the output, and what to say about them."""
    if options.fps is not None:
        return options.fps, []
    if not scene.fps:
        return _USUAL_RATE, [
            f"{scene.name}: the rate is not known; the output has {_USUAL_RATE:g} frames/s (--fps)"
        ]
    fps = min(max(scene.fps, SLOWEST), FASTEST)
    if fps == scene.fps:
        return fps, []
    return fps, [
        f"{scene.name} has {scene.fps:g} frames/s, which players cannot show; the output has "
        f"{fps:g} (--fps)"
    ]


def _frames(scene: Scene, options: RenderOptions) -> tuple[list[int], list[str]]:
    """Frames to show, and what to say about them."""
    table = scene.table
    if options.frames is not None:
        asked = SelectionOptions(frames=options.frames)
        chosen = select_of_video(asked, scene.available, scene.name)
        notes = [chosen.skipped] if chosen.skipped else []
        indices = [ref.frame_index for ref in chosen.refs]
        return indices, [*notes, *_without_poses(scene, indices)]
    left_out = _imageless_in_words(scene)
    if options.makes_pictures:
        return [int(table.indices[np.argmax(table.n_animals > 0)])], left_out
    indices = table.indices.tolist()
    first, last = indices[0], indices[-1]
    n_between = last - first + 1 - len(indices)
    if not n_between or not isinstance(scene.available, range):
        return indices, left_out
    return indices, [
        f"{n_between} frames between the first and the last are not in {scene.poses.name} and are "
        f'left out; --frames "{first}-{last}" shows them, too'
    ]


def _imageless_in_words(scene: Scene) -> list[str]:
    frames = scene.imageless
    if not frames:
        return []
    return [
        f"{scene.poses.name} has no image of {counted(len(frames), 'frame')}, left out: "
        f"{listed(in_ranges(frames))}; if the video is there, name it with --video_path"
    ]


def _without_poses(scene: Scene, indices: Sequence[int]) -> list[str]:
    """What to say of frames that were asked for and have no poses.

    Raises:
        DataError: none of them has any.
    """
    with_poses: list[int] = scene.table.indices[scene.table.n_animals > 0].tolist()
    n_empty = len(set(indices) - set(with_poses))
    if not n_empty:
        return []
    has = f"{scene.poses.name} has poses in frames {with_poses[0]} to {with_poses[-1]}"
    if n_empty == len(indices):
        which = "it has" if n_empty == 1 else "they have"
        raise DataError(
            f"There is nothing to draw: {counted(n_empty, 'frame')} chosen, and "
            f"{which} no poses. {has}."
        )
    return [f"{n_empty} of the {len(indices)} frames have no poses; {has}"]


def _look(scene: Scene, options: RenderOptions, side: int) -> Look:
    """By track where there are tracks; else by animal in pictures, and by node in a video, where
    animals change places from frame to frame."""
    labels = scene.poses.labels
    color_by: ColorBy
    if labels.tracks:
        color_by, n_colors = "track", len(labels.tracks)
    elif options.makes_pictures:
        color_by, n_colors = "instance", int(scene.table.n_animals.max())
    else:
        color_by, n_colors = "node", max(len(one.nodes) for one in labels.skeletons)
    return look_for(
        color_by=color_by,
        n_colors=n_colors,
        frame_side=side,
        animal_size=scene.animal_size(),
        line_width=options.line_width,
        names=options.track_names,
    )


def _output(result: "Path | sio.Labels", options: RenderOptions) -> Path:
    path = options.output_path
    if path is not None and not options.names_folder:
        return path
    if not isinstance(result, Path):
        raise OptionError("output_path: labels in memory have no file to name it after; name one")
    if not result.name:
        raise OptionError(f"data_path {result} is a folder; name a `.slp` file with poses")
    return (path or result.parent) / f"{result.stem}{OVERLAY}.mp4"


def _paths(path: Path, indices: Sequence[int], available: Sequence[int]) -> tuple[Path, ...]:
    """`NAME.png`; of several frames `NAME.0012.png`: the number of each, with as many digits as
    that of the video's last frame, so that a frame has one name whatever is drawn beside it."""
    if len(indices) == 1:
        return (path,)
    digits = len(str(max(available)))
    return tuple(path.with_name(f"{path.stem}.{one:0{digits}}{path.suffix}") for one in indices)


def _check_free(path: Path, inputs: Sequence[Path], *, overwrite: bool) -> None:
    check_place(path, inputs)
    if path.exists() and not overwrite:
        raise DataError(
            f"{path} exists. It is not replaced: choose another -o, or pass --overwrite."
        )


def _check_crop(crop: tuple[int, int, int, int], height: int, width: int, name: str) -> None:
    if crop[2] > width or crop[3] > height:
        raise DataError(
            f"Crop {','.join(map(str, crop))} reaches beyond the frames of {name}, which are "
            f"{width}x{height} px"
        )


def _unread_in_words(scene: Scene) -> list[str]:
    unread = scene.unread
    if not unread:
        return []
    which = listed(in_ranges(unread))
    return [f"frames that cannot be decoded, shown black: {len(unread)} ({which})"]
