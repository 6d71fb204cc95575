"""Pictures without a ground of their own: they stand on light and on dark pages."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

INK = "#7f868e"  # of titles and axes; the least contrast on both grounds is 3.7
STYLE = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor"), INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), INK),
}


def use_style() -> None:
    matplotlib.use("agg")
    matplotlib.rcParams.update(STYLE)


def save(figure: Figure, path: Path, shades: int) -> None:
    """Write a figure in a few shades, which make a small file."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    few = picture.quantize(shades, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
