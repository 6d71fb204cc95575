"""What every source of live frames offers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from sleap_rt.arrays import Image
from sleap_rt.errors import DataError, others_as
from sleap_rt.runtime.frames.opened import OpenInput


@dataclass(frozen=True)
class LiveFrame:
    """A frame that has just arrived.

    Attributes:
        index: of the frame in its video; of a camera, its place among all that came.
        came: s, when it arrived, of `time.perf_counter`.
        time: s since 1970, the same.
        image: makes the pixels, (height, width, channels) uint8; frames that are dropped cost none.
    """

    index: int
    came: float
    time: float
    image: Callable[[], Image]


class LiveSource(Protocol):
    """Where live frames come from. Made without opening anything.

    Attributes:
        name: in messages and results; without a password.
        patience: s without a frame after which it counts as lost; 0 for one that may pause.
        opened: the same as an input that has no frames to choose from, for checks and results.
    """

    name: str
    patience: float
    opened: OpenInput

    def first(self) -> Image:
        """Open it, and give one frame to warm up on; `frames` may give the same again.

        Raises:
            DataError: it cannot be opened, or gives no frame.
        """
        ...

    def frames(self, stopped: threading.Event) -> Iterator[LiveFrame]:
        """The frames, each when it arrives; used in a thread.

        Args:
            stopped: set when no more are wanted.

        Raises:
            DataError: the source is lost.
        """
        ...

    def close(self) -> None: ...


def check_patience(source: LiveSource, waited: float) -> None:
    """Raises:
    DataError: no frame came for longer than is waited for one.
    """
    if source.patience and waited > source.patience:
        raise DataError(
            f"{source.name} is lost: no frame came for {source.patience:g} s (stall_timeout)."
        )


@contextmanager
def reading(name: str) -> Iterator[None]:
    """An error of a camera's library, or of a program that gives frames, becomes one of ours.

    Args:
        name: of the source that is read inside the context.

    Raises:
        DataError: in place of any exception that is not ours. An interrupt passes.
    """
    with others_as(DataError, f"{name} is lost"):
        yield
