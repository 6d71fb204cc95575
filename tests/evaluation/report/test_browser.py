"""The report in a real headless browser: light, dark, phone width, on paper."""

import json
import re
import shutil
import subprocess
from html import unescape

import cv2
import numpy as np
import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
DESK, PHONE = 1100, 375  # px wide
LIGHT, DARK = 1, 0

# Runs in a page around the report and writes what it finds into the page itself.
PROBE = """<!doctype html><body style="margin:0">
<iframe id="report" style="border:0;width:WIDTHpx;height:900px"></iframe><pre id="found"></pre>
<script>
const errors = [];
addEventListener("error", event => errors.push(String(event.message)));
const frame = document.getElementById("report");
frame.onload = async () => {
  const inside = frame.contentDocument;
  const images = [...inside.querySelectorAll("image")].map(image => image.href.baseVal);
  const loaded = await Promise.all(images.map(source => new Promise(done => {
    const image = new Image();
    image.onload = () => done(image.naturalWidth > 0);
    image.onerror = () => done(false);
    image.src = source;
  })));
  const box = element => element.getBoundingClientRect();
  document.getElementById("found").textContent = JSON.stringify({
    errors,
    title: inside.title,
    images: loaded,
    drawings: [...inside.querySelectorAll("svg")].map(svg => [box(svg).width, box(svg).height]),
    width: inside.documentElement.clientWidth,
    content: inside.documentElement.scrollWidth,
    smallest: Math.min(...[...inside.querySelectorAll("figure:not(.timeline) svg text")]
      .map(text => box(text).height)),
  });
};
frame.srcdoc = REPORT;
</script>"""


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Run the browser with arguments; returns (stdout, stderr)."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser is installed (looked for {', '.join(BROWSERS)})")

    def run(*args):
        profile = tmp_path_factory.mktemp("profile")
        result = subprocess.run(
            [program, *FLAGS, f"--user-data-dir={profile}", *args],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return result.stdout, result.stderr

    return run


@pytest.fixture(scope="session")
def probe(browser, tmp_path_factory):
    """Load a report in a frame of the given width; returns what the page around it found."""

    def load(path, width):
        page = tmp_path_factory.mktemp("probe") / "probe.html"
        report = json.dumps(path.read_text(encoding="utf8")).replace("</script", "<\\/script")
        page.write_text(PROBE.replace("WIDTH", str(width)).replace("REPORT", report), "utf8")
        out, err = browser(
            "--enable-logging=stderr",
            "--virtual-time-budget=10000",
            f"--window-size={DESK},1000",
            "--dump-dom",
            f"file://{page}",
        )
        found = json.loads(unescape(re.search(r'<pre id="found">(.*?)</pre>', out, re.DOTALL)[1]))
        return found, [line for line in err.splitlines() if "CONSOLE" in line]

    return load


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_renders_without_errors(probe, two, width):
    run, path = two
    found, console = probe(path, width)
    assert console == []
    assert found["errors"] == []
    assert run.evaluations[0].name in found["title"]
    assert len(found["images"]) >= 8
    assert all(found["images"])
    assert len(found["drawings"]) >= 12
    assert all(w > 100 and h > 40 for w, h in found["drawings"])
    assert found["content"] <= found["width"]  # nothing makes the page scroll sideways
    assert found["smallest"] >= 8  # px: letters in plots stay readable


def screenshot(browser, path, out, scheme, width=DESK):
    browser(
        f"--blink-settings=preferredColorScheme={scheme}",
        f"--window-size={width},3000",
        f"--screenshot={out}",
        f"file://{path}",
    )
    return cv2.imread(str(out))


def test_screenshots_in_light_and_dark(browser, two, tmp_path):
    _, path = two
    light = screenshot(browser, path, tmp_path / "light.png", LIGHT)
    dark = screenshot(browser, path, tmp_path / "dark.png", DARK)
    for image in (light, dark):
        assert image.shape == (3000, DESK, 3)
        assert len(np.unique(image[::4, ::4].reshape(-1, 3), axis=0)) > 200  # not a blank page
    assert tuple(light[5, 5]) == (255, 255, 255)
    assert tuple(dark[5, 5]) == (0x1E, 0x18, 0x15)  # blue, green, red
    # Both show the same, so that nearly everything but the images differs.
    assert np.median(light) > 230
    assert np.median(dark) < 40


def test_the_page_can_be_printed(browser, one, tmp_path):
    _, path = one
    out = tmp_path / "report.pdf"
    browser(
        f"--blink-settings=preferredColorScheme={DARK}",
        "--no-pdf-header-footer",
        f"--print-to-pdf={out}",
        f"file://{path}",
    )
    data = out.read_bytes()
    assert data.startswith(b"%PDF-")
    n_pages = len(re.findall(rb"/Type\s*/Page\b", data))
    assert 2 <= n_pages <= 5
