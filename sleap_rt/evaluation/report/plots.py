"""The plots of the report, as SVG that follows the page's light or dark theme."""

import io
import re
import zlib
from collections.abc import Callable, Sequence
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from sleap_rt.arrays import Doubles
from sleap_rt.errors import OptionError
from sleap_rt.evaluation.report.theme import FAINT, FOREGROUND, THEMED, series_colour
from sleap_rt.libraries.matplotlib import silence_notes
from sleap_rt.words import readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Draw = Callable[["Axes"], None]

SMALL = (4.2, 2.7)  # inches: two side by side on a desk, one below the other on a phone
_OKS_BINS = np.linspace(0, 1, 21)
_N_ERROR_BINS = 30
_DASHES = ("-", "--", ":", "-.")  # of files by their index: seen where lines cover each other
_EXACT_PX = 1.0  # end of a scale of errors when there are none


def require_matplotlib() -> None:
    """Raises OptionError: a report was asked for, but matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise OptionError(
            "--report draws its plots with matplotlib, which is not installed. "
            "Install it (`pip install 'sleap-rt[report]'`), or leave --report out."
        )
    silence_notes()


def svg(draw: Draw, name: str, size: tuple[float, float] = SMALL) -> str:
    """Draw on fresh axes; returns an `<svg>` element that scales to its container.

    Args:
        draw: puts the content on the axes.
        name: what the picture shows, for readers who cannot see it; unique on the page.
        size: (width, height) in inches.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(_RC | {"svg.hashsalt": readable(name)}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _embedded(buffer.getvalue(), name)


_RC = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.parse_math": False,  # file names may contain a dollar sign
    "text.color": FOREGROUND,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": FOREGROUND,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": FOREGROUND,
    "ytick.labelcolor": FOREGROUND,
    "lines.linewidth": 1.8,
}


def _embedded(document: str, name: str) -> str:
    """The `<svg>` element of `document`, themed, without fixed size, its ids unique on the page."""
    element = document[document.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', element))
    prefix = f"p{zlib.crc32(name.encode()):08x}-"
    element = re.sub(
        r' id="([^"]*)"',
        lambda found: f' id="{prefix}{found[1]}"' if found[1] in used else "",
        element,
    )
    element = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}", element)
    for plain, themed in THEMED.items():
        element = element.replace(plain, themed)
    head, rest = element.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{escape(name)}">{rest}'


def _line(index: int) -> dict[str, Any]:
    """How the prediction file at `index` is drawn."""
    return {"color": series_colour(index), "linestyle": _DASHES[index % len(_DASHES)]}


def oks_histogram(values: Sequence[Doubles]) -> Draw:
    """Share of matched pairs per OKS bin, one line per prediction file."""

    def draw(axes: "Axes") -> None:
        for index, oks in enumerate(values):
            counts, _ = np.histogram(oks, _OKS_BINS)
            share = counts / max(1, len(oks))
            axes.stairs(share, _OKS_BINS, linewidth=1.8, **_line(index))
        axes.set(xlabel="OKS", ylabel="share of matched pairs", xlim=(0, 1))
        axes.set_ylim(bottom=0)

    return draw


def error_histogram(distances: Sequence[Doubles], longest: float) -> Draw:
    """Share of nodes per error bin up to `longest` px, one line per prediction file."""
    bins = np.linspace(0, longest or _EXACT_PX, _N_ERROR_BINS + 1)

    def draw(axes: "Axes") -> None:
        for index, one in enumerate(distances):
            finite = one[np.isfinite(one)]
            counts, _ = np.histogram(finite, bins)
            share = counts / max(1, finite.size)
            axes.stairs(share, bins, linewidth=1.8, **_line(index))
        axes.set(xlabel="error (px)", ylabel="share of nodes", xlim=(0, bins[-1]))
        axes.set_ylim(bottom=0)

    return draw


def pck_curves(thresholds: Doubles, curves: Sequence[Doubles | None]) -> Draw:
    """Share of nodes closer than each threshold; None for a prediction file that has none."""

    def draw(axes: "Axes") -> None:
        for index, curve in enumerate(curves):
            if curve is None:
                continue
            axes.plot(
                np.append(0, thresholds),
                np.append(0, curve),
                marker="o",
                markersize=3,
                **_line(index),
            )
        axes.set(xlabel="threshold (px)", ylabel="share of nodes closer", ylim=(0, 1.02))
        axes.set_xlim(0, thresholds[-1])

    return draw


def hota_curves(alphas: Doubles, curves: Sequence[Doubles]) -> Draw:
    """HOTA at each similarity threshold."""

    def draw(axes: "Axes") -> None:
        for index, curve in enumerate(curves):
            axes.plot(alphas, curve, marker="o", markersize=3, **_line(index))
        axes.set(xlabel="similarity threshold", ylabel="HOTA", xlim=(0, 1), ylim=(0, 1.02))

    return draw


def _outwards(pose: Doubles) -> Doubles:
    """(n_nodes, 2) unit vectors from the middle of the pose to its nodes: names have room there."""
    away = pose - np.nanmean(pose, axis=0)
    length = np.sqrt((away**2).sum(axis=-1, keepdims=True))
    outwards: Doubles = np.divide(away, length, out=np.zeros_like(away), where=length > 0)
    return outwards


def _write_names(axes: "Axes", pose: Doubles, node_names: Sequence[str]) -> None:
    for name, point, (dx, dy) in zip(node_names, pose, _outwards(pose), strict=True):
        if np.isfinite(point).all():
            axes.annotate(
                name,
                point,
                (6 * dx, -6 * dy),  # points; y grows upwards here, downwards in the frame
                textcoords="offset points",
                fontsize=9,
                ha="left" if dx > 0.3 else "right" if dx < -0.3 else "center",
                va="top" if dy > 0.3 else "bottom" if dy < -0.3 else "center",
            )


def skeleton_picture(
    pose: Doubles,
    edge_inds: Sequence[tuple[int, int]],
    node_names: Sequence[str],
    errors: Doubles,
    largest: float,
) -> Draw:
    """One pose, its nodes coloured by error.

    Args:
        pose: (n_nodes, 2) px, NaN where a node is missing.
        edge_inds: (source, destination) node indices.
        node_names: (n_nodes,)
        errors: (n_nodes,) px; NaN for a node that was never measured, drawn hollow.
        largest: px, the end of the colour scale.
    """

    def draw(axes: "Axes") -> None:
        for source, destination in edge_inds:
            ends = pose[[source, destination]]
            axes.plot(ends[:, 0], ends[:, 1], color=FAINT, linewidth=2, zorder=1)
        measured = np.isfinite(errors)
        dots = axes.scatter(
            pose[measured, 0],
            pose[measured, 1],
            c=errors[measured],
            cmap="viridis",
            vmin=0,
            vmax=largest or _EXACT_PX,
            s=42,
            edgecolors=FOREGROUND,
            linewidths=0.7,
            zorder=2,
        )
        hollow = pose[~measured]
        axes.scatter(
            hollow[:, 0], hollow[:, 1], facecolors="none", edgecolors=FOREGROUND, s=42, zorder=2
        )
        _write_names(axes, pose, node_names)
        axes.set_aspect("equal", adjustable="datalim")
        axes.invert_yaxis()
        axes.margins(0.2, 0.1)  # room for the names at the sides
        axes.axis("off")
        # Below: beside the animal, the bar would take the width that it needs.
        bar = axes.figure.colorbar(
            dots, ax=axes, orientation="horizontal", shrink=0.7, aspect=25, pad=0.02
        )
        bar.set_label("mean error (px)")
        bar.outline.set_visible(False)

    return draw
