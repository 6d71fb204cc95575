"""Images of the frames of a labels file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import sleap_io as sio

from sleap_rt.arrays import Image
from sleap_rt.evaluation.reading.labels import video_file


class FrameImages:
    """Images of the frames of a labels file, if its videos can be found.

    A video is searched for where the file says, then beside the labels file, then in the same way
    for every prediction file that has it.
    """

    def __init__(self, videos: Sequence[sio.Video], path: str | Path) -> None:
        folder = Path(path).resolve().parent
        self._sources = [[(video, folder)] for video in videos]
        self._opened: dict[int, sio.Video | None] = {}
        self.problems: dict[str, None] = {}  # in the order met

    def also_from(
        self, videos: Sequence[sio.Video], path: str | Path, video_pairs: Mapping[int, int]
    ) -> None:
        """Also search where a prediction file says.

        Args:
            videos: those of the prediction file.
            path: the prediction file.
            video_pairs: ground-truth video index -> index in `videos`.
        """
        folder = Path(path).resolve().parent
        for ours, theirs in video_pairs.items():
            self._sources[ours].append((videos[theirs], folder))

    def read(self, video: int, frame_idx: int) -> Image | None:
        """(height, width, 1 or 3) gray or RGB; None if it cannot be read: `problems` says why."""
        if video not in self._opened:
            self._opened[video] = self._open(self._sources[video])
        opened = self._opened[video]
        if opened is None:
            return None
        try:
            image = np.asarray(opened[frame_idx])
        except (OSError, LookupError, ValueError, RuntimeError) as error:
            self.problems[f"frame {frame_idx} of {opened.filename} cannot be read: {error}"] = None
            return None
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] not in (1, 3):
            self.problems[f"{opened.filename} does not hold 8-bit gray or RGB images"] = None
            return None
        return image

    def _open(self, sources: list[tuple[sio.Video, Path]]) -> sio.Video | None:
        found = (
            (video, place)
            for video, folder in sources
            for place in _places(video.filename, folder)
            if all(Path(path).is_file() for path in place)
        )
        video, place = next(found, (None, []))
        if video is None:
            self.problems[
                f"the video {video_file(sources[0][0])} was not found where the files say or "
                "beside them, so its frames are drawn without image"
            ] = None
            return None
        try:
            video.replace_filename(place if len(place) > 1 else place[0], open=False)
            video.open()
        except (OSError, LookupError, ValueError, RuntimeError, ImportError) as error:
            self.problems[f"{place[0]} cannot be opened: {error}"] = None
            return None
        return video


def _places(recorded: str | list[str], folder: Path) -> list[list[str]]:
    """Possible paths of the file, or of the images."""
    if isinstance(recorded, list):
        return [recorded]
    name = str(recorded).replace("\\", "/")
    beside = (folder / name, folder / name.split("/")[-1])
    return [[str(recorded)], *([str(path)] for path in beside)]
