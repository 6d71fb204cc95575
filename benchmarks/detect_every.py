"""What `--detect_every` gains in speed and loses in poses, for a top-down pair.

    python benchmarks/detect_every.py VIDEO MODEL [MODEL] [--labels LABELS.slp] [--frames 200]
        [--every 1 2 5 10 20] [--repeats 3]

One row per N, all on the same frames and in turns, so that other programs disturb each alike:
frames/s and processor time per frame of the whole run but opening and writing, medians; then the
poses against those of a run that detects in every frame: animals lost and new, how far points
moved, the similarity of poses. With labels, each run's mean OKS against them as well.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sleap_rt import PosePredictor  # noqa: E402
from sleap_rt.evaluation import Evaluator  # noqa: E402
from sleap_rt.export.proof.poses import Losses, measure  # noqa: E402
from sleap_rt.instances import FrameInstances  # noqa: E402
from sleap_rt.machine.cores import available_cores  # noqa: E402

HEADER = (
    "| N | frames/s | ms of CPU per frame | animals, lost, new | points moved, px: median, 90 %, "
    "99 % | mean OKS, 5 % | OKS with labels |\n|---|---|---|---|---|---|---|"
)


class Contestant:
    """A pair that detects in every nth frame, open."""

    def __init__(self, models: Sequence[Path], every: int, batch_size: int) -> None:
        self.every, self._batch_size = every, batch_size
        self._predictor = PosePredictor(models, detect_every=every)
        self.contract = self._predictor._resolved.models.last
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.results: list[FrameInstances] = []

    def run(self, video: Path, frames: Sequence[int]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        stream = self._predictor.stream(video, frames=frames, batch_size=self._batch_size)
        self.results = list(stream)
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)

    def oks_with(self, labels: Path, video: Path, frames: Sequence[int]) -> float:
        """Mean OKS with the labels of these frames."""
        import sleap_io as sio

        truth = sio.load_slp(str(labels))
        wanted = set(frames)
        truth.labeled_frames = [one for one in truth.labeled_frames if one.frame_idx in wanted]
        found = self._predictor.predict(video, frames=frames, batch_size=self._batch_size)
        return float(Evaluator(truth, found).mOKS()["mOKS"])


def row(one: Contestant, every_frame: Contestant, with_labels: str) -> str:
    losses: Losses = measure(every_frame.results, one.results, one.contract)
    n_frames, n_animals = len(one.results), sum(map(len, every_frame.results))
    px, oks = losses.points.px or [0.0], np.array(losses.oks or [np.nan])
    return (
        f"| {one.every} | {n_frames / statistics.median(one.wall):.1f} "
        f"| {1e3 * statistics.median(one.cpu) / n_frames:.1f} "
        f"| {n_animals}, {losses.n_lost}, {losses.n_extra} "
        f"| {', '.join(f'{value:.2f}' for value in np.percentile(px, (50, 90, 99)))} "
        f"| {np.nanmean(oks):.4f}, {np.nanpercentile(oks, 5):.4f} | {with_labels} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--every", type=int, nargs="+", default=[1, 2, 5, 10, 20])
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    frames = range(given.frames)
    contestants = [
        Contestant(given.models, every, given.batch_size)
        for every in dict.fromkeys([1, *given.every])
    ]
    for _ in range(given.repeats):
        for one in contestants:
            one.run(given.video, frames)
    print(f"{given.video.name}, {given.frames} frames, {available_cores().n} cores\n\n{HEADER}")
    for one in contestants:
        truth = one.oks_with(given.labels, given.video, frames) if given.labels else None
        print(row(one, contestants[0], "" if truth is None else f"{truth:.4f}"), flush=True)


if __name__ == "__main__":
    main()
