"""A sheet of a few frames beside a result: first, middle, last and least certain, with poses."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.errors import DataError, OptionError
from sleap_rt.rendering import check_renderer, contact_sheet, look_for, write_picture
from sleap_rt.runtime.frames.images.previews import DRAWN
from sleap_rt.runtime.outputs.earlier_results import check_preview_replaceable, preview_of
from sleap_rt.runtime.outputs.names import check_place
from sleap_rt.runtime.outputs.saving import save
from sleap_rt.words import counted
from sleap_rt.workflows.show.poses import FrameTable, open_poses
from sleap_rt.workflows.show.scene import Scene, open_scene

_PANEL = 640  # px of the longer side of a frame
_MOST_ENLARGED = 3


def check_preview(options: Any, *, data: Any = None, writes: bool = True) -> None:
    """Refuse a preview that cannot be made, ahead of the run.

    Args:
        options: of a prediction, or of tracking without a model.
        data: the input, if it is known already.
        writes: whether the run writes a file.

    Raises:
        OptionError: there will be no `.slp` file to put it beside, or no video to read once more.
        DataError: the renderer cannot be loaded.
    """
    if getattr(options, "frame_range_of", None) is not None:
        raise OptionError("preview: a part has none; draw the result that `sleap-nn merge` makes")
    if not writes:
        raise OptionError("preview: there is no file to put it beside; give output_path (-o)")
    if options.output_format != "slp":
        raise OptionError(
            f"preview: it is drawn from a `.slp` result, and this one is {options.output_format}"
        )
    if isinstance(data, np.ndarray):
        raise OptionError("preview: frames in memory cannot be read once more; leave it out")
    check_renderer()


def write_preview(result: Path, *, overwrite: bool = False) -> Path:
    """Draw the sheet of a result, in place of one that was drawn earlier.

    Args:
        result: a `.slp` file. Of several videos the first with poses is shown.
        overwrite: replace any other picture, too.

    Raises:
        DataError: it has no poses, its video cannot be read, or the sheet cannot be written.
    """
    check_preview_replaceable(result, overwrite=overwrite)
    poses, path = open_poses(result), preview_of(result)
    table = poses.table()
    videos = table.videos[table.n_animals > 0]
    shown = poses.number_in_file(int(videos[0])) if len(videos) else None
    with open_scene(poses, shown) as scene:
        sheet = _sheet(scene, result.name)
    check_place(path, poses.files())
    try:
        save(path, lambda target: write_picture(target, sheet, DRAWN))
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error
    return path


def _sheet(scene: Scene, name: str) -> Any:
    chosen = _chosen(scene.table)
    indices = [int(scene.table.indices[row]) for row in chosen]
    height, width = scene.frame_size(indices)
    scale = min(_PANEL / max(height, width), _MOST_ENLARGED)
    tracks = scene.poses.labels.tracks
    look = look_for(
        color_by="track" if tracks else "instance",
        n_colors=len(tracks) or int(scene.table.n_animals.max()),
        frame_side=max(height, width),
        animal_size=scene.animal_size(),
    )
    pictures = scene.pictures(indices, look, scale=scale)
    captions = _captions(scene.table, chosen)
    panels = [(picture, text) for (_, picture, _), text in zip(pictures, captions, strict=True)]
    n_frames, n_animals = len(scene.table.indices), int(scene.table.n_animals.sum())
    title = f"{name}: {counted(n_frames, 'frame')}, {counted(n_animals, 'instance')}"
    if scene.imageless:
        title += f"; {counted(len(scene.imageless), 'frame')} without an image left out"
    return contact_sheet(title, panels)


def _chosen(table: FrameTable) -> dict[int, list[str]]:
    """Rows to show, in order of time, and what each is."""
    last = len(table.indices) - 1
    named = {"first": 0, "middle": last // 2, "last": last}
    if np.isfinite(table.scores).any():
        named["least certain"] = int(np.nanargmin(table.scores))
    rows: dict[int, list[str]] = {}
    for name, row in sorted(named.items(), key=lambda one: one[1]):
        rows.setdefault(row, []).append(name)
    return rows


def _captions(table: FrameTable, chosen: dict[int, list[str]]) -> Iterator[str]:
    for row, names in chosen.items():
        score = table.scores[row]
        scored = f", mean score {score:.2f}" if np.isfinite(score) else ""
        yield (
            f"{' and '.join(names)}: frame {table.indices[row]}, "
            f"{counted(int(table.n_animals[row]), 'instance')}{scored}"
        )


def previews(paths: Sequence[Path], *, overwrite: bool) -> Iterator[tuple[Path | None, str]]:
    """The sheets of results as they are drawn; where one fails, None and why: the result is whole.

    Args:
        paths: of results.
        overwrite: as of `write_preview`.
    """
    for path in paths:
        try:
            yield write_preview(path, overwrite=overwrite), ""
        except (DataError, OptionError) as error:
            yield None, f"{path} has no preview: {error}"
