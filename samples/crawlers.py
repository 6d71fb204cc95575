"""What a crawler is: its skeleton, its shape, its looks, and how one is drawn.

A crawler's body is a chain of discs along a spine, its legs are thin rods, the left one of another
gray: to tell apart two legs that are mirror images takes a network far more training than a sample
is worth. All are given as signed distances, so a picture is exact at any sub-pixel position, and
the same function that colours the pixels says whether a node of another animal is covered.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sleap_rt.skeleton import Skeleton

Array = NDArray[np.float64]

SKELETON = Skeleton(
    name="crawler",
    node_names=("nose", "head", "thorax", "abdomen", "tail", "foot_left", "foot_right"),
    edge_inds=((2, 1), (1, 0), (2, 3), (3, 4), (2, 5), (2, 6)),
    symmetries=((5, 6),),
)
NOSE, HEAD, THORAX, ABDOMEN, TAIL, FOOT_LEFT, FOOT_RIGHT = range(SKELETON.n_nodes)

SPINE_STEP = 4.0  # px between spine points of a crawler of size 1
SPINE_RADII = np.array([2, 4, 6, 5, 4.5, 6, 7, 6.5, 5.5, 6.5, 8, 9, 8, 6, 4, 3, 2.6])
SPINE_LENGTH = SPINE_STEP * (len(SPINE_RADII) - 1)
AXIAL_NODES = (0, 2, 6, 11, 16)  # spine points of nose, head, thorax, abdomen, tail
_BELT = (11.0, 0.7)  # center and half width of the belt around the abdomen, in spine points
_BANDS = ((4.0, 0.7), (14.0, 0.7))  # the same for the bands of neck and tail
_LEG_RADIUS, _FOOT_RADIUS = 1.4, 2.6
_REACH = 14.0  # px around the nodes that a drawing can touch


@dataclass(frozen=True)
class Look:
    """Gray levels of one individual.

    Attributes:
        body: of the back and the right leg.
        mark: of the left leg, the eyes, the spots on thorax and tail, the belt of the abdomen.
        bands: of the bands around neck and tail; as `body` where an animal has none.
    """

    body: float
    mark: float
    bands: float


LOOKS = {
    "dark": Look(body=45, mark=210, bands=45),
    "pale": Look(body=215, mark=50, bands=215),
    "banded": Look(body=45, mark=210, bands=210),
}


@dataclass(frozen=True)
class Crawler:
    """One animal at one moment.

    Attributes:
        spine: (n_spine_points, 2), (x, y) px from nose to tail.
        feet: (2, 2), (x, y) px of the left and the right foot.
        look: its gray levels.
        size: 1 for a spine of `SPINE_LENGTH` px.
    """

    spine: Array
    feet: Array
    look: Look
    size: float = 1.0

    @property
    def points(self) -> Array:
        """(n_nodes, 2), (x, y) px in the order of the skeleton."""
        return np.concatenate([self.spine[list(AXIAL_NODES)], self.feet])


class Paint(NamedTuple):
    """What a crawler adds to a set of points."""

    coverage: Array  # 0..1
    level: Array  # gray level


def crawler_on_spine(spine: Array, *, gait: float, look: Look, size: float = 1.0) -> Crawler:
    """Put legs on a spine.

    Args:
        spine: (n_spine_points, 2), (x, y) px from nose to tail.
        gait: phase of the step, radians; the feet move in turn.
        look: gray levels.
        size: 1 for a spine of `SPINE_LENGTH` px.
    """
    at = AXIAL_NODES[THORAX]
    forward = spine[at - 1] - spine[at + 1]
    forward /= np.linalg.norm(forward)
    right = np.array([-forward[1], forward[0]])  # y points down, so this is the animal's right
    feet = []
    for side, phase in ((-1, gait), (1, gait + np.pi)):
        ahead, aside = 4 + 6 * np.sin(phase), 15 + 1.5 * np.cos(phase)
        feet.append(spine[at] + size * (ahead * forward + side * aside * right))
    return Crawler(spine=spine, feet=np.array(feet), look=look, size=size)


def paint(crawler: Crawler, at: Array) -> Paint:
    """How a crawler covers and colours points of the picture.

    Args:
        crawler: the animal.
        at: (..., 2), (x, y) px.
    """
    look, size = crawler.look, crawler.size
    back, along = _distance_to_chain(at, crawler.spine, SPINE_RADII * size)
    left, right = (_distance_to_leg(at, crawler, foot) for foot in crawler.feet)
    level = np.full(at.shape[:-1], float(look.body))
    for (center, half_width), gray in zip(
        (_BELT, *_BANDS), (look.mark, look.bands, look.bands), strict=True
    ):
        inside = 0.5 + (half_width - np.abs(along - center)) * SPINE_STEP * size
        level += np.clip(inside, 0, 1) * (gray - level)
    for spot, radius in _spots(crawler):
        inside = np.clip(0.5 + radius - np.linalg.norm(at - spot, axis=-1), 0, 1)
        level += inside * (look.mark - level)
    level *= 1 - 0.4 * np.clip(1.5 + back, 0, 1)  # a darker edge tells animals apart
    leg_level = np.where(left < right, look.mark, look.body)
    return Paint(
        coverage=np.clip(0.5 - np.minimum(back, np.minimum(left, right)), 0, 1),
        level=np.where(back < 0.5, level, leg_level),
    )


def draw(crawler: Crawler, picture: Array) -> None:
    """Draw a crawler onto a picture (height, width) of gray levels, in place."""
    height, width = picture.shape
    low = np.floor(crawler.points.min(axis=0) - _REACH).astype(int).clip(0, (width, height))
    high = np.ceil(crawler.points.max(axis=0) + _REACH).astype(int).clip(0, (width, height))
    x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    painted = paint(crawler, np.stack([x, y], axis=-1).astype(float))
    window = picture[low[1] : high[1], low[0] : high[0]]
    window += painted.coverage * (painted.level - window)


def _spots(crawler: Crawler) -> list[tuple[Array, float]]:
    """Eyes beside the head, spots on thorax and tip of the tail: (center, radius) px."""
    spine, size = crawler.spine, crawler.size
    forward = spine[AXIAL_NODES[NOSE]] - spine[AXIAL_NODES[HEAD]]
    aside = np.array([-forward[1], forward[0]]) / np.linalg.norm(forward) * 3.6 * size
    head = spine[AXIAL_NODES[HEAD]]
    return [
        (head - aside, 1.7 * size),
        (head + aside, 1.7 * size),
        (spine[AXIAL_NODES[THORAX]], 2.6 * size),
        (spine[AXIAL_NODES[TAIL]], 2.2 * size),
    ]


def _distance_to_leg(at: Array, crawler: Crawler, foot: Array) -> Array:
    """Signed distance px to a rod from the thorax to the foot, which is a small disc."""
    rod = np.array([crawler.spine[AXIAL_NODES[THORAX]], foot])
    to_rod, _ = _distance_to_chain(at, rod, np.full(2, _LEG_RADIUS * crawler.size))
    to_foot = np.linalg.norm(at - foot, axis=-1) - _FOOT_RADIUS * crawler.size
    return np.minimum(to_rod, to_foot)


def _distance_to_chain(at: Array, chain: Array, radii: Array) -> tuple[Array, Array]:
    """Signed distance px to a chain of discs (negative inside), and where along it, in links."""
    start, link = chain[:-1], np.diff(chain, axis=0)  # (n_links, 2)
    x = at[..., 0, None] - start[:, 0]  # (..., n_links)
    y = at[..., 1, None] - start[:, 1]
    share = np.clip((x * link[:, 0] + y * link[:, 1]) / (link**2).sum(-1), 0, 1)
    x -= share * link[:, 0]
    y -= share * link[:, 1]
    distance = np.sqrt(x * x + y * y) - (radii[:-1] + share * np.diff(radii))
    nearest = distance.argmin(axis=-1)[..., None]
    return (
        np.take_along_axis(distance, nearest, -1)[..., 0],
        np.take_along_axis(share, nearest, -1)[..., 0] + nearest[..., 0],
    )
