"""The certificate of a graph in float16: against the float32 graph of the same model.

The float32 graph is within its own certificate of the checkpoint, a hundred times closer than the
differences measured here. Both graphs run on ONNX Runtime, on the frames of that certificate.
"""

from contextlib import closing
from pathlib import Path

from sleap_rt.arrays import Image
from sleap_rt.contract import Certificate, GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.export.proof import proof_frames
from sleap_rt.export.proof.compare import Differences
from sleap_rt.export.proof.graph_run import CPU, run_graph
from sleap_rt.export.proof.proof_frames import synthetic_frames
from sleap_rt.export.proof.thresholds import clear_threshold
from sleap_rt.kinds import KINDS
from sleap_rt.options import DecodeOptions
from sleap_rt.runtime.engines import Engine, open_engine
from sleap_rt.runtime.predictors import open_predictor

MAX_P99_PX = 0.25  # frame px, at the 99th percentile of all points
MAX_CHANGED = 0.02  # share of points that one graph finds and the other does not
_SAME_CELLS = 3  # points further apart are different points
_ABOVE_ALL = 1e30  # a threshold that no peak reaches

_Engines = tuple[Engine, Engine]


def certify_reduced(exact: Path, reduced: Path, contract: GraphContract) -> Certificate:
    """Compare a graph in float16 with the float32 graph.

    Args:
        exact: the float32 graph.
        reduced: the float16 graph.
        contract: of either; these have the same.

    Returns:
        What was measured.

    Raises:
        ModelError: points move, appear or vanish by more than the tolerance.
    """
    frames = synthetic_frames(contract.preprocessing)
    cell_px = contract.decoding.confmaps_stride / contract.preprocessing.input_scale
    result = Differences(_SAME_CELLS * cell_px)
    sees_crops = KINDS[contract.kind].sees_crops
    with closing(open_engine(exact, CPU)) as one, closing(open_engine(reduced, CPU)) as other:
        for frame in frames:
            threshold = _compare_maps(contract, (one, other), frame, result)
            options = DecodeOptions(peak_threshold=threshold, min_line_scores=-1e3)
            if sees_crops:
                _compare_crops((one, other), frame, options, result)
            else:
                _compare_frame((exact, reduced), frame, options, result)
    check(result)
    return result.certificate(proof_frames.in_words(frames), len(frames))


def _compare_maps(
    contract: GraphContract, engines: _Engines, frame: Image, result: Differences
) -> float:
    """Compare the networks' outputs; returns a threshold that no peak's value is close to."""
    row = KINDS[contract.kind]
    centers = proof_frames.random_centers(frame) if row.sees_crops else None
    nothing = DecodeOptions(peak_threshold=_ABOVE_ALL)
    exact, reduced = (run_graph(engine, frame, nothing, centers).outputs for engine in engines)
    result.add_maps({name: exact[name] for name in row.heads}, reduced)
    return clear_threshold(exact["confmaps"], contract.kind)


def _compare_frame(
    paths: tuple[Path, Path], frame: Image, options: DecodeOptions, result: Differences
) -> None:
    found = []  # each frame has a threshold of its own, which a predictor is opened with
    for path in paths:
        with closing(open_predictor([path], options, CPU)) as predictor:
            found += predictor.predict(frame[None], [0])
    exact, reduced = found
    scores = (exact.point_scores, reduced.point_scores)
    result.add_instances(exact.points, reduced.points, scores)


def _compare_crops(
    engines: _Engines, frame: Image, options: DecodeOptions, result: Differences
) -> None:
    """Each crop is compared by itself."""
    centers = proof_frames.random_centers(frame)
    exact, reduced = (run_graph(engine, frame, options, centers).outputs for engine in engines)
    for i in range(len(centers)):
        one, other = (
            (run["peaks"][i : i + 1], run["peak_vals"][i : i + 1]) for run in (exact, reduced)
        )
        result.add_instances(one[0], other[0], (one[1], other[1]))


def check(result: Differences) -> None:
    """Raises:
    ModelError: what was measured is beyond the tolerances.
    """
    changed = (result.n_lost + result.n_extra) / max(1, result.n_points)
    if not (result.p99_px <= MAX_P99_PX and changed <= MAX_CHANGED):  # NaN fails too
        raise ModelError(
            "In float16 this model finds other poses: 1 of 100 points moves by more than "
            f"{result.p99_px:.2f} px (allowed {MAX_P99_PX}); of {result.n_points} points "
            f"{result.n_lost} vanish, and {result.n_extra} appear (allowed {MAX_CHANGED:.0%}). "
            "Export it with --precision fp32."
        )
