"""The main job on the sample scene: export the models, track the clips, compare with the truth.

Run by `make demo`. Writes into `demo-output/`: the exported graphs, the predictions, a picture of
each, and `index.html`, which shows one of them: its clip with the poses, its report, its commands.
"""

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sleap_io as sio
from scipy.optimize import linear_sum_assignment

from samples.demo_page import Shown, write_page

SAMPLES, OUTPUT = Path("samples"), Path("demo-output")
ROOT = Path(__file__).resolve().parents[1]  # where the commands run
JOBS = {  # name -> (clip, models)
    "single_instance": ("one_crawler", ["single_instance"]),
    "bottomup": ("crawlers", ["bottomup"]),
    "topdown": ("crawlers", ["centroid", "centered_instance"]),
}
N_ANIMALS = {"one_crawler": 1, "crawlers": 3}
LARGEST_MEAN_ERROR = 2.0  # px
_SLEAP_NN = "import sys; from sleap_rt.cli import main; sys.argv[0] = 'sleap-nn'; main()"


def main() -> None:
    os.chdir(ROOT)
    OUTPUT.mkdir(exist_ok=True)
    done = {name: demonstrate(name, clip, models) for name, (clip, models) in JOBS.items()}
    page = show("topdown", done)
    print("\n" + "\n".join(f"{name}: {one.in_words}" for name, one in done.items()))
    print(f"\nAll of it on one page, for a browser: {page}")
    if any(one.mean_error > LARGEST_MEAN_ERROR for one in done.values()):
        sys.exit(f"a mean error exceeds {LARGEST_MEAN_ERROR} px")


@dataclass(frozen=True)
class Done:
    """A clip that was tracked, its commands, and its poses beside the true ones; errors in px."""

    commands: tuple[str, ...]
    n_found: int
    n_expected: int
    mean_error: float
    median_error: float

    @property
    def in_words(self) -> str:
        return (
            f"{self.n_found} animals found, {self.n_expected} in the truth; error mean "
            f"{self.mean_error:.2f} px, median {self.median_error:.2f} px"
        )


def demonstrate(name: str, clip: str, models: list[str]) -> Done:
    """Export, track, compare, and draw a picture of the middle frame."""
    graphs, predictions = OUTPUT / f"{name}.graphs", OUTPUT / f"{name}.predictions.slp"
    followed = ("--tracking", "--max_tracks", N_ANIMALS[clip])
    paths = [SAMPLES / "models" / model for model in models]
    commands = (
        run("export", *paths, "-o", graphs),
        run("track", SAMPLES / f"{clip}.mp4", "-m", graphs, "-o", predictions, *followed),
    )
    found = sio.load_slp(str(predictions))
    errors, n_expected = compare(sio.load_slp(str(SAMPLES / f"{clip}.slp")), found)
    middle = found[len(found) // 2].frame_idx
    picture = ("-o", OUTPUT / f"{name}.png", "--frames", middle, "--scale", 3)
    run("render", predictions, *picture, "--overwrite", "--quiet")
    return Done(
        commands=commands,
        n_found=sum(len(frame.instances) for frame in found),
        n_expected=n_expected,
        mean_error=float(np.mean(errors)),
        median_error=float(np.median(errors)),
    )


def show(name: str, done: dict[str, Done]) -> Path:
    """A page about one of the jobs."""
    truth, predictions = SAMPLES / f"{JOBS[name][0]}.slp", OUTPUT / f"{name}.predictions.slp"
    report, clip = OUTPUT / f"{name}.html", OUTPUT / f"{name}.mp4"
    evaluated = run("eval", "-g", truth, "-p", predictions, "--tracks", "--report", report)
    drawn = run("render", predictions, "-o", clip, "--scale", 2, "--track_names", "--overwrite")
    shown = Shown(
        clip=clip.name,
        picture=f"{name}.png",
        report=report.name,
        commands=(*done[name].commands, evaluated),
        clip_command=drawn,
        results={job: one.in_words for job, one in done.items()},
    )
    return write_page(OUTPUT / "index.html", shown)


def run(*args: str | int | Path) -> str:
    """Run a command; returns it as it would be typed."""
    command = shlex.join(["sleap-nn", *map(str, args)])
    print(f"$ {command}", flush=True)
    subprocess.run([sys.executable, "-c", _SLEAP_NN, *map(str, args)], check=True)
    return command


def compare(truth: sio.Labels, found: sio.Labels) -> tuple[list[float], int]:
    """Distances of all jointly visible nodes of paired animals, and the true number of animals."""
    by_frame = {frame.frame_idx: [i.numpy() for i in frame.instances] for frame in found}
    errors: list[float] = []
    n_expected = 0
    for frame in truth:
        expected = [instance.numpy() for instance in frame.instances]
        n_expected += len(expected)
        actual = by_frame.get(frame.frame_idx, [])
        if not expected or not actual:
            continue
        gaps = np.array([[np.linalg.norm(a - b, axis=1) for b in actual] for a in expected])
        seen = np.isfinite(gaps)
        total = np.where(seen, gaps, 0).sum(axis=2)
        rows, cols = linear_sum_assignment(total / np.maximum(seen.sum(axis=2), 1))
        for row, col in zip(rows, cols, strict=True):
            errors += gaps[row, col][seen[row, col]].tolist()
    return errors, n_expected


if __name__ == "__main__":
    main()
