"""The sample that a certified graph carries, for `sleap_rt.runtime.verification` to replay."""

from pathlib import Path

import numpy as np
import onnx

from sleap_rt.contract import CROP_KINDS, GraphContract
from sleap_rt.export.certificate import CPU, draw_frame, widest_gap
from sleap_rt.runtime.engines import Array, Engine, open_engine
from sleap_rt.runtime.verification import SAMPLE_KEY, Sample

_SEED = 20250617
_SIZE = (160, 192)  # (height, width) px of the frame
_CENTERS = np.array([[48, 56], [100.25, 90.5], [150.75, 12]], np.float32)  # (x, y) px
_N_SLOTS = 64
_RAW = ("confmaps", "pafs", "class_maps")


def add_sample(path: Path, contract: GraphContract) -> None:
    """Run a certified graph on one small frame, and append what it finds to its file.

    Only the decoded outputs are kept. The threshold lies where the frame's peaks leave the widest
    gap, so that another engine's noise does not decide what is a peak.
    """
    engine = open_engine(path, CPU)
    feed = _feed(engine, contract)
    (top,) = engine.run(feed, ["confmaps"]).values()
    low, high = 0.1 * float(top.max()), 0.5 * float(top.max())
    names = [spec.name for spec in engine.outputs if spec.name not in _RAW]
    feed["peak_threshold"] = np.array(low, np.float32)
    (vals,) = (array for name, array in engine.run(feed, names).items() if name.endswith("_vals"))
    threshold = widest_gap(vals[np.isfinite(vals)], low, high)
    feed["peak_threshold"] = np.array(threshold, np.float32)
    sample = Sample(feed, engine.run(feed, names))
    engine.close()
    # Messages of this format are merged by appending one to the other, so that a graph of any size
    # need not be read and written again.
    entry = onnx.ModelProto()
    entry.metadata_props.add(key=SAMPLE_KEY, value=sample.to_text())
    with path.open("ab") as file:
        file.write(entry.SerializeToString())


def _feed(engine: Engine, contract: GraphContract) -> dict[str, Array]:
    frame = draw_frame(np.random.default_rng(_SEED), _SIZE, contract.preprocessing.in_channels)
    values: dict[str, Array] = {"frames": frame[None], "slots": np.zeros(_N_SLOTS, np.float32)}
    if contract.kind in CROP_KINDS:
        values |= {"centers": _CENTERS, "frame_index": np.zeros(len(_CENTERS), np.int64)}
    scalars = {
        "peak_threshold": 0.0,
        "integral_refinement": 1.0,
        "max_edge_length_ratio": 0.25,
        "dist_penalty_weight": 1.0,
    }
    values |= {name: np.array(value, np.float32) for name, value in scalars.items()}
    return {spec.name: values[spec.name] for spec in engine.inputs}
