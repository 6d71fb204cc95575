"""Engines against each other on this machine, in pairs, so that other load hits all alike.

    python benchmarks/engines.py VIDEO GRAPHS ... [--rounds 8] [--n_frames 32] [--batch_size 4]

GRAPHS are export folders, or `FOLDER+OTHER`, OTHER being the same models in another precision. In
every round each variant predicts the same frames once, in an order that changes from round to
round; printed are the median of the ratios to ONNX Runtime as `track` uses it, round by round, with
the smallest and the largest. `ort, spinning` is ONNX Runtime with its own default, whose threads go
on spinning after a run; `together` are engines that do one batch after the other, all cores on each
layer together, where `track` has a batch for each core. Frames are read while predicting, as in
`track`. Only CPUs.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sleap_rt.options import DecodeOptions, EngineOptions, RunOptions  # noqa: E402
from sleap_rt.runtime import open_predictor, predict_frames  # noqa: E402
from sleap_rt.runtime.frames.video import VideoFile  # noqa: E402
from sleap_rt.runtime.predictors import Predictor  # noqa: E402

VARIANTS = (
    *("ort", "ort, spinning", "ort, together"),
    *("openvino", "openvino, together", "mnn", "mnn, together"),
)
OF_OTHERS = ("ort", "openvino")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("graphs", nargs="+")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--n_frames", type=int, default=32)
    parser.add_argument("--batch_size", type=int, default=RunOptions.batch_size)
    args = parser.parse_args()
    others = OF_OTHERS if any("+" in graphs for graphs in args.graphs) else ()
    names = (*VARIANTS[1:], *(f"other graphs, {variant}" for variant in others))
    print(f"| model | ort, frames/s | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}")
    for graphs in args.graphs:
        folder, *other = map(Path, graphs.split("+"))
        pairs = [(sorted(folder.glob("*.onnx")), variant) for variant in VARIANTS]
        pairs += [(sorted(o.glob("*.onnx")), variant) for o in other for variant in OF_OTHERS]
        seconds = measure(args, pairs)
        ratios = seconds[:, :1] / seconds[:, 1:]  # (rounds, variants): above 1 is faster than ort
        cells = [f"{np.median(r):.2f} ({r.min():.2f}-{r.max():.2f})" for r in ratios.T]
        speed = args.n_frames / np.median(seconds[:, 0])
        print(f"| {folder.name} | {speed:.1f} | {' | '.join(cells)} |", flush=True)


def measure(args: argparse.Namespace, variants: Sequence[tuple[Sequence[Path], str]]) -> np.ndarray:
    """Seconds, (rounds, variants); a variant is graphs and an engine."""
    seconds = np.empty((args.rounds, len(variants)))
    with VideoFile(args.video) as video:
        frames = range(min(args.n_frames, video.n_frames))
        runs = [opened(models, variant, args.batch_size) for models, variant in variants]

        def once(predictor: Predictor, run: RunOptions) -> float:
            started = time.perf_counter()
            for _ in predict_frames(predictor, video, frames, run):
                pass
            return time.perf_counter() - started

        for (_, variant), run in zip(variants, runs, strict=True):
            with spinning_sessions(
                variant.endswith("spinning")
            ):  # some are opened by the first run
                once(*run)
        for number in range(args.rounds):
            for i in np.roll(range(len(variants)), number):
                seconds[number, i] = once(*runs[i])
    for predictor, _ in runs:
        predictor.close()
    return seconds


def opened(models: Sequence[Path], variant: str, batch_size: int) -> tuple[Predictor, RunOptions]:
    engine = EngineOptions(engine=variant.partition(",")[0], device="cpu")
    run = RunOptions(batch_size=batch_size)
    if variant.endswith("together"):
        run = replace(run, most_at_once=1)
    with spinning_sessions(variant.endswith("spinning")):
        return open_predictor(models, DecodeOptions(), engine, n_at_once=run.most_at_once), run


@contextmanager
def spinning_sessions(on: bool):
    """Sessions opened inside keep ONNX Runtime's default."""
    import onnxruntime

    plain: Callable = onnxruntime.SessionOptions.add_session_config_entry

    def without_spinning(self, key: str, value: str) -> None:
        if key != "session.intra_op.allow_spinning":
            plain(self, key, value)

    if on:
        onnxruntime.SessionOptions.add_session_config_entry = without_spinning
    try:
        yield
    finally:
        onnxruntime.SessionOptions.add_session_config_entry = plain


if __name__ == "__main__":
    main()
