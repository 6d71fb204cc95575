"""The images of a folder, in the order of their numbers."""

import re
from collections.abc import Sequence
from pathlib import Path

from sleap_rt.errors import DataError
from sleap_rt.model_files import holds_videos
from sleap_rt.untrusted import listed

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


def images_in(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """The images, and what a user should know about their order.

    `10.png` comes behind `2.png`. Hidden files are none: macOS puts `._2.png` beside `2.png` on
    disks of other systems.

    Raises:
        DataError: there are none.
    """
    by_text = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    )
    if not by_text:
        below = [one for one in sorted(folder.iterdir()) if one.is_dir() and holds_videos(one)]
        hint = f" There are videos in {listed(below)}; name what is meant." if below else ""
        raise DataError(
            f"{folder} holds no images ({', '.join(IMAGE_SUFFIXES)}) and no videos.{hint}"
        )
    by_number = sorted(by_text, key=lambda path: by_numbers(path.name))
    if by_number == by_text:
        return by_number, ()
    return by_number, (f"{folder}: images are in the order of their numbers: {_shown(by_number)}",)


def by_numbers(name: str) -> list[tuple[int, str]]:
    """A key that sorts names with numbers by these: 2 ahead of 10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _shown(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths[:3]) + (", ..." if len(paths) > 3 else "")
