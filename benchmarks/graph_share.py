"""Where a graph spends its time on a CPU, operator by operator: the share of convolutions.

    python benchmarks/graph_share.py GRAPH [GRAPH ...] VIDEO [--batch_size 4] [--rounds 5]

Measured by ONNX Runtime's own profiler, with the settings and the threads of one of the batches
that `track` has side by side with the `ort` engine, on frames of the video. Several graphs, e.g. of
two versions of this program, take turns, so that other load hits all alike. Models that see crops
get two per frame. Printed is each operator's time in a run, and its share of all operators' time.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sleap_rt.machine.cores import available_cores  # noqa: E402
from sleap_rt.options import RunOptions  # noqa: E402
from sleap_rt.runtime.engines import n_lanes  # noqa: E402
from sleap_rt.runtime.engines.ort import session_settings  # noqa: E402
from sleap_rt.runtime.frames.video import VideoFile  # noqa: E402
from sleap_rt.runtime.graph_file import read_keeping_bytes  # noqa: E402

CONVOLUTIONS = ("Conv", "FusedConv", "ConvTranspose", "QLinearConv")
BRANCHES = ("If",)  # their operators count by themselves
N_RUNS = 4  # in a round
LISTED = 10  # operators


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graphs", type=Path, nargs="+")
    parser.add_argument("video", type=Path)
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with VideoFile(args.video) as video:
        frames = np.stack([video.read(i) for i in range(args.batch_size)])
    rounds = [[profile(graph, frames) for graph in args.graphs] for _ in range(args.rounds)]
    for i, graph in enumerate(args.graphs):
        report(graph, [one_round[i] for one_round in rounds])


def profile(graph: Path, frames: np.ndarray) -> Counter[str]:
    """Operator -> milliseconds in one run."""
    cores = available_cores().n
    settings = session_settings(cores // n_lanes(RunOptions.most_at_once, cores))
    settings.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        settings.profile_file_prefix = str(Path(folder) / "profile")
        session = ort.InferenceSession(
            read_keeping_bytes(graph) or str(graph), settings, providers=["CPUExecutionProvider"]
        )
        decoded = [value.name for value in session.get_outputs() if value.name not in RAW]
        feed = feed_of(session, frames)
        for _ in range(N_RUNS):
            session.run(decoded, feed)
        events = json.loads(Path(session.end_profiling()).read_text())
    spent: Counter[str] = Counter()
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            operator = event["args"]["op_name"]
            if operator not in BRANCHES:
                spent[operator] += event["dur"] / 1000 / N_RUNS
    return spent


RAW = ("confmaps", "pafs", "class_maps", "offsets")  # computed for decoding, not fetched


def feed_of(session: ort.InferenceSession, frames: np.ndarray) -> dict[str, Any]:
    n, height, width, _ = frames.shape
    middle = np.array([width / 2, height / 2], np.float32)
    off = np.array([width / 6, height / 6], np.float32)
    values = {
        "frames": frames,
        "slots": np.zeros(16, np.float32),
        "centers": np.tile(np.stack([middle - off, middle + off]), (n, 1)),
        "frame_index": np.repeat(np.arange(n), 2),
        "peak_threshold": np.array(0.2, np.float32),
        "integral_refinement": np.array(1, np.float32),
        "max_edge_length_ratio": np.array(0.25, np.float32),
        "dist_penalty_weight": np.array(1, np.float32),
    }
    return {value.name: values[value.name] for value in session.get_inputs()}


def report(graph: Path, rounds: list[Counter[str]]) -> None:
    shares = [100 * convolutions(spent) / spent.total() for spent in rounds]
    totals = [spent.total() for spent in rounds]
    print(
        f"\n{graph.parent.name}/{graph.name}: convolutions {statistics.median(shares):.1f} % "
        f"({min(shares):.1f}-{max(shares):.1f}) of {statistics.median(totals):.1f} ms a run\n"
        "| operator | ms a run | share |\n|---|---|---|"
    )
    names = {name for spent in rounds for name in spent}
    medians = {name: statistics.median(spent[name] for spent in rounds) for name in names}
    for name in sorted(names, key=lambda name: -medians[name])[:LISTED]:
        print(f"| {name} | {medians[name]:.2f} | {medians[name] / sum(medians.values()):.1%} |")


def convolutions(spent: Counter[str]) -> float:
    return sum(spent[name] for name in CONVOLUTIONS)


if __name__ == "__main__":
    main()
