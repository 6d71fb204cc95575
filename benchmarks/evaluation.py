"""How long an evaluation takes: poses and identities, from labels in memory and from files.

python benchmarks/evaluation.py
python benchmarks/evaluation.py --frames 100000 --animals 2 --nodes 13 --files
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sleap_io as sio

from sleap_rt.evaluation import EvalOptions, IdentityOptions, PoseOptions, run_eval
from sleap_rt.evaluation.identity.evaluation import evaluate_identities
from sleap_rt.evaluation.metrics import pose_metrics
from sleap_rt.evaluation.pairing.pose_pairs import pair_poses
from sleap_rt.evaluation.reading.pose_table import PoseTable
from sleap_rt.evaluation.reading.videos import VideoFile, VideoSource


def make_table(points: np.ndarray, *, predicted: bool, rng: np.random.Generator) -> PoseTable:
    """A table of (n_frames, n_animals, n_nodes, 2) px; predictions swap tracks now and then."""
    n_frames, n_animals, n_nodes, _ = points.shape
    tracks = np.tile(np.arange(n_animals), (n_frames, 1))
    if predicted:
        swapped = np.cumsum(rng.random(n_frames) < 0.002) % 2 == 1
        tracks[swapped] = tracks[swapped][:, ::-1]
    n = n_frames * n_animals
    keep = rng.random(n) > (0.03 if predicted else 0)
    table = PoseTable(
        name="predictions" if predicted else "ground truth",
        videos=(VideoSource(files=(VideoFile(("synthetic.mp4",)),)),),
        node_names=tuple(f"node {i}" for i in range(n_nodes)),
        edge_inds=(),
        track_names=tuple(f"track {i}" for i in range(n_animals)),
        frame_videos=np.zeros(n_frames, np.int64),
        frame_idxs=np.arange(n_frames),
        is_negative=np.zeros(n_frames, np.bool_),
        frame_starts=np.arange(n_frames + 1) * n_animals,
        points=points.reshape(n, n_nodes, 2),
        scores=rng.random(n) if predicted else np.full(n, np.nan),
        is_predicted=np.full(n, predicted),
        is_replaced=np.zeros(n, np.bool_),
        track_ids=tracks.ravel(),
        rows_in_file=np.arange(n),
    )
    return table.keep_instances(keep)


def make_scene(n_frames: int, n_animals: int, n_nodes: int) -> tuple[PoseTable, PoseTable]:
    """Animals that walk at random, and predictions with noise, gaps and swaps."""
    rng = np.random.default_rng(0)
    shape = rng.uniform(-40, 40, (n_animals, n_nodes, 2))
    paths = 500 + rng.normal(0, 3, (n_frames, n_animals, 1, 2)).cumsum(axis=0)
    truth = paths + shape
    predicted = truth + rng.normal(0, 3, truth.shape)
    predicted[rng.random(predicted.shape[:3]) < 0.03] = np.nan
    return (
        make_table(truth, predicted=False, rng=rng),
        make_table(predicted, predicted=True, rng=rng),
    )


def labels_from_table(table: PoseTable) -> sio.Labels:
    """The table as labels that can be saved."""
    skeleton = sio.Skeleton(nodes=list(table.node_names))
    video = sio.Video(filename=table.videos[0].files[0].paths[0], open_backend=False)
    tracks = [sio.Track(name) for name in table.track_names]
    frames = []
    for row, frame_idx in enumerate(table.frame_idxs.tolist()):
        instances: list[Any] = []
        for i in range(table.frame_starts[row], table.frame_starts[row + 1]):
            more: dict[str, Any] = {"skeleton": skeleton, "track": tracks[table.track_ids[i]]}
            if table.is_predicted[i]:
                more |= {"score": float(table.scores[i]), "point_scores": np.ones(len(skeleton))}
                instances.append(sio.PredictedInstance.from_numpy(table.points[i], **more))
            else:
                instances.append(sio.Instance.from_numpy(table.points[i], **more))
        frames.append(sio.LabeledFrame(video=video, frame_idx=frame_idx, instances=instances))
    return sio.Labels(frames, videos=[video], skeletons=[skeleton], tracks=tracks)


class Seconds(NamedTuple):
    """What something took: by the clock, and of the processor, which a busy machine blurs less."""

    clock: float
    cpu: float


def seconds(function: Callable[[], object], repeats: int) -> Seconds:
    """The shortest of several runs."""
    times = []
    for _ in range(repeats):
        start = Seconds(time.perf_counter(), time.process_time())
        function()
        times.append(Seconds(time.perf_counter() - start.clock, time.process_time() - start.cpu))
    return min(times)


def measure(n_frames: int, n_animals: int, n_nodes: int, repeats: int) -> None:
    """Print the seconds of one scene, from tables in memory."""
    truth, predicted = make_scene(n_frames, n_animals, n_nodes)
    poses = PoseOptions(oks_stddev=0.05)
    pairing = pair_poses(truth, predicted, poses)
    parts = {
        "matching": seconds(lambda: pair_poses(truth, predicted, poses), repeats),
        "pose metrics": seconds(lambda: pose_metrics(pairing), repeats),
        "identities": seconds(
            lambda: evaluate_identities(truth, predicted, IdentityOptions(), poses), repeats
        ),
    }
    _show(n_frames, n_animals, n_nodes, parts)


def measure_files(n_frames: int, n_animals: int, n_nodes: int) -> None:
    """Print the seconds of one scene, from files to saved metrics."""
    truth, predicted = make_scene(n_frames, n_animals, n_nodes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        labels_from_table(truth).save(str(folder / "truth.slp"), verbose=False)
        labels_from_table(predicted).save(str(folder / "predicted.slp"), verbose=False)
        options = EvalOptions(
            ground_truth_path=folder / "truth.slp",
            predicted_paths=(folder / "predicted.slp",),
            identities=IdentityOptions(),
            save_metrics=folder / "metrics.npz",
        )
        parts = {"files read, measured, saved": seconds(lambda: run_eval(options), 1)}
    _show(n_frames, n_animals, n_nodes, parts)


def _show(n_frames: int, n_animals: int, n_nodes: int, parts: dict[str, Seconds]) -> None:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = ", ".join(f"{name} {value.clock:.2f} s" for name, value in parts.items())
    together = Seconds(*map(sum, zip(*parts.values(), strict=True)))
    print(
        f"{n_frames} frames x {n_animals} animals x {n_nodes} nodes: {times}; together "
        f"{together.clock:.2f} s, {together.cpu:.2f} s of CPU; memory at most {peak_mb:.0f} MB"
    )


def main() -> None:
    """Measure the scene asked for, or the usual ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int)
    parser.add_argument("--animals", type=int, default=2)
    parser.add_argument("--nodes", type=int, default=13)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--files", action="store_true", help="from files, reading included")
    given = parser.parse_args()
    scenes = [(given.frames, given.animals)] if given.frames else [(1500, 2), (300, 20)]
    for n_frames, n_animals in scenes:
        if given.files:
            measure_files(n_frames, n_animals, given.nodes)
        else:
            measure(n_frames, n_animals, given.nodes, given.repeats)


if __name__ == "__main__":
    main()
