"""Poses that this machine finds against those recorded from sleap-nn 0.3.5 and SLEAP 1.4.1.

    python benchmarks/parity.py RECORDED [--engine NAME ...] [--only WORD]

RECORDED is a folder with `golden/index.json` (commands that sleap-nn ran, and the `.slp` files that
they gave), `golden/original/*.npz` (what SLEAP gave), and the models and videos that they name.
Each recording is run by `track` as a user would, once per engine. One Markdown table: in each cell
what was lost or invented, and the largest distance of a point that both have.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sleap_io as sio
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

ENGINES = ("ort", "openvino", "mnn")
SAME_ANIMAL_PX = 5.0  # mean distance of the points; beyond it, it is another animal
Frames = dict[int, NDArray[np.float64]]  # frame -> (n_instances, n_nodes, 2) px
OURS = {"native_centroid_gt": ("--centroid_only",)}  # else poses are taken over from the labels
LEGACY = {  # recording -> models
    "single_instance": ("single_instance",),
    "bottomup": ("bottomup",),
    "topdown": ("centroid", "centered_instance"),
    "bottomup_multiclass": ("bottomup_multiclass",),
    "topdown_multiclass": ("centroid", "topdown_multiclass"),
}


@dataclass(frozen=True)
class Recording:
    """One command and what it gave.

    Attributes:
        name: of the row.
        models, source: relative to the folder of recordings.
        frames: as `--frames` takes them; None: not given.
        options: of the command.
        poses: that were found.
    """

    name: str
    models: tuple[str, ...]
    source: str
    frames: str | None
    options: tuple[str, ...]
    poses: Frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recorded", type=Path)
    parser.add_argument("--engine", nargs="+", default=ENGINES)
    parser.add_argument("--only", default="", help="rows whose name holds this word")
    args = parser.parse_args()
    print(f"| recording | frames, animals | {' | '.join(args.engine)} |")
    print("|---" * (2 + len(args.engine)) + "|")
    with tempfile.TemporaryDirectory() as folder:
        for recording in (*of_sleap_nn(args.recorded), *of_sleap(args.recorded)):
            if args.only in recording.name:
                n = sum(map(len, recording.poses.values()))
                cells = [
                    cell(recording, run(recording, engine, args.recorded, Path(folder)))
                    for engine in args.engine
                ]
                row = (recording.name, f"{len(recording.poses)}, {n}", *cells)
                print(f"| {' | '.join(row)} |", flush=True)


def of_sleap_nn(recorded: Path) -> list[Recording]:
    index = json.loads((recorded / "golden/index.json").read_text())
    return [
        Recording(
            name=f"sleap-nn {key.removesuffix('.predict')}",
            models=tuple(case["models"]),
            source=case["source"],
            frames=case["frames"],
            options=(*case["options"], *OURS.get(key.removesuffix(".predict"), ())),
            poses=poses_of(recorded / f"golden/{key}.slp"),
        )
        for key, case in index.items()
        if key.endswith(".predict") and case["recorded"]
    ]


def of_sleap(recorded: Path) -> list[Recording]:
    found = []
    for name, models in LEGACY.items():
        arrays = np.load(recorded / f"golden/original/{name}.npz")
        video = arrays["video"][0]
        rows = np.flatnonzero(arrays["video"] == video)
        frames = [int(arrays["frame_idx"][row]) for row in rows]
        poses = {
            frame: arrays["instance_peaks"][row, : arrays["n_instances"][row]].astype(float)
            for frame, row in zip(frames, rows, strict=True)
        }
        found.append(
            Recording(
                name=f"SLEAP {name}",
                models=tuple(f"legacy/{model}" for model in models),
                source=f"videos/{Path(str(video)).name}",
                frames=",".join(map(str, frames)),
                options=(),
                poses=poses,
            )
        )
    return found


def poses_of(path: Path) -> Frames:
    labels = sio.load_slp(str(path), open_videos=False)
    n_nodes = len(labels.skeleton)
    return {
        frame.frame_idx: np.array([one.numpy() for one in frame.instances]).reshape(-1, n_nodes, 2)
        for frame in labels
    }


def run(recording: Recording, engine: str, recorded: Path, folder: Path) -> Frames | str:
    """What `track` finds, or the message it ends with."""
    output = folder / f"{recording.name} {engine}.slp"
    frames = () if recording.frames is None else ("--frames", recording.frames)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sleap_rt", "track", "-i", str(recorded / recording.source)),
            *("-m", *(str(recorded / model) for model in recording.models)),
            *(*frames, *recording.options, "--engine", engine, "--device", "cpu"),
            *("-o", str(output)),
        ],
        env=os.environ | {"XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return next((line for line in done.stderr.splitlines() if "Error" in line), done.stderr)
    return poses_of(output)


def cell(recording: Recording, found: Frames | str) -> str:
    if isinstance(found, str):
        return found.replace("|", "/")
    lost, new, points_lost, points_new, largest = 0, 0, 0, 0, 0.0
    for frame in sorted(set(recording.poses) | set(found)):
        was = recording.poses.get(frame, np.zeros((0, 1, 2)))
        now = found.get(frame, np.zeros((0, 1, 2)))
        pairs = same_animals(was, now)
        lost, new = lost + len(was) - len(pairs), new + len(now) - len(pairs)
        for i, j in pairs:
            seen, seen_now = (np.isfinite(pose[:, 0]) for pose in (was[i], now[j]))
            points_lost += int((seen & ~seen_now).sum())
            points_new += int((seen_now & ~seen).sum())
            apart = np.linalg.norm(was[i] - now[j], axis=-1)
            largest = max(largest, float(np.nanmax(apart, initial=0.0)))
    words = [
        f"{n} {what}"
        for n, what in (
            (lost, "animals lost"),
            (new, "animals new"),
            (points_lost, "points lost"),
            (points_new, "points new"),
        )
        if n
    ]
    return ", ".join([*words, f"{largest:.4f} px"])


def same_animals(was: NDArray[np.float64], now: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of places with the least total distance, each at most `SAME_ANIMAL_PX`."""
    if not len(was) or not len(now):
        return []
    apart = np.linalg.norm(was[:, None] - now[None], axis=-1)
    seen = np.isfinite(apart)
    mean = np.where(seen, apart, 0).sum(axis=-1) / np.maximum(seen.sum(axis=-1), 1)
    mean[~seen.any(axis=-1)] = np.inf
    cost = np.minimum(mean, 1e6)
    return [
        (int(i), int(j))
        for i, j in zip(*linear_sum_assignment(cost), strict=True)
        if mean[i, j] <= SAME_ANIMAL_PX
    ]


if __name__ == "__main__":
    main()
