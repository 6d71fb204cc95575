"""The pictures of the pages are those that their scripts draw."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SAME_SHARE = 0.97  # of the pixels: other versions of fonts and of what draws lines differ a little
SAME_LEVELS = 16  # of 256


def grays(path):
    """Of a picture on a white page."""
    picture = Image.open(path).convert("RGBA")
    page = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(page, picture).convert("L"), int)


@pytest.mark.export
def test_pictures_of_the_tracking_page_are_what_the_script_draws(export_cache, tmp_path):
    pytest.importorskip("matplotlib")
    script = runpy.run_path(str(ROOT / "docs/building/tracking_pictures.py"))
    script["main"](tmp_path)
    drawn = sorted(path.name for path in tmp_path.iterdir())
    kept = ROOT / "docs/images/tracking"
    assert drawn == sorted(path.name for path in kept.iterdir())
    for name in drawn:
        new, old = (grays(at / name) for at in (tmp_path, kept))
        assert new.shape == old.shape, name
        assert (np.abs(new - old) <= SAME_LEVELS).mean() > SAME_SHARE, name


@pytest.mark.export
def test_pictures_of_the_report_can_be_taken_again(export_cache, tmp_path):
    """Fonts differ from machine to machine, so that only what there is to see is compared."""
    pytest.importorskip("matplotlib")
    script = runpy.run_path(str(ROOT / "docs/building/report_pictures.py"))
    if script["browser"]() is None:
        pytest.skip("no browser is installed")
    script["main"](tmp_path)
    kept = ROOT / "docs/images/report"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in kept.iterdir()
    )
    for taken in tmp_path.iterdir():
        new, old = (Image.open(path).convert("RGB") for path in (taken, kept / taken.name))
        assert new.width == old.width
        assert new.height == pytest.approx(old.height, rel=0.1)
        assert len(new.getcolors()) > 20


@pytest.mark.parametrize("folder", ["kinds", "tracking"])
def test_pictures_stand_on_dark_pages_too(folder):
    """Their ground, as in the corners, is that of the page."""
    for path in sorted((ROOT / "docs/images" / folder).iterdir()):
        alpha = np.asarray(Image.open(path).convert("RGBA"))[..., 3]
        assert not alpha[[0, 0, -1, -1], [0, -1, 0, -1]].any(), path.name
