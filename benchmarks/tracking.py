"""Print how fast the tracker is here, and how well it keeps identities.

    python benchmarks/tracking.py speed
    python benchmarks/tracking.py memory [--n_frames 1000000]
    python benchmarks/tracking.py scaling [--n_frames 20000]
    python benchmarks/tracking.py crowds
    python benchmarks/tracking.py clip LABELS_FOLDER
    python benchmarks/tracking.py constants LABELS_FOLDER

Times are of the tracker alone, best of three, poses in memory; the machine's load is printed
beside them, because it decides what they mean.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from tracking.crowds import Crowd, crossing, draw, easy  # noqa: E402
from tracking.frames import labeled, track  # noqa: E402
from tracking.identities import Labeled, measure  # noqa: E402
from tracking.labels_files import read_labels  # noqa: E402

from sleap_rt.instances import FrameInstances  # noqa: E402
from sleap_rt.tracking import Tracker, TrackerOptions, motion  # noqa: E402

LOCAL = {"candidates_method": "local_queues"}
CENTROIDS = {"features": "centroids", "scoring_method": "euclidean_dist"}
BOXES = {"features": "bboxes", "scoring_method": "iou"}
DISTANCE = {"scoring_method": "euclidean_dist"}
MOTION = {"motion_model": "kalman"}
METHODS: dict[str, dict[str, Any]] = {
    "fixed_window oks": {},
    "fixed_window keypoints euclidean_dist": DISTANCE,
    "fixed_window centroids euclidean_dist": CENTROIDS,
    "fixed_window bboxes iou": BOXES,
    "local_queues oks": LOCAL,
    "local_queues keypoints euclidean_dist": {**LOCAL, **DISTANCE},
    "local_queues centroids euclidean_dist": {**LOCAL, **CENTROIDS},
    "local_queues bboxes iou": {**LOCAL, **BOXES},
    "kalman": MOTION,
}
DENSE = {"area_per_animal_px": 80.0, "miss": 0.1, "noise_px": 2.0}
MOTION_CONSTANTS = (
    "_NOISE",
    "_ACCELERATION",
    "_START_SPEED",
    "_LONGEST",
    "_SLOWING",
    "_GATE",
    "_CLAIM_GATE",
    "_TAIL",
    "_UNSEEN_COST",
    "_HIDDEN_NOISE",
    "_LEAST_SHARE",
)
TARGETS = {2: 5000, 20: 300, 50: 60}  # frames/s for fixed_window oks


def print_machine() -> None:
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    python = sys.version.split()[0]
    print(f"{os.cpu_count()} cores, load {load}, Python {python}, NumPy {np.__version__}")


def speed(arguments: argparse.Namespace) -> None:
    """Frames per second for 2, 20 and 50 animals of 13 nodes, window 5."""
    print("method | animals | frames/s wall | frames/s CPU | asked for")
    for n_animals, n_frames in ((2, 3000), (20, 300), (50, 100)):
        crowd = easy(Crowd(n_animals=n_animals, n_frames=n_frames, area_per_animal_px=200))
        _, frames = draw(crowd)
        for name, options in METHODS.items():
            count = {"max_tracks": n_animals} if options == MOTION else {}
            wall, cpu = min(_run(frames, {**options, **count}) for _ in range(3))
            asked = TARGETS[n_animals] if not options else ""
            rates = f"{n_frames / wall:.0f} | {n_frames / cpu:.0f}"
            print(f"{name} | {n_animals} | {rates} | {asked}", flush=True)
        print_machine()


def _run(frames: Sequence[FrameInstances], options: dict[str, Any]) -> tuple[float, float]:
    tracker = Tracker(TrackerOptions(**options))
    first, second, *others = _numbered([*frames[:2], *frames])
    tracker.track(first)
    tracker.track(second)  # imports what the matcher needs
    wall, cpu = time.perf_counter(), time.process_time()
    for one in others:
        tracker.track(one)
    return time.perf_counter() - wall, time.process_time() - cpu


def memory(arguments: argparse.Namespace) -> None:
    """Peak memory while two animals are tracked through very many frames."""
    _, frames = draw(easy(Crowd(n_animals=2, n_frames=1000, area_per_animal_px=200)))
    for name in ("fixed_window oks", "local_queues oks", "kalman"):
        count = {"max_tracks": 2} if name == "kalman" else {}
        tracker = Tracker(TrackerOptions(**METHODS[name], **count))
        n_tenth = arguments.n_frames // 10
        for index in range(arguments.n_frames):
            tracker.track(replace(frames[index % len(frames)], frame_index=index))
            if index % n_tenth == n_tenth - 1:
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(f"{name} | {index + 1} frames | peak {peak:.1f} MB", flush=True)
    print_machine()


def scaling(arguments: argparse.Namespace) -> None:
    """Cost per frame by number of animals, and by how long the video has gone on."""
    print("method | animals | processor ms per frame, tenth by tenth of the video")
    for n_animals in (5, 10, 20, 50):
        crowd = Crowd(n_animals=n_animals, n_frames=200, area_per_animal_px=200)
        _, frames = draw(crowd)
        there_and_back = [*frames, *frames[::-1]]
        for name in ("fixed_window oks", "kalman"):
            count = {"max_tracks": n_animals} if name == "kalman" else {}
            tracker = Tracker(TrackerOptions(**METHODS[name], **count))
            n_tenth, cells = arguments.n_frames // 10, []
            for tenth in range(10):
                started = time.process_time()
                for index in range(tenth * n_tenth, (tenth + 1) * n_tenth):
                    frame = there_and_back[index % len(there_and_back)]
                    tracker.track(replace(frame, frame_index=index))
                cells.append(f"{(time.process_time() - started) / n_tenth * 1000:.2f}")
            print(f"{name} | {n_animals} | {' '.join(cells)}", flush=True)
    print_machine()


def crowds(arguments: argparse.Namespace) -> None:
    """Identities in synthetic crowds; `dense` has twice the noise and three times the misses."""
    scenes = {
        "2, crossing": crossing(n_frames=600, seed=21),
        "5": Crowd(n_animals=5, seed=22),
        "5, dense": Crowd(n_animals=5, seed=23, **DENSE),
        "20": Crowd(n_animals=20, seed=24),
        "20, dense": Crowd(n_animals=20, seed=25, **DENSE),
        "50": Crowd(n_animals=50, n_frames=150, seed=26),
        "50, dense": Crowd(n_animals=50, n_frames=150, seed=27, **DENSE),
    }
    print("scene | method | switches | IDF1 | tracks")
    for scene, crowd in scenes.items():
        truth, frames = draw(crowd)
        for name, options in _with_counts(crowd.n_animals).items():
            _print_identities(f"{scene} | {name}", truth, frames, options)


def clip(arguments: argparse.Namespace) -> None:
    """Identities on clip.predictions.slp against those of clip.slp."""
    truth, predictions = _read_clip(arguments.folder)
    print("method | switches | IDF1 | tracks")
    for name, options in _with_counts(2).items():
        _print_identities(name, truth, predictions, options)


def constants(arguments: argparse.Namespace) -> None:
    """How much hangs on the numbers of the motion model: each by 30 % less and more."""
    truth, predictions = _read_clip(arguments.folder)
    scenes = {
        "clip": (2, truth, predictions),
        "clip backwards": (2, truth[::-1], _numbered(predictions[::-1])),
        "every second frame": (2, truth[1::2], predictions[1::2]),
        "2, crossing": (2, *draw(crossing(n_frames=300, seed=71))),
        "5, dense": (5, *draw(Crowd(n_animals=5, seed=72, **DENSE))),
        "20, dense": (20, *draw(Crowd(n_animals=20, n_frames=120, seed=73, **DENSE))),
    }
    print("constant | factor |", " | ".join(scenes), "(switches, IDF1)")
    _print_scenes("none | 1", scenes)
    for name in MOTION_CONSTANTS:
        usual = getattr(motion, name)
        for factor in (0.7, 1.3):
            setattr(motion, name, usual * factor)
            _print_scenes(f"{name} | {factor}", scenes)
        setattr(motion, name, usual)


Scene = tuple[int, list[Labeled], list[FrameInstances]]


def _print_scenes(start: str, scenes: dict[str, Scene]) -> None:
    cells = []
    for n_animals, truth, frames in scenes.values():
        found = measure(truth, labeled(track(frames, **MOTION, max_tracks=n_animals)))
        cells.append(f"{found.switches}, {found.idf1:.3f}")
    print(start, *cells, sep=" | ", flush=True)


def _numbered(frames: Sequence[FrameInstances]) -> list[FrameInstances]:
    return [replace(one, frame_index=index) for index, one in enumerate(frames)]


def _read_clip(folder: Path) -> tuple[list[Labeled], list[FrameInstances]]:
    """True poses of the 2 nodes that were predicted, and the predictions."""
    predictions, _ = read_labels(folder / "clip.predictions.slp")
    _, user = read_labels(folder / "clip.slp")
    return [Labeled(one.points[:, :2], one.ids) for one in user], predictions


def _with_counts(n_animals: int) -> dict[str, dict[str, Any]]:
    counted = {
        f"{name}, max_tracks": {**METHODS[name], "max_tracks": n_animals}
        for name in ("local_queues oks", "local_queues centroids euclidean_dist", "kalman")
    }
    return {**METHODS, **counted}


def _print_identities(
    name: str,
    truth: list[Labeled],
    frames: list[FrameInstances],
    options: dict[str, Any],
) -> None:
    found = measure(truth, labeled(track(frames, **options)))
    print(f"{name} | {found.switches} | {found.idf1:.3f} | {found.n_tracks}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for function in (speed, memory, scaling, crowds, clip, constants):
        command = commands.add_parser(
            function.__name__, help=(function.__doc__ or "").replace("%", "%%")
        )
        command.set_defaults(run=function)
        if function is memory:
            command.add_argument("--n_frames", type=int, default=1_000_000)
        if function is scaling:
            command.add_argument("--n_frames", type=int, default=20_000)
        if function in (clip, constants):
            command.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print_machine()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
