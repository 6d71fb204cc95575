"""Frames of a run whose image was damaged: what the summary and the provenance say of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.instances import FrameInstances, ImageState
from sleap_rt.words import counted, in_ranges

if TYPE_CHECKING:
    import sleap_io as sio

_MOST_LISTED = 8  # in a message; the provenance has them all
_WORDS = {
    ImageState.UNREADABLE: "cannot be read and got no instances",
    ImageState.CONCEALED: "came damaged: the image, and the poses in it, may be wrong in part",
    ImageState.UNANSWERED: "got NaN or infinity from the engine in place of numbers, and may lack "
    "poses; `sleap-nn verify` tells whether the engine computes this model right",
}


class DamagedFrames:
    """Collects damaged frames in the order of a run."""

    def __init__(self) -> None:
        self._frames: dict[ImageState, dict[int, list[int]]] = {state: {} for state in _WORDS}

    def note(self, result: FrameInstances) -> None:
        """Take in the next result; only one of a damaged frame counts."""
        if result.image is not ImageState.WHOLE:
            by_video = self._frames[result.image]
            by_video.setdefault(result.video_index, []).append(result.frame_index)

    def n(self, state: ImageState) -> int:
        """How many frames are in this state."""
        return sum(map(len, self._frames[state].values()))

    @property
    def lacks_poses(self) -> bool:
        """Whether frames have no poses, or fewer, for another reason than that none were there."""
        return bool(self.n(ImageState.UNREADABLE) or self.n(ImageState.UNANSWERED))

    def by_kind(self, videos: "Sequence[sio.Video]") -> dict[str, dict[str, str]]:
        """Kind -> video -> frame numbers, `"3-5, 9"`, for the provenance; empty without damage."""
        return {
            state.name.lower(): {
                _name(videos[index]): ", ".join(in_ranges(frames))
                for index, frames in by_video.items()
            }
            for state, by_video in self._frames.items()
            if by_video
        }

    def warnings(self, videos: "Sequence[sio.Video]") -> list[str]:
        """A sentence for each kind and video."""
        return [
            f"{_place(videos[index])}: {counted(len(frames), 'frame')} {_WORDS[state]} "
            f"({_listed(videos[index], frames)})"
            for state, by_video in self._frames.items()
            for index, frames in by_video.items()
        ]


def _name(video: "sio.Video") -> str:
    name = video.filename
    return str(name[0] if isinstance(name, list) else name)


def _place(video: "sio.Video") -> str:
    """Where the frames are: a video, or the folder of images."""
    name = video.filename
    return str(Path(name[0]).parent if isinstance(name, list) else name)


def _listed(video: "sio.Video", frames: Sequence[int]) -> str:
    """Numbers of frames, or names of images; not all of very many."""
    names = video.filename
    if isinstance(names, list):
        found = [Path(names[frame]).name for frame in frames]
    else:
        found = list(in_ranges(frames))
    more = ["..."] if len(found) > _MOST_LISTED else []
    return ", ".join([*found[:_MOST_LISTED], *more])
