"""What is shown, and where."""

import math
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.errors import OptionError
from sleap_rt.options.running import SelectionOptions

_PORTS = 65535
_PICTURES, _VIDEOS = (".png", ".jpg", ".jpeg"), (".mp4", ".mov", ".mkv")
_DRAWN = (*_VIDEOS, *_PICTURES)
_LARGEST_SCALE = 16
SLOWEST, FASTEST = 0.001, 1000.0  # frames/s that each kind of file can tell


@dataclass(frozen=True, kw_only=True)
class PageOptions:
    """A page that runs a model in a browser.

    Attributes:
        output: folder that the page is written to; None writes none.
        serve: serve the page to browsers on this machine, until interrupted.
        port: that is served on; 0 takes any free one; None takes 8000, or any free one.
    """

    output: Path | None = None
    serve: bool = False
    port: int | None = None

    def __post_init__(self) -> None:
        if self.output is None and not self.serve:
            raise OptionError("Say where the page goes: --output FOLDER, or --serve, or both")
        if self.port is not None and not self.serve:
            raise OptionError("port takes effect only with serve")
        if self.port is not None and not 0 <= self.port <= _PORTS:
            raise OptionError(f"port must lie in 0 to {_PORTS}, got {self.port}")


@dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """Poses drawn over their video, as a video or as pictures.

    Attributes:
        output_path: file to write, a video or a picture by its name, or a folder for a video: one
            that is there, or a name without suffix. None: beside the labels.
        frames: frame indices; None takes those that the labels have, of pictures the first with
            an animal.
        video_index: the one video of the labels to show; None: the one that has labels.
        video_path: where that video is; None: where the labels say, or beside them.
        crop: (x1, y1, x2, y2) px of the part to show, right and bottom not included.
        tracks: names of the tracks to show; None shows all animals.
        track_names: write the names of tracks beside the animals.
        scale: px of the output per px of the video.
        line_width: of edges, px of the video; None goes by the sizes of frames and animals.
        fps: frames per second of the output; None: the video's.
        overwrite: replace files that are there.
    """

    output_path: Path | None = None
    frames: tuple[int, ...] | None = None
    video_index: int | None = None
    video_path: Path | None = None
    crop: tuple[int, int, int, int] | None = None
    tracks: tuple[str, ...] | None = None
    track_names: bool = False
    scale: float = 1.0
    line_width: float | None = None
    fps: float | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        asked = SelectionOptions(frames=self.frames, video_index=self.video_index)
        object.__setattr__(self, "frames", asked.frames)
        path = self.output_path
        if path is not None and not self.names_folder and path.suffix.lower() not in _DRAWN:
            raise OptionError(f"output_path {path}: must end in {', '.join(_DRAWN)}")
        if self.makes_pictures and self.fps is not None:
            raise OptionError("fps: no effect on pictures; leave it out")
        for name in ("scale", "line_width", "fps"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise OptionError(f"{name} must be a positive number, got {value}")
        if self.fps is not None and not SLOWEST <= self.fps <= FASTEST:
            raise OptionError(f"fps must lie in {SLOWEST:g} to {FASTEST:g}, got {self.fps:g}")
        if self.scale > _LARGEST_SCALE:
            raise OptionError(f"scale must be at most {_LARGEST_SCALE}, got {self.scale:g}")
        if self.crop is not None:
            self._check_crop(self.crop)
        if self.tracks is not None and not (self.tracks and all(self.tracks)):
            found = "one of the names is empty" if self.tracks else "none was given"
            raise OptionError(f"tracks must name tracks; {found}")

    def _check_crop(self, crop: tuple[int, ...]) -> None:
        if len(crop) == 4:
            left, top, right, bottom = crop
            if 0 <= left < right and 0 <= top < bottom:
                return
        raise OptionError(
            "crop must be x1,y1,x2,y2 px from the top left, x1 below x2 and y1 below y2; "
            f"got {','.join(map(str, crop))}"
        )

    @property
    def names_folder(self) -> bool:
        """Whether the output goes into a folder, by the name of the labels."""
        path = self.output_path
        if path is None or path.suffix.lower() in _DRAWN:
            return False
        return not path.suffix or path.is_dir()

    @property
    def makes_pictures(self) -> bool:
        """Whether the output is pictures, not a video."""
        return self.output_path is not None and self.output_path.suffix.lower() in _PICTURES
