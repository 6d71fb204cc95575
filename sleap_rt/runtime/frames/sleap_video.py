"""Videos of any kind that sleap-io reads: image folders, HDF5, TIFF stacks, embedded images."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, FrameError
from sleap_rt.runtime.frames.arrays import checked_frame
from sleap_rt.runtime.frames.hdf5_video import check_hdf5_video
from sleap_rt.runtime.frames.source import Reader
from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.runtime.frames.video.pixels import Colors

if TYPE_CHECKING:
    import sleap_io as sio

    from sleap_rt.runtime.frames.images.files import ImageFiles

_LONGEST_NAME = 300  # of a file, in messages
_HDF5 = (".h5", ".hdf5", ".slp")
_N_SAMPLES = 16  # frames that show whether any has colours
_FAILURES = (OSError, KeyError, ValueError, IndexError, RuntimeError, TypeError, AttributeError)


class SleapVideo:
    """A sleap-io video, read frame by frame.

    Args:
        video: with a backend, or with files that can be opened.

    Attributes:
        available: frame indices that can be read.

    Raises:
        DataError: it cannot be opened, or its frames are not 8-bit images.
    """

    def __init__(self, video: "sio.Video") -> None:
        self.video = video
        self.name = described(video)
        try:
            if video.backend is None:
                _check_hdf5(video)
                video.open()
            backend = video.backend
            for index in sorted(getattr(backend, "frame_map", None) or ())[:1]:
                self._check_embedded(index)  # ahead of sleap-io, which asks one for its size
            frame_map = getattr(backend, "frame_map", None)
            self.available: Sequence[int] = (
                sorted(int(index) for index in frame_map) if frame_map else range(len(backend))
            )
        except _FAILURES as error:
            raise DataError(f"{self.name} cannot be read: {_words(error)}") from error
        if not len(self.available):
            raise DataError(f"{self.name} has no frames.")
        self._look()

    def _look(self) -> None:
        """Find out by frames from all over the video whether it has colours; sleap-io asks one."""
        backend = self.video.backend
        is_told = getattr(backend, "grayscale", None) is not None
        places = np.linspace(0, len(self.available) - 1, 1 if is_told else _N_SAMPLES).astype(int)
        colorful: bool | None = None
        if not is_told:
            backend.grayscale = False
        for place in np.unique(places).tolist():
            try:
                image = self.read(self.available[place])
            except FrameError:
                continue
            colorful = image.shape[2] == 3 and bool((image[..., 1:] != image[..., :1]).any())
            if colorful:
                break
        if not is_told:
            backend.grayscale = None if colorful is None else not colorful

    def read(self, index: int) -> Image:
        """One frame, (height, width, channels) uint8, RGB or gray.

        Raises:
            FrameError: it cannot be read.
            DataError: it is no 8-bit gray or RGB image.
        """
        try:
            self._check_embedded(index)
            frame = np.asarray(self.video.backend.get_frame(index))
        except _FAILURES as error:
            raise FrameError(
                f"{self.name}: frame {index} cannot be read: {_words(error)}"
            ) from error
        return checked_frame(frame, index, self.name)

    def _check_embedded(self, index: int) -> None:
        """Look at the header of an image in a package: decoders reserve what it asks for.

        Raises:
            DataError, ValueError: as `check_content`.
        """
        backend = getattr(self.video.backend, "inner", self.video.backend)  # of one that crops
        if getattr(backend, "has_embedded_images", False):
            content = backend.get_frame_raw_bytes(index)
            if content is not None:
                from sleap_rt.runtime.frames.images.headers import check_content  # loads Pillow

                check_content(content.tobytes(), f"{self.name}, frame {index}")

    def close(self) -> None:
        if self.video.backend is not None:
            self.video.backend.close()  # its files; it opens them again when asked for a frame


def _check_hdf5(video: "sio.Video") -> None:
    """Refuse an HDF5 file that leads to others, or declares frames that it does not hold.

    Raises:
        DataError: as `check_hdf5_video`.
    """
    name = video.filename
    if isinstance(name, str) and Path(name).suffix.lower() in _HDF5:
        check_hdf5_video(Path(name), video.backend_metadata.get("dataset"))


def as_sleap_video(file: VideoFile) -> "sio.Video":
    """A video file as labels store it, also of kinds that sleap-io itself does not open.

    It is described as we read it, and not opened by another reader before it is used.
    """
    import sleap_io as sio  # takes a second to import

    metadata = {
        "type": "MediaVideo",
        "filename": str(file.path),
        "shape": (file.n_frames, *file.shape),
        "grayscale": file.shape[2] == 1,
        "bgr": True,
        "dataset": "",
        "input_format": "",
        "fps": file.fps,
    }
    video = sio.Video(str(file.path), open_backend=False, backend_metadata=metadata)
    video.open_backend = _is_opened_by_sleap_io(file.path)
    return video


def images_as_sleap_video(paths: Sequence[Path], images: "ImageFiles") -> "sio.Video":
    """A list of images as labels store it."""
    import sleap_io as sio

    names = [str(path) for path in paths]
    height, width, channels = images.shape
    metadata = {
        "type": "ImageVideo",
        "shape": (len(names), height, width, channels),
        **names_in_metadata(names),
        "height_": height,
        "width_": width,
        "channels_": channels,
        "grayscale": channels == 1,
        "fps": None,
    }
    video = sio.Video(names, open_backend=False, backend_metadata=metadata)
    video.open_backend = True
    return video


def names_in_metadata(name: "str | list[str]") -> "dict[str, str | list[str]]":
    """What a video's metadata say of its files, as sleap-io reads them: images have two entries."""
    if isinstance(name, list):
        return {"filename": name[0], "filenames": name}
    return {"filename": name}


def _is_opened_by_sleap_io(path: Path) -> bool:
    from sleap_io.io.video_reading import MediaVideo

    return path.suffix.lower().lstrip(".") in MediaVideo.EXTS


def described(video: "sio.Video") -> str:
    """A video's files, as messages name them."""
    name = video.filename
    if isinstance(name, list):
        return f"{name[0]} and {len(name) - 1} more images" if len(name) > 1 else str(name[0])
    dataset = getattr(video.backend, "dataset", None) or video.backend_metadata.get("dataset")
    name = str(name) if len(str(name)) <= _LONGEST_NAME else f"{str(name)[:_LONGEST_NAME]}..."
    return f"{name} (dataset {dataset})" if dataset else name


def _words(error: Exception) -> str:
    return str(error).strip("'\"") or type(error).__name__


def open_sleap_video(
    video: "sio.Video", colors: Colors = "bt601"
) -> tuple[Reader, Sequence[int], str]:
    """A reader of a sleap-io video, the frame indices it has, and what decodes it.

    Args:
        video: of any kind.
        colors: of a video file.
    """
    import sleap_io as sio

    path = video.filename
    if isinstance(path, list) and not video.is_cropped:
        from sleap_rt.runtime.frames.images.files import ImageFiles  # loads Pillow

        stored = video.backend_metadata.get("grayscale")
        images = ImageFiles([Path(name) for name in path], gray=stored)
        return images, range(len(path)), images.decoder
    is_plain = isinstance(path, str) and not video.is_cropped
    is_media = video.backend_metadata.get("type") == "MediaVideo"
    if is_plain and (is_media or _is_opened_by_sleap_io(Path(path))):
        backend = video.backend
        stored = video.backend_metadata.get("grayscale")
        gray = stored if backend is None else backend.grayscale
        file = VideoFile(Path(path), gray=gray, colors=colors)
        return file, range(file.n_frames), file.decoder
    decoder = f"sleap-io {sio.__version__}"
    if is_plain and Path(path).suffix.lower() in (".tif", ".tiff"):
        from sleap_rt.runtime.frames.images.tiff import TiffPages  # loads tifffile

        pages = TiffPages(Path(path))
        if pages.n_frames > 1:
            return pages, range(pages.n_frames), f"tifffile {pages.version}"
        pages.close()
    reader = SleapVideo(video)
    return reader, reader.available, decoder


def unique_video_name(videos: "Sequence[sio.Video]", index: int) -> str:
    """Name of a video's first file without its suffix; with its number if others share it."""
    stems = [video_files(video)[0].stem for video in videos]
    return stems[index] if stems.count(stems[index]) == 1 else f"{stems[index]}.{index}"


def video_files(video: "sio.Video") -> list[Path]:
    names = video.filename if isinstance(video.filename, list) else [video.filename]
    return [Path(name) for name in names]
