"""How poses look: thickness and colours, for frames and animals of any size."""

from dataclasses import dataclass
from typing import Literal

ColorBy = Literal["track", "instance", "node"]

_MANY = 10  # tracks; more need more colours than are easily told apart
_WIDTH_OF_FRAME, _WIDTH_OF_ANIMAL = 1 / 320, 1 / 24  # line width, as a fraction
_THINNEST, _THICKEST = 1.0, 12.0  # px


@dataclass(frozen=True, kw_only=True)
class Look:
    """How all frames of a file are drawn.

    Attributes:
        color_by: what has a colour of its own.
        n_colors: how many there are of these.
        line_width: of edges, in px of the frame; nodes are three times as wide.
        names: whether tracks are named.
    """

    color_by: ColorBy
    n_colors: int
    line_width: float
    names: bool = False

    @property
    def node_radius(self) -> float:
        """In px of the frame."""
        return 1.5 * self.line_width

    @property
    def seam(self) -> float:
        """Width of the dark seam around them, px of the frame."""
        return max(0.5, 0.4 * self.line_width)

    @property
    def palette(self) -> str:
        """Bright colours, by sleap-io's names: frames are mostly gray and dark."""
        return "distinct" if self.n_colors <= _MANY else "glasbey_light"


def look_for(
    *,
    color_by: ColorBy,
    n_colors: int,
    frame_side: float,
    animal_size: float | None,
    line_width: float | None = None,
    names: bool = False,
) -> Look:
    """A look whose lines are seen and hide no animal.

    Args:
        color_by: what has a colour of its own.
        n_colors: how many there are of these.
        frame_side: the longer side of what is drawn, px.
        animal_size: diagonal of an animal's box, px; None if there is none.
        line_width: px; None goes by the sizes.
        names: name the tracks.
    """
    if line_width is None:
        wanted = frame_side * _WIDTH_OF_FRAME
        most = _THICKEST if animal_size is None else animal_size * _WIDTH_OF_ANIMAL
        line_width = max(_THINNEST, min(wanted, most, _THICKEST))
    return Look(color_by=color_by, n_colors=n_colors, line_width=line_width, names=names)
