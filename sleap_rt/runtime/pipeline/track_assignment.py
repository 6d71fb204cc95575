"""Tracks of a run: identities from the model, tracks from a tracker, or none."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sleap_rt.arrays import AnyImage
from sleap_rt.instances import FrameInstances, ImageState
from sleap_rt.tracking import TrackerOptions

if TYPE_CHECKING:
    from sleap_rt.tracking import Tracker


class Following:
    """Gives the instances of a run their tracks, frame by frame.

    Args:
        options: how to track; None leaves instances as they are.
        class_names: identities of the model. If it has any, they are kept and nothing is tracked.
    """

    def __init__(self, options: TrackerOptions | None, class_names: Sequence[str] = ()) -> None:
        self._class_names = tuple(class_names)
        self._tracker = None if options is None or class_names else _tracker(options)

    @property
    def options(self) -> TrackerOptions | None:
        """How animals are followed, as it took effect; None: not, or by the model itself."""
        return None if self._tracker is None else self._tracker.used

    @property
    def needs_images(self) -> bool:
        return self._tracker is not None and self._tracker.options.needs_images

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tracks so far; a track id is a position in them."""
        return self._class_names if self._tracker is None else self._tracker.track_names

    @property
    def notes(self) -> tuple[str, ...]:
        """What tracking left out so far, in words."""
        return () if self._tracker is None else self._tracker.notes

    @property
    def n_left_out(self) -> int:
        """Predictions that `notes` tells of."""
        return 0 if self._tracker is None else self._tracker.n_left_out

    def follow(self, frame: FrameInstances, image: AnyImage | None) -> FrameInstances:
        """The frame with tracks.

        Args:
            frame: the next of its video; frames must come in order of time.
            image: (height, width, channels), needed if `needs_images`; a tracker that does is not
                told of a frame without a readable one.
        """
        is_unseen = self.needs_images and frame.image is ImageState.UNREADABLE
        if self._tracker is None or is_unseen:
            return frame
        return self._tracker.track(frame, image)


def _tracker(options: TrackerOptions) -> "Tracker":
    from sleap_rt.tracking import Tracker  # with all its parts, which most runs do without

    return Tracker(options)
