"""Photographs the report of `eval` on the sample clip, in a headless browser.

    python docs/building/report_pictures.py docs/images/report

Each picture shows some of the report's sections. Left out are the lines that differ from run to
run: the day, and where files lie on this machine.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from sleap_rt import run_inference
from sleap_rt.evaluation import EvalOptions, IdentityOptions, run_eval

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PICTURES = {  # name -> headings of the sections; "" is what stands above the first one
    "head": ("",),
    "errors": ("How large the errors are", "Which nodes"),
    "tracks": ("Track timeline",),
}
WIDTH, HEIGHT = 1100, 1400  # px of the window; what is empty below is cut off
MARGIN = 12  # px
SHADES = 96  # fewer make a smaller file
PASSING = re.compile(r'<p class="soft">(?:Ground truth|Predictions|Model|Evaluated on)\b.*?</p>')


def main(folder: Path) -> None:
    program = browser()
    if program is None:
        sys.exit(f"no browser is installed (looked for {', '.join(BROWSERS)})")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        page = report(Path(scratch))
        for name, headings in PICTURES.items():
            part = Path(scratch) / f"{name}.html"
            part.write_text(only(page, headings), encoding="utf8")
            photograph(program, part, folder / f"{name}.png")


def browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def report(scratch: Path) -> str:
    found = scratch / "crawlers.slp"
    run_inference(
        SAMPLES / "crawlers.mp4",
        model_paths=[SAMPLES / "models/bottomup"],
        tracking=True,
        engine="ort",
        output_path=found,
        progress=False,
    )
    written = scratch / "report.html"
    run_eval(
        EvalOptions(
            ground_truth_path=SAMPLES / "crawlers.slp",
            predicted_paths=(found,),
            identities=IdentityOptions(),
            report=written,
        )
    )
    return PASSING.sub("", written.read_text(encoding="utf8"))


def only(page: str, headings: tuple[str, ...]) -> str:
    """The page with these sections alone."""
    start, end = page.index("<body>") + len("<body>"), page.index("</body>")
    first, *sections = re.split(r"(?=<h2>)", page[start:end])
    by_heading = {re.match(r"<h2>(.*?)</h2>", one)[1]: one for one in sections} | {"": first}
    return page[:start] + "".join(by_heading[heading] for heading in headings) + page[end:]


def photograph(program: str, page: Path, picture: Path) -> None:
    subprocess.run(
        [
            *(program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--hide-scrollbars", "--disable-background-networking", "--disable-sync"),
            f"--user-data-dir={page.parent / 'profile'}",
            "--blink-settings=preferredColorScheme=1",  # light
            f"--window-size={WIDTH},{HEIGHT}",
            f"--screenshot={picture}",
            f"file://{page}",
        ],
        capture_output=True,
        check=True,
    )
    image = Image.open(picture).convert("RGB")
    rows = np.flatnonzero((np.asarray(image) < 250).any(axis=(1, 2)))  # not white
    image = image.crop((0, 0, WIDTH, min(HEIGHT, int(rows.max()) + MARGIN)))
    image.quantize(SHADES, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
