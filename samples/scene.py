"""Scenes of crawlers: clips in which they walk, cross and cover each other, and single stills.

Everything follows from a seed. Two things come out of a scene: its picture, and the exact place of
every node with a word on whether it can be seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter, gaussian_filter1d, zoom

from samples.crawlers import (
    AXIAL_NODES,
    LOOKS,
    SPINE_LENGTH,
    SPINE_RADII,
    SPINE_STEP,
    THORAX,
    Array,
    Crawler,
    Look,
    crawler_on_spine,
    draw,
    paint,
)

_KEY_FRAMES = 24  # frames between two way points
_MARGIN = 44.0  # px that way points keep from the border
_STRIDE = 20.0  # px that a crawler walks in one cycle of its legs


@dataclass(frozen=True)
class Scene:
    """Crawlers on a ground at one moment.

    Attributes:
        names: identity of each animal, a key of `LOOKS`.
        crawlers: the animals; a later one lies over an earlier one.
        background: (height, width) gray levels.
    """

    names: tuple[str, ...]
    crawlers: tuple[Crawler, ...]
    background: Array

    def picture(self) -> NDArray[np.uint8]:
        """(height, width) uint8."""
        canvas = self.background.copy()
        for crawler in self.crawlers:
            draw(crawler, canvas)
        return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)

    def points(self) -> Array:
        """(n_animals, n_nodes, 2), (x, y) px, also of nodes that cannot be seen."""
        return np.array([crawler.points for crawler in self.crawlers])

    def visible(self) -> NDArray[np.bool_]:
        """(n_animals, n_nodes): inside the picture and under no other animal."""
        points = self.points()
        limit = np.array(self.background.shape[::-1]) - 1
        seen = np.asarray(((points >= 0) & (points <= limit)).all(axis=-1))
        for below in range(len(self.crawlers)):
            for above in self.crawlers[below + 1 :]:
                seen[below] &= paint(above, points[below]).coverage < 0.5
        return seen


def clip(
    *, seed: int, n_frames: int, height: int, width: int, names: Sequence[str] = tuple(LOOKS)
) -> list[Scene]:
    """A clip in which every pair of animals meets, one pair after the other, again and again.

    Args:
        seed: decides the ground, the paths, and who walks over whom.
        n_frames: length of the clip.
        height: px.
        width: px.
        names: the animals, keys of `LOOKS`.
    """
    rng = np.random.default_rng(seed)
    background = ground(rng, height=height, width=width)
    paths = _paths(rng, len(names), n_frames=n_frames, height=height, width=width)
    order = rng.permutation(len(names))
    sizes = rng.uniform(0.94, 1.06, len(names))
    scenes = []
    for frame in range(n_frames):
        animals = [
            _walker(paths[i], frame, look=LOOKS[names[i]], size=sizes[i]) for i in order.tolist()
        ]
        scenes.append(Scene(tuple(names[i] for i in order), tuple(animals), background))
    return scenes


def still(
    rng: np.random.Generator, *, height: int, width: int, names: Sequence[str] = tuple(LOOKS)
) -> Scene:
    """Animals in random poses, often close together, now and then reaching out of the picture."""
    background = ground(rng, height=height, width=width)
    middle = rng.uniform((0.2 * width, 0.2 * height), (0.8 * width, 0.8 * height))
    crowded = rng.random() < 0.5
    animals = []
    for name in names:
        place = middle + rng.normal(0, 28, 2) if crowded else rng.uniform((8, 8), (width, height))
        place = np.clip(place, (8, 8), (width - 8, height - 8))
        animals.append(_random_crawler(rng, place, _vary(rng, LOOKS[name])))
    order = rng.permutation(len(names))
    background = background * rng.uniform(0.9, 1.1)
    return Scene(
        tuple(names[i] for i in order), tuple(animals[i] for i in order.tolist()), background
    )


def ground(rng: np.random.Generator, *, height: int, width: int) -> Array:
    """(height, width) gray levels: cloudy soil with grains and pebbles."""
    picture = np.full((height, width), 128.0)
    picture += _noise(rng, height, width, blur=1.0, contrast=6)
    picture += _noise(rng, height, width, blur=4.0, contrast=7)
    # The broad clouds are drawn small and enlarged: a wide blur is slow.
    clouds = _noise(rng, height // 8 + 2, width // 8 + 2, blur=2.0, contrast=8)
    picture += zoom(clouds, 8, order=1)[:height, :width]
    for _ in range(rng.integers(10, 25)):
        x, y, radius = rng.uniform((7, 7, 1.5), (width - 7, height - 7, 4.5))
        rows, columns = np.mgrid[int(y) - 6 : int(y) + 7, int(x) - 6 : int(x) + 7]
        inside = np.clip(radius + 0.5 - np.hypot(columns - x, rows - y), 0, 1)
        window = picture[int(y) - 6 : int(y) + 7, int(x) - 6 : int(x) + 7]
        window += inside * (rng.uniform(70, 190) - window)
    return gaussian_filter(picture, 0.6)


def _noise(
    rng: np.random.Generator, height: int, width: int, *, blur: float, contrast: float
) -> Array:
    noise = gaussian_filter(rng.normal(size=(height, width)), blur, mode="wrap")
    return contrast * noise / noise.std()


def _vary(rng: np.random.Generator, look: Look) -> Look:
    shift = rng.uniform(-12, 12)
    return Look(body=look.body + shift, mark=look.mark + shift, bands=look.bands + shift)


def _random_crawler(rng: np.random.Generator, place: Array, look: Look) -> Crawler:
    size = rng.uniform(0.9, 1.1)
    bend, twist = rng.normal(0, 0.015), rng.normal(0, 0.0006)  # radians per px, and its change
    distance = size * SPINE_STEP * (np.arange(len(SPINE_RADII)) - AXIAL_NODES[THORAX])
    heading = rng.uniform(0, 2 * np.pi) + bend * distance + twist * distance**2
    steps = size * SPINE_STEP * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    spine = np.cumsum(steps, axis=0)
    spine += place - spine[AXIAL_NODES[THORAX]]
    return crawler_on_spine(spine, gait=rng.uniform(0, 2 * np.pi), look=look, size=size)


@dataclass(frozen=True)
class _Path:
    """Where a nose goes: points at equal times, and the way walked up to each."""

    points: Array  # (n_samples, 2), (x, y) px
    walked: Array  # (n_samples,) px
    first_frame: float
    samples_per_frame: int

    def at_distance(self, distance: Array) -> Array:
        return np.stack([np.interp(distance, self.walked, self.points[:, i]) for i in (0, 1)], -1)

    def walked_at(self, frame: float) -> float:
        sample = (frame - self.first_frame) * self.samples_per_frame
        return float(np.interp(sample, np.arange(len(self.walked)), self.walked))


def _walker(path: _Path, frame: int, *, look: Look, size: float) -> Crawler:
    """The body follows the nose along its path and swings a little towards the tail."""
    back = size * SPINE_STEP * np.arange(len(SPINE_RADII))
    walked = path.walked_at(frame)
    spine = path.at_distance(walked - back)
    along = np.gradient(spine, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], -1) / np.linalg.norm(along, axis=1)[:, None]
    swing = 3.0 * (back / SPINE_LENGTH) * np.sin(2 * np.pi * (walked - back) / 70)
    spine = spine + swing[:, None] * across
    return crawler_on_spine(spine, gait=2 * np.pi * walked / _STRIDE, look=look, size=size)


def _paths(
    rng: np.random.Generator, n_animals: int, *, n_frames: int, height: int, width: int
) -> list[_Path]:
    n_before = 3  # way points ahead of the first frame: the body lies on the path behind the nose
    n_keys = n_before + -(-n_frames // _KEY_FRAMES) + 2
    keys = _way_points(rng, n_animals, n_keys, height=height, width=width)
    samples_per_frame = 4
    times = np.arange(n_keys) * _KEY_FRAMES
    fine = np.arange(0, times[-1], 1 / samples_per_frame)
    paths = []
    for points in keys:
        way = CubicSpline(times, points)(fine)
        way = gaussian_filter1d(way, 6 * samples_per_frame, axis=0, mode="nearest")
        steps = np.linalg.norm(np.diff(way, axis=0), axis=1)
        paths.append(
            _Path(
                points=way,
                walked=np.concatenate([[0.0], np.cumsum(steps)]),
                first_frame=-float(n_before * _KEY_FRAMES),
                samples_per_frame=samples_per_frame,
            )
        )
    return paths


def _way_points(
    rng: np.random.Generator, n_animals: int, n_keys: int, *, height: int, width: int
) -> Array:
    """(n_animals, n_keys, 2), (x, y) px; at every third one two animals meet."""
    low, high = np.array([_MARGIN, _MARGIN]), np.array([width, height]) - _MARGIN
    pairs = [(i, j) for i in range(n_animals) for j in range(i)]
    keys = np.full((n_animals, n_keys, 2), np.nan)
    for k in range(n_keys):
        meeting = pairs[(k // 3) % len(pairs)] if pairs and k % 3 == 2 else None
        for i in range(n_animals):
            if meeting is not None and i == meeting[0]:
                continue  # decided below: it comes to the other one
            others = [keys[j, k] for j in range(i) if not np.isnan(keys[j, k]).any()]
            keys[i, k] = _next_way_point(rng, keys[i, :k], others, low, high)
        if meeting is not None:
            comes, stays = meeting
            keys[comes, k] = np.clip(keys[stays, k] + rng.normal(0, 8, 2), low, high)
    return keys


def _next_way_point(
    rng: np.random.Generator, before: Array, others: Sequence[Array], low: Array, high: Array
) -> Array:
    """The best of some random places: a fair walk away, no sharp turn, off the other animals."""
    candidates = rng.uniform(low, high, (96, 2))
    cost = np.zeros(len(candidates))
    if len(before):
        walk = np.linalg.norm(candidates - before[-1], axis=1)
        cost += np.abs(walk - 60) / 15
    if len(before) > 1:
        old, new = before[-1] - before[-2], candidates - before[-1]
        cosine = new @ old / (np.linalg.norm(new, axis=1) * np.linalg.norm(old) + 1e-9)
        cost += 4 * np.maximum(0.5 - cosine, 0)
    for other in others:
        cost += np.maximum(80 - np.linalg.norm(candidates - other, axis=1), 0) / 20
    return np.asarray(candidates[cost.argmin()])
