"""One video of labels, opened to be shown: its frames with the animals of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.arrays import Bools, Image
from sleap_rt.errors import DataError, FrameError, OptionError, did_you_mean_path
from sleap_rt.options import SelectionOptions
from sleap_rt.rendering import Animal, Look, drawn
from sleap_rt.rendering.poses import Box
from sleap_rt.runtime.frames.labels_input import find_moved, found_in, refuse_unfiled
from sleap_rt.runtime.frames.selection import on_merged_videos
from sleap_rt.runtime.frames.sleap_video import described, open_sleap_video, video_files
from sleap_rt.runtime.frames.source import Reader
from sleap_rt.untrusted.quoting import listed
from sleap_rt.words import counted, in_ranges
from sleap_rt.workflows.show.poses import FrameTable, Poses, animals_of

if TYPE_CHECKING:
    import sleap_io as sio

_SIZED = 20  # frames that tell how large animals are
_TRIED = 100  # frames of which one has to be readable


@dataclass
class Scene:
    """What is shown. A context manager that closes the video.

    Attributes:
        poses: the labels.
        number: of the video in these.
        table: what the labels have of it, in frames that can be shown.
        files: of the video.
        reader: of its frames.
        available: numbers of the frames that it has.
        imageless: frames of the labels of which a package holds no image.
        unread: frames that were asked for and cannot be decoded.
    """

    poses: Poses
    number: int
    table: FrameTable
    files: Sequence[Path]
    reader: Reader
    available: Sequence[int]
    imageless: Sequence[int] = ()
    unread: list[int] = field(default_factory=list)

    @property
    def video(self) -> "sio.Video":
        return self.poses.labels.videos[self.number]

    @property
    def name(self) -> str:
        """Of the video, for messages."""
        return described(self.video)

    @property
    def fps(self) -> float | None:
        """Frames per second; None where the video does not say."""
        rate = getattr(self.reader, "fps", None) or self.video.backend_metadata.get("fps")
        return None if rate is None else float(rate)

    def frame_size(self, indices: Sequence[int]) -> tuple[int, int]:
        """(height, width) of the first of these frames that can be read.

        Raises:
            DataError: none can.
        """
        for index in indices[:_TRIED]:
            try:
                height, width, *_ = self.reader.read(index).shape
            except FrameError:
                continue
            return height, width
        raise DataError(f"{self.name}: none of the frames to show can be decoded")

    def animal_size(self) -> float | None:
        """Diagonal of the box of a usual animal, px; None without any of two nodes."""
        rows = np.flatnonzero(self.table.n_animals)
        some = np.unique(
            rows[np.linspace(0, len(rows) - 1, _SIZED).astype(int)] if len(rows) else rows
        )
        sizes = []
        for frame in self.poses.frames(self.number, self.table.indices[some].tolist()):
            for one in [] if frame is None else animals_of(frame):
                seen = _points(one)
                seen = seen[np.isfinite(seen).all(axis=1)]
                if len(seen) > 1:
                    sizes.append(float(np.hypot(*np.ptp(seen, axis=0))))
        return float(np.median(sizes)) if sizes else None

    def pictures(
        self,
        indices: Sequence[int],
        look: Look,
        *,
        crop: Box | None = None,
        scale: float = 1,
        tracks: set[int] | None = None,
    ) -> Iterator[tuple[int, Image, int]]:
        """Frames with their animals, one after the other.

        Args:
            indices: of the frames, ascending.
            look: how.
            crop: the part of the frames to show.
            scale: px of a picture per px of a frame.
            tracks: numbers of those to show; None shows all animals.

        Yields:
            Index of the frame, (height, width, 3) RGB, and how many animals have a node in it.
        """
        place_of = {id(track): place for place, track in enumerate(self.poses.labels.tracks)}
        last: Image | None = None
        for index, frame in zip(indices, self.poses.frames(self.number, indices), strict=True):
            there = [] if frame is None else animals_of(frame)
            animals = [
                _animal(one, place, place_of, look)
                for place, one in enumerate(there)
                if tracks is None or place_of.get(id(one.track)) in tracks
            ]
            image = self._read(index)
            if image is None:  # black, of the size of the others
                height, width = self.frame_size(indices) if last is None else last.shape[:2]
                image = np.zeros((height, width, 1), np.uint8)
            last = image
            n_seen = sum(_is_seen(one, crop or (0, 0, *image.shape[1::-1])) for one in animals)
            yield index, drawn(image, animals, look, crop=crop, scale=scale), n_seen

    def _read(self, index: int) -> Image | None:
        try:
            return self.reader.read(index)
        except FrameError:
            self.unread.append(index)
            return None

    def __enter__(self) -> "Scene":
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()


def open_scene(
    poses: Poses, video_index: int | None = None, video_path: Path | None = None
) -> Scene:
    """Open the video that has poses.

    Args:
        poses: the labels.
        video_index: its number in the file; None: the only one that has poses.
        video_path: where it is; None: where the labels say, or beside them.

    Raises:
        OptionError: there is no such video, or several have poses and none was chosen.
        DataError: there are no poses, or the video is missing or is another one.
    """
    table = poses.table()
    number = _chosen(poses, table, video_index)
    video = poses.labels.videos[number]
    if video_path is not None:
        reader, available, _ = open_sleap_video(video := _at(video, video_path), "tagged")
    else:
        try:
            if poses.path is None:
                refuse_unfiled([described(video)])
            else:
                find_moved([video], poses.path.parent)
            reader, available, _ = open_sleap_video(video, "tagged")
        except DataError as error:
            where = "If a file elsewhere has its frames, name it with --video_path."
            raise DataError(f"{str(error).rstrip('.')}. {where}") from error
    try:
        there, imageless = _with_images(table.of_video(number), available, poses.name)
        scene = Scene(poses, number, there, video_files(video), reader, available, imageless)
        _check_size(scene, video_path)
    except BaseException:
        reader.close()
        raise
    return scene


def _chosen(poses: Poses, table: FrameTable, video_index: int | None) -> int:
    with_animals = np.unique(table.videos[table.n_animals > 0]).tolist()
    if video_index is not None:
        asked = on_merged_videos(SelectionOptions(video_index=video_index), poses.video_numbers)
        assert asked.video_index is not None
        if asked.video_index in with_animals:
            return asked.video_index
        raise DataError(f"{poses.name}: video {video_index} has no poses to draw")
    if not with_animals:
        raise DataError(
            f"There are no poses to draw in {poses.name}: no animal is in its "
            f"{counted(len(table.indices), 'frame')}"
        )
    if len(with_animals) > 1:
        names = [
            f"{poses.number_in_file(place)} ({described(poses.labels.videos[place])})"
            for place in with_animals
        ]
        raise OptionError(
            f"{poses.name} has poses in {len(names)} videos, and one is shown: choose it with "
            f"--video_index: {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}"
        )
    return int(with_animals[0])


def _at(video: "sio.Video", path: Path) -> "sio.Video":
    """The same video in another place."""
    import sleap_io as sio

    name: str | list[str] = str(path)
    if isinstance(video.filename, list):
        name = [str(file) for file in _images_in(path, video_files(video))]
    elif path.is_dir():
        raise DataError(
            f"video_path {path} is a folder, and the poses are of a video, "
            f"{Path(str(video.filename)).name}; name the video's file"
        )
    elif not path.is_file():
        raise DataError(f"video_path {path}: there is no such file.{did_you_mean_path(path)}")
    kept = {
        name: video.backend_metadata[name]
        for name in ("grayscale", "dataset", "input_format")
        if name in video.backend_metadata
    }
    return sio.Video(name, open_backend=False, backend_metadata=kept)


def _images_in(folder: Path, images: Sequence[Path]) -> Sequence[Path]:
    if not folder.is_dir():
        raise DataError(
            f"video_path {folder}: the poses are of {len(images)} images, {images[0].name} and so "
            "on; name their folder"
        )
    found = found_in(images, folder)
    if found is None:
        raise DataError(
            f"video_path {folder}: not all of the {len(images)} images that the poses are of are "
            f"in this folder; the first is {images[0].name}"
        )
    return found


def _with_images(
    table: FrameTable, available: Sequence[int], name: str
) -> tuple[FrameTable, Sequence[int]]:
    """The frames that can be shown, and those that a package has no image of.

    Raises:
        DataError: it has one of no frame with an animal.
    """
    if isinstance(available, range):
        return table, ()  # a whole video, or another one: `_check_size`
    is_there: Bools = np.isin(table.indices, available)
    there = table.where(is_there)
    if not there.n_animals.any():
        indices = table.indices[table.n_animals > 0].tolist()
        raise DataError(
            f"{name} has no image of a frame with poses: it holds images of frames "
            f"{listed(in_ranges(available))}, and poses in frames {listed(in_ranges(indices))}. "
            "Name the video with --video_path."
        )
    return there, table.indices[~is_there].tolist()


def _check_size(scene: Scene, video_path: Path | None) -> None:
    """Refuse a video that is not the one that the labels were made on."""
    recorded = scene.video.backend_metadata.get("shape")
    if recorded is None or isinstance(scene.video.filename, list):
        return
    size, last = tuple(recorded[1:3]), int(scene.table.indices.max())
    found = scene.frame_size(scene.available)
    is_package = not isinstance(scene.available, range)
    if found != size or not (is_package or last in scene.available):
        name = video_path or scene.name
        raise DataError(
            f"{name} is not the video that {scene.poses.name} was made on: it has "
            f"{len(scene.available)} frames of {found[1]}x{found[0]} px, and the poses are of "
            f"{size[1]}x{size[0]} px and up to frame {last}"
        )


def _animal(one: Any, place: int, place_of: dict[int, int], look: Look) -> Animal:
    track = getattr(one, "track", None)
    skeleton = getattr(one, "skeleton", None)  # centroids have none
    return Animal(
        points=_points(one),
        edges=() if skeleton is None else tuple((int(a), int(b)) for a, b in skeleton.edge_inds),
        color=place_of.get(id(track)) if look.color_by == "track" else place,
        name=None if track is None else track.name,
    )


def _is_seen(animal: Animal, box: Box) -> bool:
    x, y = animal.points.T
    left, top, right, bottom = np.array(box) - 0.5
    return bool(((x >= left) & (x < right) & (y >= top) & (y < bottom)).any())


def _points(one: Any) -> Any:
    if hasattr(one, "skeleton"):
        return one.numpy()
    return np.array([[one.x, one.y]], float)
