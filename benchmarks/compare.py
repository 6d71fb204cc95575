"""Whether two checkouts of this project give the same results, command by command.

    python benchmarks/compare.py OTHER_CHECKOUT [--data FOLDER] [--frames 12]

Runs `export`, `track` (predicting, following, both), `eval` and `eval-tracking` in both, each with
its own exports, and compares what they wrote: poses instance by instance, tracks by name, tables by
number, what `eval` printed by word. With a folder of recorded cases (`golden/index.json`), also
these. Ends with code 1 if results differ by more than 1e-4 px or 1e-4 in score, in a track, or in a
word.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sleap_io as sio

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
VIDEO, LABELS = SAMPLES / "crawlers.mp4", SAMPLES / "crawlers.slp"
LIMIT = 1e-4  # px, and score
SETS = (
    ("bottomup",),
    ("centroid", "centered_instance"),
    ("single_instance",),
    ("centroid",),
    ("multi_class_bottomup",),
    ("centroid", "multi_class_topdown"),
)


@dataclass(frozen=True)
class Case:
    """One command.

    Attributes:
        name: of the case, and of the file it writes.
        arguments: of the command; `{exports}` and `{out}` are folders of the checkout that runs.
        suffix: of the file written; empty where only what is printed counts.
    """

    name: str
    arguments: tuple[str, ...]
    suffix: str = ".slp"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--frames", type=int, default=12)
    args = parser.parse_args()
    cases = [*sample_cases(args.frames), *recorded_cases(args.data, args.frames)]
    n_different = 0
    with tempfile.TemporaryDirectory() as folder:
        print("| case | compared | largest difference | same |\n|---|---|---|---|")
        for case in cases:
            printed = [
                run(checkout, case, Path(folder) / str(number))
                for number, checkout in enumerate((ROOT, args.other.resolve()))
            ]
            files = [Path(folder) / str(number) / (case.name + case.suffix) for number in (0, 1)]
            what, difference = compared(case, files, printed)
            n_different += difference > LIMIT
            same = "yes" if difference <= LIMIT else "NO"
            print(f"| {case.name} | {what} | {difference:.1e} | {same} |", flush=True)
    sys.exit(f"{n_different} of {len(cases)} cases differ" if n_different else 0)


def sample_cases(n_frames: int) -> Iterator[Case]:
    frames = ("--frames", f"0-{n_frames - 1}")
    for names in SETS:
        name = "+".join(names)
        models = [str(SAMPLES / "models" / one) for one in names]
        yield Case(f"export {name}", ("export", *models, "-o", f"{{exports}}/{name}"), "")
        track = ("track", "-i", str(VIDEO), "-m", f"{{exports}}/{name}", *frames)
        yield Case(f"track {name}", (*track, "-o", f"{{out}}/track {name}.slp"))
    track = ("track", "-i", str(VIDEO), "-m", "{exports}/bottomup", *frames)
    options = {
        "following": ("-t",),
        "a motion model": ("-t", "--motion_model", "kalman", "--max_tracks", "3"),
        "optical flow": ("-t", "--use_flow"),
        "filters": ("--filter_min_visible_nodes", "6", "--filter_overlapping"),
        "two instances": ("-n", "2", "--peak_threshold", "0.4", "--integral_refinement", "none"),
        "no empty frames": ("--no_empty_frames", "--min_instance_peaks", "7"),
    }
    for name, given in options.items():
        yield Case(name, (*track, *given, "-o", f"{{out}}/{name}.slp"))
    table = ("-o", "{out}/table.csv", "--output_format", "csv", "-t")
    yield Case("table", (*track, *table), ".csv")
    on_labels = ("track", "-i", str(LABELS), *frames)
    name = "crops around labels"
    crops = str(SAMPLES / "models/centered_instance")
    yield Case(name, (*on_labels, "-m", crops, "-o", f"{{out}}/{name}.slp"))
    name = "poses of labels"
    yield Case(name, (*on_labels, "-m", "{exports}/centroid", "-o", f"{{out}}/{name}.slp"))
    for name, given in {"retrack": (), "retrack with flow": ("--use_flow",)}.items():
        yield Case(name, ("track", "-i", str(LABELS), "-t", *given, "-o", f"{{out}}/{name}.slp"))
    truth = ("-g", str(LABELS), "-p", "{out}/retrack.slp")
    found = ("-g", str(LABELS), "-p", "{out}/following.slp")
    yield Case("eval", ("eval", *found), "")
    yield Case("eval --tracks", ("eval", *found, "--tracks"), "")
    yield Case("eval-tracking", ("eval-tracking", *truth), "")


def recorded_cases(data: Path | None, n_frames: int) -> Iterator[Case]:
    if data is None:
        return
    index = json.loads((data / "golden/index.json").read_text(encoding="utf8"))
    for name, recording in index.items():
        if not name.endswith(".predict"):
            continue
        expected = sio.load_slp(str(data / f"golden/{name}.slp"), open_videos=False)
        wanted = sorted({frame.frame_idx for frame in expected})[:n_frames]
        models = [word for model in recording["models"] for word in ("-m", str(data / model))]
        source = ("track", "-i", str(data / recording["source"]), *models, *recording["options"])
        frames = ("--frames", ",".join(map(str, wanted)))
        yield Case(name, (*source, *frames, "-o", f"{{out}}/{name}.slp"))


def run(checkout: Path, case: Case, folder: Path) -> str:
    """What a command printed on standard output; it has its own cache of exports."""
    folder.mkdir(exist_ok=True)
    places = {"exports": str(folder / "exports"), "out": str(folder)}
    arguments = [word.format(**places) for word in case.arguments]
    environment = os.environ | {
        "PYTHONPATH": str(checkout),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "sleap_rt", *arguments],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{case.name} failed in {checkout}:\n{done.stderr}")
    return done.stdout.replace(str(folder), "")


def compared(case: Case, files: Sequence[Path], printed: Sequence[str]) -> tuple[str, float]:
    """What was compared, in words, and the largest difference; infinite for other content."""
    if case.suffix == ".slp":
        return difference_of_labels(*files)
    if case.suffix == ".csv":
        one, other = (file.read_text(encoding="utf8").splitlines() for file in files)
        return f"{len(one)} lines", difference_of_lines(one, other)
    if case.name.startswith("export"):
        return "succeeds", 0.0
    one, other = (text.splitlines() for text in printed)
    return f"{len(one)} lines", difference_of_lines(one, other)


def difference_of_labels(*files: Path) -> tuple[str, float]:
    one, other = (sio.load_slp(str(file), open_videos=False) for file in files)
    pairs = list(zip(one.labeled_frames, other.labeled_frames, strict=False))
    instances = [pair for a, b in pairs for pair in zip(a.instances, b.instances, strict=False)]
    what = f"{len(pairs)} frames, {len(instances)} instances, {len(one.tracks)} tracks"
    if outline(one) != outline(other):
        return what, float("inf")
    largest = 0.0
    for a, b in instances:
        values = numbers(a), numbers(b)
        if not np.array_equal(*map(np.isnan, values)):
            return what, float("inf")
        largest = max(largest, float(np.nanmax(np.abs(values[0] - values[1]), initial=0.0)))
    return what, largest


def numbers(instance: sio.Instance) -> np.ndarray:
    """Coordinates, and for what was predicted, scores of the points and of the instance."""
    if isinstance(instance, sio.PredictedInstance):
        return np.append(instance.numpy(scores=True).ravel(), instance.score)
    return instance.numpy().ravel()


def outline(labels: sio.Labels) -> list[object]:
    """All of labels but numbers: frames, kinds of instances, tracks."""
    return [
        (
            labels.videos.index(frame.video),
            frame.frame_idx,
            [(type(one).__name__, one.track and one.track.name) for one in frame.instances],
        )
        for frame in labels.labeled_frames
    ]


def difference_of_lines(one: Sequence[str], other: Sequence[str]) -> float:
    """Largest difference of two numbers at one place; infinite where words differ."""
    words = [" ".join(lines).replace(",", " ").split() for lines in (one, other)]
    if len(words[0]) != len(words[1]):
        return float("inf")
    largest = 0.0
    for a, b in zip(*words, strict=True):
        try:
            largest = max(largest, abs(float(a) - float(b)))
        except ValueError:
            if a != b:
                return float("inf")
    return largest


if __name__ == "__main__":
    main()
