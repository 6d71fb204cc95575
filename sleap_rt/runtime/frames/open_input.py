"""Opens what to predict on: a video, images, a labels file, or arrays in memory."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import DataError, OptionError, did_you_mean_path
from sleap_rt.labels import load_labels
from sleap_rt.model_files import VIDEO_SUFFIXES
from sleap_rt.options import SelectionOptions
from sleap_rt.options.paths import fitting_path, given_paths
from sleap_rt.options.written_files import kind_of_result, use_of_result
from sleap_rt.runtime.frames.arrays import ArrayReader, frames_of, is_arrays
from sleap_rt.runtime.frames.hdf5_video import check_hdf5_video
from sleap_rt.runtime.frames.images.folder import IMAGE_SUFFIXES, images_in
from sleap_rt.runtime.frames.labels_input import open_labels
from sleap_rt.runtime.frames.one_input import EXPECTED, check_one_input
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.frames.selection import Selection, select_of_video
from sleap_rt.runtime.frames.sleap_video import (
    as_sleap_video,
    described,
    images_as_sleap_video,
    open_sleap_video,
    video_files,
)
from sleap_rt.runtime.frames.source import Reader, Source
from sleap_rt.runtime.frames.unfiled import ARRAY
from sleap_rt.runtime.frames.video import VideoFile

if TYPE_CHECKING:
    import sleap_io as sio

_HDF5 = (".h5", ".hdf5")
_READ_BY_SLEAP_IO = (*_HDF5, *IMAGE_SUFFIXES, ".seq")


def open_input(data: Any, selection: SelectionOptions) -> OpenInput:
    """Open the input and choose its frames.

    Args:
        data: a path (video, image, folder of images, HDF5, TIFF, `.slp`), a list of image paths, a
            `sleap_io.Video` or `sleap_io.Labels`, or frames as `frames_of` takes them.
        selection: which frames.

    Raises:
        OptionError: an option has no meaning for this kind of input.
        DataError: something is missing or cannot be read, or no frame is left.
    """
    if is_arrays(data):
        return _open_arrays(data, selection)
    if isinstance(data, (str, Path)):
        _refuse_address(str(data))
        path = fitting_path("data", data)
        return replace(_open_path(path, selection), given=path)
    if isinstance(data, (list, tuple)):
        _refuse_in_memory(data)
        paths = tuple(given_paths("images", data))
        _refuse_several(paths)
        return replace(_open_images(paths, selection), given=paths)
    import sleap_io as sio

    if isinstance(data, sio.Video):
        _refuse_hdf5_options(selection, "this video")
        return _open_video(data, selection)
    if isinstance(data, sio.Labels):
        return open_labels(data, None, selection)
    raise OptionError(
        f"Cannot predict on {type(data).__name__}; give a path, a list of images, a sleap_io Video "
        "or Labels, or a NumPy array"
    )


def _refuse_in_memory(data: Sequence[Any]) -> None:
    """A list has paths, or images that are arrays; what is open already goes one by one."""
    others = [one for one in data if not isinstance(one, (str, Path))]
    if others:
        raise OptionError(
            f"A list with {type(others[0]).__name__} is no input: a list holds paths, or frames as "
            "NumPy arrays. Give labels and videos in memory one by one"
        )


def _refuse_several(paths: Sequence[Path]) -> None:
    """Images that are listed are one input; videos are not."""
    no_images = (*VIDEO_SUFFIXES, *_HDF5, ".slp")
    others = [path for path in paths if path.suffix.lower() in no_images or path.is_dir()]
    if others:
        raise OptionError(
            f"{others[0]} is no image, and a list is one input made of images; give videos and "
            "folders one by one, or the list to run_inference"
        )


def _refuse_address(path: str) -> None:
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", path) and not os.path.exists(path):
        address = path if "://" in path else path.replace(":/", "://", 1)  # a `Path` loses a slash
        raise OptionError(
            f"{address} is an address, and sleap-rt reads files: fetch it first, for example by "
            f"`ffmpeg -i {address} -c copy video.mp4`; `sleap-nn live` watches a stream as it comes"
        )


def _open_path(path: Path, selection: SelectionOptions) -> OpenInput:
    suffix = path.suffix.lower()
    check_one_input(path)
    if not os.path.exists(path):  # `Path.exists` fails for a name that is too long
        if re.fullmatch(r"\d+", str(path)) or str(path).startswith("/dev/"):
            raise DataError(f"{path} does not exist. Cameras are watched by `sleap-nn live`.")
        raise DataError(f"{path} does not exist; {EXPECTED}.{did_you_mean_path(path)}")
    if suffix not in _HDF5:
        _refuse_hdf5_options(selection, str(path))
    if suffix == ".slp":
        return open_labels(load_labels(path), path, selection)
    if path.is_dir():
        images, notes = images_in(path)
        return _open_images(images, selection, notes)
    if kind := kind_of_result(path):
        use = use_of_result(path, "name the video, or the `.slp` file that has the poses")
        raise DataError(f"{path} is {kind}, no images; {use}")
    if suffix in IMAGE_SUFFIXES and _is_one_image(path):
        return _open_images([path], selection)
    if suffix in _READ_BY_SLEAP_IO:
        _refuse_colors(selection, str(path))
        return _open_video(_video_from_file(path, selection), selection)
    video = VideoFile(path, colors=selection.video_colors)
    return _with_reader(
        video,
        video.decoder,
        lambda: select_of_video(selection, range(video.n_frames), str(path)),
        videos=lambda: [as_sleap_video(video)],
        files=(path,),
    )


def _is_one_image(path: Path) -> bool:
    from sleap_rt.runtime.frames.images.headers import is_tiff  # they load Pillow and tifffile
    from sleap_rt.runtime.frames.images.tiff import n_pages

    return not is_tiff(path) or n_pages(path) == 1


def _refuse_hdf5_options(selection: SelectionOptions, name: str) -> None:
    for option in ("video_dataset", "video_input_format"):
        if getattr(selection, option) != getattr(SelectionOptions, option):
            raise OptionError(f"{option} is for HDF5 videos (.h5, .hdf5), which {name} is not")


def _refuse_colors(selection: SelectionOptions, name: str) -> None:
    if selection.video_colors != SelectionOptions.video_colors:
        raise OptionError(f"video_colors is for video files, which {name} is not")


def _with_reader(
    reader: Reader, decoder: str, select: Callable[[], Selection], **rest: Any
) -> OpenInput:
    """An input of one video; closes the reader if the selection fails."""
    try:
        return OpenInput(Source({0: reader}, decoder), select(), **rest)
    except BaseException:
        reader.close()
        raise


def _open_arrays(data: Any, selection: SelectionOptions) -> OpenInput:
    frames = frames_of(data)
    _refuse_hdf5_options(selection, "an array")
    _refuse_colors(selection, "an array")
    chosen = select_of_video(selection, range(len(frames)), "the array of frames")
    source = Source({0: ArrayReader(frames)}, "none: frames were given as an array")
    return OpenInput(source, chosen, videos=_array_video)


def _array_video() -> "list[sio.Video]":
    import sleap_io as sio

    return [sio.Video(ARRAY, open_backend=False)]


def _open_images(
    paths: Sequence[Path], selection: SelectionOptions, notes: tuple[str, ...] = ()
) -> OpenInput:
    missing = [str(path) for path in paths if not path.is_file()]
    if missing or not paths:
        raise DataError(f"Images are missing: {', '.join(missing) or 'the list is empty'}")
    _refuse_hdf5_options(selection, "an image list")
    _refuse_colors(selection, "an image list")
    from sleap_rt.runtime.frames.images.files import ImageFiles

    images = ImageFiles(paths)
    name = f"{paths[0]} and {len(paths) - 1} more images" if len(paths) > 1 else str(paths[0])
    return _with_reader(
        images,
        images.decoder,
        lambda: select_of_video(selection, range(len(paths)), name),
        videos=lambda: [images_as_sleap_video(paths, images)],
        files=tuple(paths),
        notes=notes,
    )


def _video_from_file(path: Path, selection: SelectionOptions) -> "sio.Video":
    import sleap_io as sio

    options: dict[str, Any] = {}
    if path.suffix.lower() in _HDF5:
        check_hdf5_video(path, selection.video_dataset)
        options = {
            "dataset": selection.video_dataset,
            "input_format": selection.video_input_format,
        }
    try:
        return sio.Video.from_filename(str(path), **options)
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _open_video(video: "sio.Video", selection: SelectionOptions) -> OpenInput:
    reader, available, decoder = open_sleap_video(video, selection.video_colors)
    return _with_reader(
        reader,
        decoder,
        lambda: select_of_video(selection, available, described(video)),
        videos=lambda: [video],
        files=tuple(video_files(video)),
    )
