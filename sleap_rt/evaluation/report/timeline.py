"""The track timeline: for each animal, which predicted track it was matched with, and when."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sleap_rt.arrays import Ints
from sleap_rt.evaluation.identity.evaluation import VideoIdentities
from sleap_rt.evaluation.report.plots import Draw
from sleap_rt.evaluation.report.theme import FAINT, FOREGROUND, SERIES, series_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_ANIMALS = 20  # rows drawn, those of the animals present longest
OTHER_TRACK = "#8a8f98"  # tracks beyond the ones that have a colour
_MANY_BARS = 3000  # from here on bars are stored as an image, which stays small


@dataclass(frozen=True)
class Timeline:
    """The drawing of a timeline, and its legend.

    Attributes:
        draw: puts it on axes.
        size: (width, height) in inches.
        tracks: (name, colour) of the tracks that have a colour of their own.
        n_other: further tracks, all in one colour.
        n_animals_left_out: true tracks that are not drawn.
    """

    draw: Draw
    size: tuple[float, float]
    tracks: list[tuple[str, str]]
    n_other: int
    n_animals_left_out: int


def timeline(video: VideoIdentities) -> Timeline:
    """The timeline of one video."""
    sequence, matches = video.sequence, video.matches
    present = sequence.gt_counts()
    animals = np.sort(np.argsort(-present, kind="stable")[:MAX_ANIMALS])
    used = np.bincount(matches.pr_ids, minlength=len(sequence.pr_names))
    ranked = [track for track in np.argsort(-used, kind="stable").tolist() if used[track]]
    own = sorted(ranked[: len(SERIES)])  # in track order: a track keeps its colour between reports
    coloured = {track: series_colour(place) for place, track in enumerate(own)}
    rows = {int(animal): row for row, animal in enumerate(animals)}

    def draw(axes: "Axes") -> None:
        _draw_presence(axes, video, rows)
        _draw_matches(axes, video, rows, coloured)
        _draw_switches(axes, video, rows)
        axes.set_yticks(range(len(rows)), [sequence.gt_names[animal] for animal in animals])
        axes.set(xlabel="frame", ylim=(len(rows) - 0.4, -0.6))
        axes.set_xlim(sequence.frame_idxs[0] - 1, sequence.frame_idxs[-1] + 1)
        axes.grid(visible=False, axis="y")

    return Timeline(
        draw=draw,
        size=(8.8, 1.1 + 0.34 * len(rows)),
        tracks=[(sequence.pr_names[track], colour) for track, colour in coloured.items()],
        n_other=len(ranked) - len(coloured),
        n_animals_left_out=len(present) - len(animals),
    )


def runs(places: Ints, values: Ints) -> list[tuple[int, int, int]]:
    """(first, last, value) of each stretch of consecutive `places` with one value.

    Args:
        places: (n,) ascending.
        values: (n,)
    """
    if not len(places):
        return []
    breaks = np.flatnonzero((np.diff(places) != 1) | (np.diff(values) != 0)) + 1
    firsts, lasts = np.append(0, breaks), np.append(breaks, len(places)) - 1
    return [
        (int(places[a]), int(places[b]), int(values[a])) for a, b in zip(firsts, lasts, strict=True)
    ]


def _draw_presence(axes: "Axes", video: VideoIdentities, rows: dict[int, int]) -> None:
    """A thin line where the animal is there; it stays visible where nothing was matched."""
    sequence = video.sequence
    ids = np.concatenate([np.zeros(0, np.int64), *sequence.gt_ids])
    places = np.repeat(np.arange(len(sequence)), [len(frame) for frame in sequence.gt_ids])
    for animal, row in rows.items():
        there = places[ids == animal]
        bars = [_span(video, first, last) for first, last, _ in runs(there, np.zeros_like(there))]
        axes.broken_barh(bars, (row - 0.04, 0.08), color=FAINT, linewidth=0)


def _draw_matches(
    axes: "Axes", video: VideoIdentities, rows: dict[int, int], coloured: dict[int, str]
) -> None:
    matches = video.matches
    for animal, row in rows.items():
        own = matches.gt_ids == animal
        stretches = runs(matches.frames[own], matches.pr_ids[own])
        axes.broken_barh(
            [_span(video, first, last) for first, last, _ in stretches],
            (row - 0.3, 0.6),
            facecolors=[coloured.get(track, OTHER_TRACK) for _, _, track in stretches],
            linewidth=0,
            rasterized=len(stretches) > _MANY_BARS,
        )


def _draw_switches(axes: "Axes", video: VideoIdentities, rows: dict[int, int]) -> None:
    names = video.sequence.gt_names
    shown = [
        (s.frame_idx, rows[names.index(s.animal)])
        for s in video.switches
        if names.index(s.animal) in rows
    ]
    if shown:
        x, y = zip(*shown, strict=True)
        axes.scatter(
            x,
            np.array(y) - 0.42,
            marker="v",
            s=14,
            color=FOREGROUND,
            linewidths=0,
            rasterized=len(shown) > _MANY_BARS,
        )


def _span(video: VideoIdentities, first: int, last: int) -> tuple[float, float]:
    """(start, width) in frames of the frames from place `first` to `last`."""
    frame_idxs = video.sequence.frame_idxs
    return float(frame_idxs[first]), float(frame_idxs[last] - frame_idxs[first] + 1)
