"""Frames per second of `sleap-nn page` in a browser, beside `track` on the same clip.

    make web
    python benchmarks/page.py VIDEO EXPORT [--rounds 3] [--browser chromium]

The page is served and driven in a browser without a window, in WebAssembly; each round opens it
anew, behind `track --engine ort`. Both count reading, predicting and grouping; the page also draws.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PROGRAM = [sys.executable, "-m", "sleap_rt"]


def page_rate(address: str, video: Path, browser: str, folder: Path) -> float:
    """Run the video on the page, and read the rate that it shows."""
    job = {"url": address, "files": [str(video.resolve())], "engine": "wasm"}
    asked = {
        "browser": shutil.which(browser),
        "arguments": ["--disable-gpu"],
        "downloads": str(folder),
    }
    (folder / "jobs.json").write_text(json.dumps(asked | {"jobs": [job]}), encoding="utf8")
    command = ["node", "tests/browser.js", str(folder / "jobs.json")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT / "web")
    (said,) = json.loads(done.stdout)
    print(f"  page:  {said['engine'].partition(';')[0]}. {said['state']}{said['problem']}")
    return float(re.search(r"at ([\d.]+) frames/s", said["state"])[1])


def track_rate(video: Path, export: Path, folder: Path) -> float:
    """The rate that `track` tells."""
    words = ["track", "-i", str(video), "-m", str(export), "-o", str(folder / "out.slp")]
    command = [*PROGRAM, *words, "--engine", "ort", "--no-resume"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    line = next(line for line in done.stdout.splitlines() if "frames/s" in line)
    print(f"  track: {line}")
    return float(re.search(r"([\d.]+) frames/s", line)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("export", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--browser", default="chromium")
    args = parser.parse_args()
    page = [*PROGRAM, "page", str(args.export), "--serve", "--port", "0"]
    served = subprocess.Popen(page, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert served.stdout
    rates = []
    try:
        address = served.stdout.readline().split()[0]
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(args.rounds):
                there = track_rate(args.video, args.export, Path(folder))
                rates.append((page_rate(address, args.video, args.browser, Path(folder)), there))
    finally:
        served.terminate()
        served.wait()
    pages, tracks = zip(*rates, strict=True)
    ratios = [there / here for here, there in rates]
    print(
        f"page {statistics.median(pages):.1f}, track {statistics.median(tracks):.1f} frames/s; "
        f"track is {statistics.median(ratios):.1f} times as fast "
        f"({min(ratios):.1f} to {max(ratios):.1f})"
    )


if __name__ == "__main__":
    main()
