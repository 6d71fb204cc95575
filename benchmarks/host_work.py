"""What `track` does beside its engine, per frame and stage, on a real video.

    python benchmarks/host_work.py VIDEO [--animals 2 20] [--nodes 24] [--repeats 3]

The engine answers at once: with the peaks and line scores of so many animals, which wander on
circles and are grouped along a chain of edges, tracked, kept in the journal and written to a `.slp`
file. Times are of the processor, in the thread that does the work (a decoder's own threads are not
counted), so that other programs disturb them least; the least of the repeats.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/runtime")]

from fakes import graph_contract  # noqa: E402

from sleap_rt.instances import FrameInstances  # noqa: E402
from sleap_rt.options import NO_OVERRIDES, DecodeOptions, RunOptions, SelectionOptions  # noqa: E402
from sleap_rt.runtime.frames.open_input import open_input  # noqa: E402
from sleap_rt.runtime.frames.source import Source  # noqa: E402
from sleap_rt.runtime.model_set import GraphSet  # noqa: E402
from sleap_rt.runtime.outputs.damaged_frames import DamagedFrames  # noqa: E402
from sleap_rt.runtime.outputs.results import Tally  # noqa: E402
from sleap_rt.runtime.pipeline import batches, stream  # noqa: E402
from sleap_rt.runtime.pipeline.journal import Journal  # noqa: E402
from sleap_rt.runtime.pipeline.spool import Spool  # noqa: E402
from sleap_rt.runtime.pipeline.track_assignment import Following  # noqa: E402
from sleap_rt.runtime.predictors import EnginesFirst, Pending  # noqa: E402
from sleap_rt.runtime.predictors.grouping import group_peaks  # noqa: E402
from sleap_rt.skeleton import Skeleton  # noqa: E402
from sleap_rt.tracking import TrackerOptions  # noqa: E402
from sleap_rt.workflows.planning.options import PredictionOptions  # noqa: E402
from sleap_rt.workflows.planning.plan import plan_prediction  # noqa: E402
from sleap_rt.workflows.predict import run_plan  # noqa: E402
from sleap_rt.workflows.resolve import ResolvedModels  # noqa: E402
from sleap_rt.workflows.running.run import Run  # noqa: E402

STAGES: dict[str, Sequence[tuple[Any, str]]] = {
    "reading": ((Source, "read"),),
    "batch": ((batches, "_Frames"),),
    "filters": ((stream, "filter_frame"), (stream, "_as_float32")),
    "tracking": ((Following, "follow"),),
    "journal": ((Journal, "append"),),
    "writing": ((Spool, "append"), (Tally, "add"), (DamagedFrames, "note"), (Run, "_save")),
}
LIMITS_MS = {2: 1.0, 20: 4.0}  # all but reading, per frame


class Stopwatch:
    """Seconds of the processor by stage; stages within others are not counted twice."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            started = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[stage] += time.thread_time() - started

        return call


class AnsweringAtOnce(EnginesFirst):
    """A bottom-up model whose engine takes no time."""

    needs_instances = False
    device = "cpu"
    class_names: tuple[str, ...] = ()

    def __init__(self, n_animals: int, n_nodes: int, watch: Stopwatch) -> None:
        nodes = tuple(f"node_{number}" for number in range(n_nodes))
        self._edges = tuple((number, number + 1) for number in range(n_nodes - 1))
        self.skeleton = Skeleton("fly", nodes, self._edges)
        contract = graph_contract(skeleton=self.skeleton, edges=self._edges)
        self.models = GraphSet((contract,), (Path("instant.onnx"),))
        draw = np.random.default_rng(0)
        middles = draw.uniform(100, 900, (1, n_animals, 2))
        self._peaks = (middles + draw.uniform(-25, 25, (n_nodes, n_animals, 2))).astype(np.float32)
        self._vals = draw.uniform(0.3, 1, (n_nodes, n_animals)).astype(np.float32)
        shape = (len(self._edges), n_animals, n_animals)
        self._lines = draw.uniform(-0.3, 0.3, shape).astype(np.float32) + np.eye(n_animals)
        self._group = watch.timed("grouping", self._grouped)

    def begin(self, frames: Any, frame_indices: Sequence[int], known: Any = None) -> Pending:
        return lambda: [self._group(index) for index in frame_indices]

    def _grouped(self, index: int) -> FrameInstances:
        step = 40 * np.array([np.cos(index / 50), np.sin(index / 50)], np.float32)
        peaks = self._peaks + step
        found = group_peaks(peaks, self._vals, self._lines, self._edges, DecodeOptions())
        return FrameInstances.untracked(
            frame_index=index,
            points=found.points,
            point_scores=found.point_scores,
            scores=found.scores,
        )

    def close(self) -> None:
        pass


def measured(video: Path, n_animals: int, n_nodes: int, watch: Stopwatch) -> dict[str, float]:
    """Processor ms per frame of each stage."""
    watch.seconds.clear()
    predictor = AnsweringAtOnce(n_animals, n_nodes, watch)
    graphs = predictor.models
    models = ResolvedModels(paths=(), overrides=NO_OVERRIDES, models=graphs, graphs=graphs)
    with open_input(video, SelectionOptions()) as opened, tempfile.TemporaryDirectory() as folder:
        options = PredictionOptions(
            output_path=Path(folder) / "out.slp",
            tracking=TrackerOptions(),
            run=RunOptions(batch_size=4),
        )
        plan = plan_prediction(models, opened, options)
        summary = run_plan(plan, opened, predictor=predictor, keeps_labels=False)
    assert summary.n_instances == n_animals * summary.n_frames
    return {stage: 1e3 * seconds / summary.n_frames for stage, seconds in watch.seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--animals", type=int, nargs="+", default=[2, 20])
    parser.add_argument("--nodes", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    watch = Stopwatch()
    for stage, functions in STAGES.items():
        for owner, name in functions:
            setattr(owner, name, watch.timed(stage, getattr(owner, name)))
    stages = ["reading", "batch", "grouping", "filters", "tracking", "journal", "writing"]
    print(f"{given.video.name}, {given.nodes} nodes, load {os.getloadavg()[0]:.0f}\n")
    print(f"| animals | {' | '.join(stages)} | all but reading | limit |")
    print("|" + "---|" * (len(stages) + 3))
    for n_animals in given.animals:
        runs = [measured(given.video, n_animals, given.nodes, watch) for _ in range(given.repeats)]
        least = {stage: min(run[stage] for run in runs) for stage in stages}
        total = sum(least.values()) - least["reading"]
        cells = " | ".join(f"{least[stage]:.3f}" for stage in stages)
        print(f"| {n_animals} | {cells} | {total:.2f} | {LIMITS_MS.get(n_animals, '')} |")


if __name__ == "__main__":
    main()
