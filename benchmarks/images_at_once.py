"""How many images MNN should run at once: its time per image, a thread, on real frames.

    python benchmarks/images_at_once.py GRAPH [GRAPH ...] VIDEO [--images 1 2 4 8] [--rounds 9]

Each graph's network sees the frames (or two crops of each) in groups of so many; the groups take
turns, so that other load hits all alike. Printed are medians, and the group that the engine takes.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.graph_share import feed_of  # noqa: E402
from sleap_rt.options import EngineOptions  # noqa: E402
from sleap_rt.runtime.engines.mnn import MnnEngine  # noqa: E402
from sleap_rt.runtime.frames.video import VideoFile  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graphs", type=Path, nargs="+")
    parser.add_argument("video", type=Path)
    parser.add_argument("--images", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    with VideoFile(args.video) as video:
        frames = np.stack([video.read(i) for i in range(max(args.images))])
    heads = " | ".join(f"{n} at once, ms" for n in args.images)
    print(f"| network | px | {heads} | taken |\n|{'---|' * (len(args.images) + 3)}")
    for graph in args.graphs:
        engine = MnnEngine(graph, EngineOptions(engine="mnn", device="cpu", threads=1))
        feed = feed_of(SimpleNamespace(get_inputs=lambda engine=engine: engine.inputs), frames)
        images = engine._before.run(feed)[engine._image][: max(args.images)]
        px = images.shape[2] * images.shape[3]
        taken = max(1, engine._network._most_px // px)
        spent = measured(engine._network, images, args.images, args.rounds)
        cells = " | ".join(f"{ms:.2f}" for ms in spent)
        sides = f"{images.shape[2]}x{images.shape[3]}"
        print(f"| {graph.parent.name}/{graph.stem} | {sides} | {cells} | {taken} |")


def measured(network, images: np.ndarray, groups: list[int], rounds: int) -> list[float]:
    """Milliseconds per image, for each size of a group."""
    spent = [[] for _ in groups]
    px = images.shape[2] * images.shape[3]
    for _ in range(rounds):
        for n, found in zip(groups, spent, strict=True):
            network._most_px = n * px
            network.run(images[:n])  # goes over to this shape
            started = time.perf_counter()
            network.run(images)
            found.append(1000 * (time.perf_counter() - started) / len(images))
    return [statistics.median(found) for found in spent]


if __name__ == "__main__":
    main()
