"""Several pictures with captions on one sheet."""

from collections.abc import Sequence

import numpy as np

from sleap_rt.arrays import Image

_COLUMNS = 2
_GAP = 12  # px
_TEXT = 17  # px
_LINE = 26  # px, with the space around a line of text
_GROUND, _INK = (24, 27, 32), (236, 238, 242)


def contact_sheet(title: str, panels: Sequence[tuple[Image, str]]) -> Image:
    """Pictures two in a row, each with a line below, and a title above all.

    Args:
        title: one line.
        panels: (height, width, 3) uint8 RGB, and a caption, at least one.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFont

    heights, widths = np.array([picture.shape[:2] for picture, _ in panels]).T
    n_columns = min(_COLUMNS, len(panels))
    n_rows = -(-len(panels) // n_columns)
    cell_width, cell_height = int(widths.max()) + _GAP, int(heights.max()) + _LINE + _GAP
    size = (n_columns * cell_width + _GAP, n_rows * cell_height + _GAP + _LINE)
    sheet = Pillow.new("RGB", size, _GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TEXT)
    pen.text((_GAP, _GAP // 2), title, _INK, font)
    for place, (picture, caption) in enumerate(panels):
        row, column = divmod(place, n_columns)
        x, y = _GAP + column * cell_width, _GAP + _LINE + row * cell_height
        sheet.paste(Pillow.fromarray(picture), (x, y))
        pen.text((x, y + picture.shape[0] + 3), caption, _INK, font)
    return np.asarray(sheet)
