"""What a cluster costs and gains: a plain run on one core, one worker of one core, and two of them.

    python benchmarks/cluster.py [--runs 5] [--n_frames 1500]

The three are timed in turn, `--runs` times, and their medians compared; each number is the frames/s
of a whole run with the sample bottom-up model and tracking, workers up and their engines open: what
is measured is the cost of ranges, messages and merging, not that of starting Python. Quiet machines
only: everything else that runs takes cores from the two workers first.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import av  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402

from sleap_rt.options import EngineOptions, RunOptions  # noqa: E402
from sleap_rt.runtime.frames.video import VideoFile  # noqa: E402
from sleap_rt.tracking import TrackerOptions  # noqa: E402
from sleap_rt.workflows.cluster.asked import AskedCluster  # noqa: E402
from sleap_rt.workflows.cluster.local_cores import shared_cores  # noqa: E402
from sleap_rt.workflows.cluster.predictions import ClusterPredictions  # noqa: E402
from sleap_rt.workflows.planning.options import PredictionOptions  # noqa: E402
from sleap_rt.workflows.predict import predict  # noqa: E402

MODEL = ROOT / "samples/models/bottomup"
GOP = 30  # frames from one key frame to the next


def made_clip(path: Path, n_frames: int) -> None:
    """The sample clip again and again."""
    with (
        VideoFile(ROOT / "samples/crawlers.mp4") as source,
        av.open(str(path), "w") as container,
    ):
        options = {"crf": "5", "g": str(GOP)}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.height, stream.width = source.shape[:2]
        for index in range(n_frames):
            image = source.read(index % source.n_frames).repeat(3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def options_of(folder: Path, cluster: AskedCluster | None) -> PredictionOptions:
    return PredictionOptions(
        output_path=folder / "out.slp",
        tracking=TrackerOptions(),
        engine=EngineOptions(engine="ort", device="cpu", threads=1),
        run=RunOptions(batch_size=4),
        cluster=cluster,
    )


def seconds_of(clip: Path, options: PredictionOptions) -> float:
    """Of one run, workers being there."""
    if options.cluster is None:
        started = time.perf_counter()
        predict(clip, [MODEL], options)
        return time.perf_counter() - started
    with ClusterPredictions([MODEL], options) as cluster:
        started = time.perf_counter()
        cluster.predict(clip)
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--n_frames", type=int, default=1500)
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made_clip(clip := folder / "clip.mp4", given.n_frames)
        kinds: dict[str, PredictionOptions] = {"plain run": options_of(folder, None)}
        clusters = []
        for n_workers in (1, 2):
            cluster = LocalCluster(n_workers=n_workers, threads_per_worker=1, memory_limit=0)
            clusters.append(cluster)
            with Client(cluster) as client:
                client.register_plugin(shared_cores(max(n_workers, len(cores))))
            asked = AskedCluster(address=cluster.scheduler_address)
            kinds[f"{n_workers} worker{'s' * (n_workers > 1)}"] = options_of(folder, asked)
        rates: dict[str, list[float]] = {kind: [] for kind in kinds}
        for number in range(given.runs + 1):
            for kind, options in kinds.items():
                os.sched_setaffinity(0, cores[:1] if kind == "plain run" else cores)
                rate = given.n_frames / seconds_of(clip, options)
                if number:  # the first one opens engines and fills caches
                    rates[kind].append(rate)
        for cluster in clusters:
            cluster.close()
    medians = {kind: statistics.median(of_kind) for kind, of_kind in rates.items()}
    for kind, of_kind in rates.items():
        print(
            f"{kind:10} {medians[kind]:7.1f} frames/s  ({min(of_kind):.1f} to {max(of_kind):.1f})"
        )
    print(f"overhead of one worker: {medians['plain run'] / medians['1 worker'] - 1:.1%}")
    print(f"two workers over one: {medians['2 workers'] / medians['1 worker']:.2f}")


if __name__ == "__main__":
    main()
