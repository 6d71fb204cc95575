"""Draws the animals of a frame on its image, with sleap-io's renderer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.arrays import AnyFloats, Image
from sleap_rt.errors import DataError
from sleap_rt.libraries.matplotlib import silence_notes
from sleap_rt.rendering.look import Look

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_GRAYS, _N_GRAYS = "gray", 256  # a palette, from black to white
_PALE = 235  # of it, for animals without a track
_SEAM_ALPHA = 0.6
_TEXT_HEIGHT = 1 / 36  # of the picture's longer side
_LEAST_TEXT = 11  # px

Box = tuple[int, int, int, int]
"""(x1, y1, x2, y2) px: left and top are in it, right and bottom are not."""


@dataclass(frozen=True, eq=False)
class Animal:
    """What is drawn of an animal.

    Attributes:
        points: (n_nodes, 2) px of the frame, NaN where missing; a whole number is the middle of a
            pixel.
        edges: pairs of nodes.
        color: number of its colour, where these go by track or instance; None without a track.
        name: of its track.
    """

    points: AnyFloats
    edges: tuple[tuple[int, int], ...] = ()
    color: int | None = None
    name: str | None = None


def check_renderer() -> None:
    """Find out that the renderer can be loaded, ahead of the work.

    Raises:
        DataError: it cannot, and what is missing.
    """
    silence_notes()
    try:
        import colorcet  # noqa: F401  # imports matplotlib where that is installed
        import skia  # noqa: F401
    except ImportError as error:
        raise DataError(
            f"skia-python, which draws, cannot be loaded: {error}. It comes with sleap-io (else "
            "`pip install skia-python colorcet`), and on Linux needs OpenGL's libraries (`apt-get "
            "install libegl1 libgl1`)."
        ) from error


def drawn(
    image: Image,
    animals: Sequence[Animal],
    look: Look,
    *,
    crop: Box | None = None,
    scale: float = 1,
) -> Image:
    """A frame with its animals.

    Args:
        image: (height, width, 1 or 3) uint8, gray or RGB.
        animals: to draw, the last on top.
        look: how.
        crop: the part of the frame to show; None shows all.
        scale: size of a pixel of the frame, px of the picture.

    Returns:
        (height, width, 3) uint8 RGB, of the crop's size times `scale`.
    """
    left, top, right, bottom = crop or (0, 0, image.shape[1], image.shape[0])
    picture = _enlarged(_rgb(image[top:bottom, left:right]), scale)
    # Renderers count from a pixel's corner, labels from its middle.
    corner = np.array([left, top]) - 0.5
    for group in _groups(animals):
        picture = _with_poses(picture, group, look, corner, scale)
    return _with_names(picture, animals, corner, look, scale) if look.names else picture


def _rgb(image: Image) -> Image:
    return np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))


def _enlarged(image: Image, scale: float) -> Image:
    if scale == 1:
        return image
    from PIL import Image as Pillow

    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    way = Pillow.Resampling.BICUBIC if scale > 1 else Pillow.Resampling.BOX
    return np.asarray(Pillow.fromarray(image).resize((size[0], size[1]), way))


def _groups(animals: Sequence[Animal]) -> Iterator[list[Animal]]:
    """Animals that one call draws: of one skeleton, all with a colour or all without."""
    for _, group in groupby(animals, lambda one: (one.edges, len(one.points), one.color is None)):
        yield list(group)


def _with_poses(
    picture: Image, animals: Sequence[Animal], look: Look, corner: AnyFloats, scale: float
) -> Image:
    """Edges and nodes on a dark seam, so that they are seen on any ground."""
    points = [(one.points - corner) * scale for one in animals]
    width, radius, seam = (px * scale for px in (look.line_width, look.node_radius, look.seam))
    dark = _Paint(
        _GRAYS, _N_GRAYS, [0] * len(animals), width + 2 * seam, radius + seam, _SEAM_ALPHA
    )
    paint = _Paint(look.palette, look.n_colors, [one.color or 0 for one in animals], width, radius)
    if look.color_by == "node":
        paint = replace(paint, colors=None)
    elif animals[0].color is None:
        paint = replace(paint, palette=_GRAYS, n_colors=_N_GRAYS, colors=[_PALE] * len(animals))
    for one in (dark, paint):
        picture = _painted(picture, points, animals[0].edges, one)
    return picture


@dataclass(frozen=True)
class _Paint:
    """One coat: a palette, its length, each animal's colour in it (None: one per node), px."""

    palette: str
    n_colors: int
    colors: list[int] | None
    width: float
    radius: float
    alpha: float = 1.0


def _painted(
    picture: Image, points: Sequence[AnyFloats], edges: tuple[tuple[int, int], ...], paint: _Paint
) -> Image:
    from sleap_io.rendering.core import render_frame

    return np.asarray(
        render_frame(
            picture,
            list(points),
            list(edges),
            [str(number) for number in range(len(points[0]))],
            color_by="node" if paint.colors is None else "track",
            palette=paint.palette,
            track_indices=paint.colors,
            n_tracks=paint.n_colors,
            line_width=paint.width,
            marker_size=paint.radius,
            alpha=paint.alpha,
        )
    )


def _with_names(
    picture: Image, animals: Sequence[Animal], corner: AnyFloats, look: Look, scale: float
) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageDraw
    from sleap_io.rendering import get_palette

    canvas = Pillow.fromarray(picture)
    pen = ImageDraw.Draw(canvas)
    colors = get_palette(look.palette, max(look.n_colors, 1))
    for one in animals:
        seen = one.points[np.isfinite(one.points).all(axis=1)]
        if one.name is not None and one.color is not None and len(seen):
            place = (seen - corner).min(axis=0) * scale - 2 * look.line_width * scale
            _write(pen, one.name, place, colors[one.color % len(colors)], max(picture.shape[:2]))
    return np.asarray(canvas)


def _write(
    pen: "ImageDraw", text: str, place: AnyFloats, color: tuple[int, int, int], side: int
) -> None:
    """Text above and to the right of a place, outlined, so that it is read on any ground."""
    from PIL import ImageFont

    font = ImageFont.load_default(max(_LEAST_TEXT, side * _TEXT_HEIGHT))
    _, _, width, height = pen.textbbox((0, 0), text, font)
    x = np.clip(place[0], 2, max(2, side - width - 2))
    y = max(place[1] - height, 1)
    pen.text((float(x), float(y)), text, color, font, stroke_width=2, stroke_fill=(0, 0, 0))
