"""Tells paths that stand for one input from those that stand for several, and from models."""

import os
from collections.abc import Iterable
from glob import has_magic
from pathlib import Path

from sleap_rt.errors import DataError, OptionError
from sleap_rt.model_files import VIDEO_SUFFIXES, refuse_model
from sleap_rt.runtime.frames.images.folder import IMAGE_SUFFIXES, by_numbers
from sleap_rt.runtime.frames.images.previews import is_drawn
from sleap_rt.untrusted import listed
from sleap_rt.words import counted, unreadable

EXPECTED = "expected a video, images or a `.slp` file"


def is_pattern(path: Path) -> bool:
    """Whether a path stands for all files that match it."""
    return has_magic(str(path)) and not os.path.exists(path)


def videos_in(folder: Path) -> list[Path] | None:
    """The videos that a folder stands for; None where it has none.

    Raises:
        DataError: it holds images as well.
    """
    files = [file for file in folder.iterdir() if not file.name.startswith(".")]
    videos = [file for file in files if file.suffix.lower() in VIDEO_SUFFIXES]
    images = [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES]
    n_images = sum(not is_drawn(file) for file in images) if videos else 0
    if videos and n_images:
        suffixes = sorted({file.suffix for file in videos})
        patterns = " ".join(f'"{folder / ("*" + suffix)}"' for suffix in suffixes)
        raise DataError(
            f"{folder} holds {counted(len(videos), 'video')} and {counted(n_images, 'image')}; "
            f"name what is meant, for example {patterns}."
        )
    return in_order(videos) or None


def in_order(files: Iterable[Path]) -> list[Path]:
    """By name, numbers by their value: 2 ahead of 10."""
    return sorted(files, key=lambda file: [by_numbers(part) for part in file.parts])


def check_one_input(path: Path) -> None:
    """Refuse what is no input, or several ones, where one is taken.

    Raises:
        OptionError: it is a model, a folder of videos or a pattern.
        DataError: a folder holds videos and images, or may not be read.
    """
    refuse_model(path, "", EXPECTED)
    several = None
    if is_pattern(path):
        several = "a pattern"
    elif path.is_dir():
        try:
            videos = videos_in(path)
        except PermissionError as error:
            raise DataError(unreadable(path, error)) from error
        if videos:
            several = f"a folder of videos ({listed([video.name for video in videos])})"
    if several is not None:
        raise OptionError(
            f"{path} is {several}, and one input is taken here; name one file. `sleap-nn track`, "
            "and run_inference in Python, take all of them"
        )
