"""Proof that exported models run right and fast on a GPU: every engine that opens, in one table.

On any machine with the whole package, frames and the poses that the CPU finds in them:

    python gpu_proof.py frames VIDEO EXPORT -o frames.npz

On the machine with the GPU, which may have no network and needs this file, NumPy, sleap-rt's wheel
(`pip install --no-deps`) and the packages of its engines; SciPy, too, for bottom-up models:

    python gpu_proof.py run EXPORT [EXPORT ...] --frames frames.npz -o proof

EXPORT are folders of `sleap-nn export`: the same models, one folder for each precision. `run` opens
each with every GPU engine and device, with and without CUDA graphs, each in a process of its own;
`--cpu` adds the CPU's engines. It writes proof.json and proof.md, and ends with 1 if nothing ran, a
run failed, or poses are not the CPU's.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sleap_rt.errors import SleapRtError
from sleap_rt.instances import FrameInstances
from sleap_rt.model_files import exported_graphs
from sleap_rt.options import DecodeOptions, EngineOptions
from sleap_rt.runtime.engines import declarations
from sleap_rt.runtime.engines.wrapping.times import EngineTimes, timed_engines
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.predictors import Predictor, open_predictor

N_WARM_UP = 3  # batches; engines prepare for a shape when they first run it
LONGEST_RUN_S = 3600  # building one engine may take minutes
# Largest distance to the CPU's poses that passes, frame px: share of the points, distance. Of int8,
# what is lost depends on the model; `export` has judged it.
LIMITS = {"fp32": (100, 0.01), "fp16": (99, 0.25)}
# Where a map has two peaks that are equally high, rounding decides. Points apart by more px, with
# confidences apart by less, are such ties; more of them than this share are none.
TIE_PX, TIE_SCORE, MOST_TIES = 1.0, 1e-3, 0.02
COLUMNS = (
    "export, precision | engine | CUDA graphs | frames | poses | px, 99 % | px, max | open, s | "
    "again, s | frames/s | ms, p50 | p99 | copy | graph | group | GPU MiB | host MiB"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    frames = commands.add_parser("frames", help="store frames and the CPU's poses")
    frames.add_argument("video", type=Path)
    frames.add_argument("export", type=Path)
    frames.add_argument("-o", "--output", type=Path, default=Path("frames.npz"))
    frames.add_argument("--n_frames", type=int, default=64)
    frames.set_defaults(command=store_frames)
    run = commands.add_parser("run", help="run every engine and write the tables")
    run.add_argument("exports", type=Path, nargs="+", metavar="EXPORT")
    run.add_argument("-o", "--output", type=Path, default=Path("proof"))
    run.add_argument("--engines", nargs="+", choices=list(declarations()), metavar="NAME")
    run.add_argument("--cpu", action="store_true", help="the CPU's engines, too")
    run.set_defaults(command=run_all)
    one = commands.add_parser("one", help="(a process of `run`)")
    one.add_argument("export", type=Path)
    one.add_argument("engine")
    one.add_argument("device")
    one.add_argument("--no_cuda_graphs", action="store_true")
    one.set_defaults(command=run_one)
    for command in (run, one):
        command.add_argument("--frames", type=Path, default=Path("frames.npz"))
        command.add_argument("--batch_sizes", type=int, nargs="+", default=[1, 4, 16])
        command.add_argument("--seconds", type=float, default=5.0, help="to measure, per size")
    args = parser.parse_args()
    try:
        sys.exit(args.command(args))
    except (SleapRtError, OSError, KeyError, ModuleNotFoundError) as error:
        sys.exit(f"Error: {error}")


# ---------------------------------------------------------------------------- frames and poses


def store_frames(args: argparse.Namespace) -> int:
    from sleap_rt.runtime.frames.video import VideoFile  # PyAV; only here

    with VideoFile(args.video) as video:
        indices = range(min(args.n_frames, video.n_frames))
        frames = np.stack([video.read(index) for index in indices])
    predictor = opened(args.export, EngineOptions(engine="ort", device="cpu"))
    poses = predicted(predictor, frames, 4)
    predictor.close()
    np.savez_compressed(args.output, frames=frames, **stored(poses))
    n_poses = sum(map(len, poses))
    print(f"{args.output}: {len(frames)} frames with {n_poses} poses")
    if not n_poses:
        sys.exit("Error: the models find nothing in these frames, so they prove nothing.")
    return 0


def opened(export: Path, options: EngineOptions) -> Predictor:
    return open_predictor(exported_graphs(export), DecodeOptions(), options)


def predicted(predictor: Predictor, frames: np.ndarray, size: int) -> list[FrameInstances]:
    parts = np.array_split(np.arange(len(frames)), range(size, len(frames), size))
    batches = [predictor.predict(frames[part], part.tolist()) for part in parts]
    return [found for batch in batches for found in batch]


def stored(poses: Sequence[FrameInstances]) -> dict[str, np.ndarray]:
    """All frames' instances, (n, n_nodes, 3): x, y px and confidence; how many each frame has."""
    return {
        "instances": np.concatenate([of_frame(found) for found in poses]),
        "counts": np.array([len(found) for found in poses]),
    }


def of_frame(found: FrameInstances) -> np.ndarray:
    return np.concatenate([found.points, found.point_scores[..., None]], axis=-1)


def compared(
    found: Sequence[FrameInstances], reference: Sequence[np.ndarray]
) -> dict[str, float | int | None]:
    """Distances of points to the CPU's, px; ties; frames and points that only one of both has."""
    pairs = [matched(of_frame(one), other) for one, other in zip(found, reference, strict=True)]
    ours, theirs = (np.concatenate(each) for each in zip(*pairs, strict=True))
    px = np.linalg.norm(ours[..., :2] - theirs[..., :2], axis=-1)
    both = ~np.isnan(px)
    tied = (px > TIE_PX) & (np.abs(ours[..., 2] - theirs[..., 2]) < TIE_SCORE)
    n_seen = [int((~np.isnan(each[..., 0])).sum()) for each in (ours, theirs)]
    counts = [len(one) != len(other) for one, other in zip(found, reference, strict=True)]
    px = px[both & ~tied]
    return {
        "n_points": int(both.sum()),
        "n_ties": int(tied.sum()),
        "n_frames_with_other_counts": sum(counts),
        "n_points_in_one_only": sum(n_seen) - 2 * int(both.sum()),
        "px_99": float(np.percentile(px, 99)) if len(px) else None,
        "px_max": float(px.max()) if len(px) else None,
    }


def matched(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of instances of one frame, the nearest first come."""
    left, pairs = list(range(len(theirs))), []
    for i in range(len(ours)):
        if left:
            nearest = min(left, key=lambda j: typical(ours[i] - theirs[j]))
            pairs.append((i, nearest))
            left.remove(nearest)
    first, second = np.array(pairs, int).reshape(-1, 2).T
    return ours[first], theirs[second]


def typical(apart: np.ndarray) -> float:
    """Median distance of the points that both have; infinite without any."""
    distances = np.linalg.norm(apart[:, :2], axis=-1)
    both = distances[~np.isnan(distances)]
    return float(np.median(both)) if len(both) else np.inf


def verdict(poses: dict[str, Any], precision: str) -> str:
    if precision not in LIMITS:
        return "not judged"
    share, limit = LIMITS[precision]
    px = poses["px_max"] if share == 100 else poses["px_99"]
    same = px is not None and px <= limit and poses["n_ties"] <= MOST_TIES * poses["n_points"]
    if precision == "fp32":
        same &= not (poses["n_frames_with_other_counts"] or poses["n_points_in_one_only"])
    if not same:
        return "DIFFERENT"
    return f"the CPU's; ties: {poses['n_ties']}" if poses["n_ties"] else "the CPU's"


# ---------------------------------------------------------------------------- one engine


def run_one(args: argparse.Namespace) -> int:
    """Prints one line of JSON: poses and times of one engine."""
    with np.load(args.frames, allow_pickle=False) as file:
        frames, instances, counts = file["frames"], file["instances"], file["counts"]
    reference = np.split(instances, np.cumsum(counts)[:-1])
    options = EngineOptions(
        engine=args.engine, device=args.device, cuda_graphs=False if args.no_cuda_graphs else None
    )
    memory_before = gpu_mib()
    with timed_engines() as times:
        predictor, open_s = seconds_to_open(args.export, frames, options)
        poses = compared(predicted(predictor, frames, args.batch_sizes[0]), reference)
        sizes = [
            measured(predictor, frames, size, args.seconds, times) for size in args.batch_sizes
        ]
        memory = gpu_mib()
        device = predictor.device
        predictor.close()
        again, again_s = seconds_to_open(args.export, frames, options)
        again.close()
    result = {
        "device": device,
        "open_s": open_s,
        "open_again_s": again_s,
        "poses": poses,
        "batches": sizes,
        "gpu_mib": memory - memory_before if memory and memory_before else None,
        "host_mib": host_mib(),
    }
    print(json.dumps(result))
    return 0


def seconds_to_open(
    export: Path, frames: np.ndarray, options: EngineOptions
) -> tuple[Predictor, float]:
    """A predictor that has answered once; until then, engines may still be built."""
    started = time.perf_counter()
    predictor = opened(export, options)
    predictor.predict(frames[:1], [0])
    return predictor, time.perf_counter() - started


def measured(
    predictor: Predictor, frames: np.ndarray, size: int, seconds: float, times: EngineTimes
) -> dict[str, float]:
    """Times per batch, ms, after a warm-up."""
    batches = [np.take(frames, range(i, i + size), 0, mode="wrap") for i in range(0, 64, size)]
    total, copy, graph = [], [], []
    ends = np.inf
    for number in range(sys.maxsize):
        if number == N_WARM_UP:
            ends = time.perf_counter() + seconds
        times.clear()
        started = time.perf_counter()
        predictor.predict(batches[number % len(batches)], range(size))
        total.append(1e3 * (time.perf_counter() - started))
        copy.append(1e3 * times.uploads)
        graph.append(1e3 * times.runs)
        if time.perf_counter() > ends and number > 2 * N_WARM_UP:
            break
    total, copy, graph = (each[N_WARM_UP:] for each in (total, copy, graph))
    return {
        "batch_size": size,
        "n_batches": len(total),
        "frames_per_second": 1e3 * size * len(total) / sum(total),
        **{f"p{share}_ms": float(np.percentile(total, share)) for share in (50, 90, 99)},
        "max_ms": max(total),
        "copy_ms": float(np.median(copy)),
        "graph_ms": float(np.median(graph)),
        "group_ms": float(np.median(np.subtract(total, np.add(copy, graph)))),
    }


def gpu_mib() -> float | None:
    """Memory in use on the first GPU, by anyone; None where the driver's program does not say."""
    try:
        return float(asked_of_driver("memory.used"))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def asked_of_driver(field: str) -> str:
    command = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader,nounits", "--id=0"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def host_mib() -> float | None:
    """The most memory that this process has held; None on Windows."""
    try:
        import resource
    except ModuleNotFoundError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


# ---------------------------------------------------------------------------- all engines


def run_all(args: argparse.Namespace) -> int:
    rows = []
    for row in variants(args):
        if "left_out" not in row:
            print(f"{row['export']}: {row['engine']} on {row['device']} ...", file=sys.stderr)
            row.update(in_own_process(args, row))
        rows.append(row)
    for row in rows:
        if "poses" in row:
            row["verdict"] = verdict(row["poses"], row["precision"])
    report = {"machine": machine(), "runs": rows}
    args.output.with_suffix(".json").write_text(json.dumps(report, indent=1), encoding="utf8")
    text = as_markdown(report)
    args.output.with_suffix(".md").write_text(text, encoding="utf8")
    print(text)
    ran = [row for row in rows if "verdict" in row]
    bad = [row for row in rows if "failed" in row or row.get("verdict") == "DIFFERENT"]
    return 0 if ran and not bad else 1


def variants(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Everything that could run, with the reason where it cannot run here."""
    for export, (name, declared) in product(args.exports, declarations().items()):
        if args.engines and name not in args.engines:
            continue
        graphs = GraphSet.read(exported_graphs(export))
        precision = next(iter(graphs.precisions - {"fp32"}), "fp32")
        for device in declared.devices:
            if device.kind == "cpu" and not args.cpu:
                continue
            row = {"export": export.name, "precision": precision, "path": str(export)}
            row |= {"engine": name, "device": device.kind}
            why = declared.why_not(device.kind)
            if precision not in declared.precisions:
                why = f"it runs no {precision}"
            if why is not None:
                yield row | {"left_out": why}
            elif declared.honours("cuda_graphs", device):
                yield from (row | {"cuda_graphs": on} for on in (True, False))
            else:
                yield row


def in_own_process(args: argparse.Namespace, row: dict[str, Any]) -> dict[str, Any]:
    """What `one` printed; a crash of an engine ends its own process alone."""
    command = [sys.executable, __file__, "one", row["path"], row["engine"], row["device"]]
    command += ["--frames", str(args.frames), "--seconds", str(args.seconds)]
    command += ["--batch_sizes", *map(str, args.batch_sizes)]
    command += ["--no_cuda_graphs"] if row.get("cuda_graphs") is False else []
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=LONGEST_RUN_S, text=True)
    except subprocess.TimeoutExpired:
        return {"failed": f"no answer in {LONGEST_RUN_S} s"}
    if done.returncode:
        return {"failed": f"its process ended with {done.returncode}; its words are above"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def machine() -> dict[str, Any]:
    packages = {name for one in declarations().values() for name in one.packages}
    versions = {}
    for name in sorted({"sleap-rt", "numpy", *packages}):
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    gpu = None
    with suppress(OSError, subprocess.SubprocessError):
        gpu = asked_of_driver("name,driver_version,memory.total")
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "n_cores": os.cpu_count(),
        "gpu": gpu,
        "packages": versions,
    }


def as_markdown(report: dict[str, Any]) -> str:
    here = report["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in here["packages"].items())
    columns = COLUMNS.split(" | ")
    lines = [
        "# Engines on this machine\n",
        f"{here['date']}. GPU: {here['gpu'] or 'none that the driver names'}. {here['system']}, "
        f"{here['n_cores']} cores, Python {here['python']}; {packages}.\n",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
    ]
    for row in report["runs"]:
        lines += [f"| {' | '.join(cells)} |" for cells in cells_of(row)]
    rest = [row for row in report["runs"] if "left_out" in row or "failed" in row]
    lines += ["\nTimes are ms per batch, memory is the most in use. Not in the table:\n"]
    for row in rest:
        words = f"FAILED: {row['failed']}" if "failed" in row else row["left_out"]
        lines.append(
            f"- {row['export']} ({row['precision']}), {row['engine']} on {row['device']}: {words}"
        )
    return "\n".join(lines if rest else lines[:-1]) + "\n"


def cells_of(row: dict[str, Any]) -> Iterator[list[str]]:
    """One line per batch size."""
    graphs = {True: "on", False: "off", None: ""}[row.get("cuda_graphs")]
    for batch in row.get("batches", ()):
        poses, numbers = row["poses"], [batch[f"{name}_ms"] for name in ("p50", "p99")]
        numbers += [batch[f"{name}_ms"] for name in ("copy", "graph", "group")]
        yield [
            f"{row['export']}, {row['precision']}",
            f"{row['engine']} on {row['device']}",
            graphs,
            str(batch["batch_size"]),
            row["verdict"],
            *("" if poses[name] is None else f"{poses[name]:.4f}" for name in ("px_99", "px_max")),
            f"{row['open_s']:.1f}",
            f"{row['open_again_s']:.1f}",
            f"{batch['frames_per_second']:.0f}",
            *(f"{number:.2f}" for number in numbers),
            *("" if row[name] is None else f"{row[name]:.0f}" for name in ("gpu_mib", "host_mib")),
        ]


if __name__ == "__main__":
    main()
