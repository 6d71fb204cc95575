"""The sample that a certified graph carries, for `sleap_rt.runtime.inspect.verify` to replay."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx

from sleap_rt.contract import GraphContract
from sleap_rt.export.proof.graph_run import CPU, Feed, feed_of
from sleap_rt.export.proof.proof_frames import draw_frame
from sleap_rt.export.proof.thresholds import widest_gap
from sleap_rt.kinds import KINDS
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.engines import Engine, open_engine
from sleap_rt.runtime.graph_seal import seal
from sleap_rt.runtime.inspect.verify import SAMPLE_KEY, Sample

_SEED = 20250617
_SIZE = (160, 192)  # (height, width) px of the frame
_CENTERS = np.array([[48, 56], [100.25, 90.5], [150.75, 12]], np.float32)  # (x, y) px
_N_SLOTS = 64


def add_sample(path: Path, contract: GraphContract, feeds: Iterable[Feed] = ()) -> None:
    """Run a certified graph on one frame, and append the sample to its file.

    The sample has only the decoded outputs. The threshold lies in the widest gap between the values
    of the frame's peaks, so that another engine's noise does not decide what is a peak.

    Args:
        path: of the graph.
        contract: of the graph.
        feeds: inputs to choose from; the one with the widest gap is taken. Without any, a small
            frame is drawn. Maps of a drawn frame are faint: in int8, engines round too differently
            to agree on it, so such graphs need real frames.
    """
    engine = open_engine(path, CPU)
    names = list(KINDS[contract.kind].outputs)
    inputs = [spec.name for spec in engine.inputs]
    slots = {"slots": np.zeros(_N_SLOTS, np.float32)}
    trials = [
        _trial(engine, {name: (feed | slots)[name] for name in inputs}, names)
        for feed in feeds or [_drawn(contract)]
    ]
    _, feed = max(trials, key=lambda trial: trial[0])
    sample = Sample(feed, engine.run(feed, names))
    engine.close()
    entry = onnx.ModelProto()
    entry.metadata_props.add(key=SAMPLE_KEY, value=sample.to_text())
    seal(path, entry.SerializeToString())


def _trial(engine: Engine, feed: Feed, names: list[str]) -> tuple[float, Feed]:
    """The inputs with a threshold, and before them its distance from the nearest peak's value."""
    (top,) = engine.run(feed, ["confmaps"]).values()
    low, high = 0.1 * float(top.max()), 0.5 * float(top.max())
    found = engine.run(feed | {"peak_threshold": np.array(low, np.float32)}, names)
    (vals,) = (array for name, array in found.items() if name.endswith("_vals"))
    vals = vals[np.isfinite(vals)]
    threshold = widest_gap(vals, low, high)
    margin = float(np.abs(vals - threshold).min()) if vals.size else 0.0
    return margin, feed | {"peak_threshold": np.array(threshold, np.float32)}


def _drawn(contract: GraphContract) -> Feed:
    frame = draw_frame(np.random.default_rng(_SEED), _SIZE, contract.preprocessing.in_channels)
    return feed_of(frame, DecodeOptions(), _CENTERS if KINDS[contract.kind].sees_crops else None)
