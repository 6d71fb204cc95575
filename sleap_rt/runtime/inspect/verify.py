"""The sample that an exported file carries, and its replay on any engine and device.

At export, each graph is compared with its checkpoint on ONNX Runtime's CPU (the certificate). The
file stores the graph's outputs there for one small frame. A user can replay it on the machine that
will run the graph, and see how far that machine's engine is from the certified result.
"""

import base64
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sleap_rt.arrays import AnyFloats
from sleap_rt.contract import GraphContract
from sleap_rt.errors import ModelError
from sleap_rt.kinds import KINDS, MAP_SUMS
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import Array, open_engine
from sleap_rt.runtime.graph_file import read_graph_file, read_metadata
from sleap_rt.untrusted.archives import FAULTS, BoundedArchive
from sleap_rt.untrusted.arrays import read_npy
from sleap_rt.untrusted.budget import Budget
from sleap_rt.untrusted.json_text import parse_json

SAMPLE_KEY = "sleap_rt_sample"
_POINTS = ("peaks", "centroids")
_COUNTS = ("n_candidates",)
N_RUNS = 6  # TensorRT records a run that repeats, and launches the recording from then on


@dataclass(frozen=True)
class Tolerance:
    """How far a replay may be from the stored result.

    Attributes:
        px: distance of two points, frame px.
        score: difference of two confidences, line scores or probabilities.
        percentile: of all distances and differences, which must be within the limits.
    """

    px: float
    score: float
    percentile: float

    @property
    def share(self) -> str:
        return "all" if self.percentile == 100 else f"{self.percentile:g} % of them"


TOLERANCES = {
    "fp32": Tolerance(px=0.01, score=1e-4, percentile=100),
    "fp16": Tolerance(px=0.25, score=0.02, percentile=99),
    # Engines join different layers, so that they round in different places: any two of them are
    # about as far from each other as each is from float32.
    "int8": Tolerance(px=0.5, score=0.05, percentile=90),
}
# What is further off than this was not rounded, but computed wrongly: limits of the next coarser
# number format, or four times those of a format that has none.
EXPLAINED_BY_ROUNDING = {
    "fp32": Tolerance(px=0.25, score=0.02, percentile=100),
    "fp16": Tolerance(px=1.0, score=0.08, percentile=99),
    "int8": Tolerance(px=2.0, score=0.2, percentile=90),
}


@dataclass(frozen=True)
class Sample:
    """One run of a graph.

    Attributes:
        feed: every input.
        expected: outputs of the certified graph.
    """

    feed: dict[str, Array]
    expected: dict[str, Array]

    def to_text(self) -> str:
        """The sample as text, for a file's metadata."""
        parts = {"feed": self.feed, "expected": self.expected}
        return json.dumps({name: _packed(arrays) for name, arrays in parts.items()})

    @classmethod
    def from_text(cls, text: str) -> "Sample":
        """Raises:
        ModelError: the text is damaged.
        """
        try:
            parts = parse_json(text, most=len(text))
            return cls(_unpacked(parts["feed"]), _unpacked(parts["expected"]))
        except (*FAULTS, TypeError, AttributeError) as error:
            raise ModelError(f"The stored sample is damaged: {error}. Export it again.") from error


@dataclass(frozen=True, kw_only=True)
class Verification:
    """A replay against the stored result.

    Attributes:
        path: of the graph.
        kind: what the graph computes.
        precision: number format of the network.
        engine: that ran it.
        device: where it truly ran.
        n_expected: points in the stored result.
        n_missing: of these, not found.
        n_extra: points found that the stored result does not have.
        px: distance at the tolerance's percentile, frame px.
        score: difference of scores at that percentile.
        tolerance: of the graph's precision.
    """

    path: Path
    kind: str
    precision: str
    engine: str
    device: str
    n_expected: int
    n_missing: int
    n_extra: int
    px: float
    score: float
    tolerance: Tolerance

    @property
    def passed(self) -> bool:
        return self._is_within(self.tolerance) and not self.n_missing and not self.n_extra

    @property
    def is_rounding(self) -> bool:
        """Whether the differences, however large, can come from rounding at other places."""
        limits = EXPLAINED_BY_ROUNDING[self.precision]
        n_changed = self.n_missing + self.n_extra
        few = 100 * n_changed <= (100 - limits.percentile) * self.n_expected
        return few and self._is_within(limits)

    def _is_within(self, limits: Tolerance) -> bool:
        return self.px <= limits.px and self.score <= limits.score


def verify_graph(path: Path, options: EngineOptions, n_runs: int = N_RUNS) -> Verification:
    """Replay a file's sample several times; the first replay that fails counts, else the last.

    Args:
        path: an exported graph.
        options: engine and device to run it on.
        n_runs: how often.

    Raises:
        ModelError: the file is not ours or carries no sample.
        EngineError: the engine or the device is not available.
    """
    contract, sample = read_graph_file(path).contract, read_sample(path)
    row = KINDS[contract.kind]
    if {*sample.feed} != {"frames", *row.inputs} or {*sample.expected} != {*row.outputs}:
        raise ModelError(f"{path}: the stored sample is not of this graph. Export it again.")
    engine = open_engine(path, options)
    try:
        feed = {**sample.feed, "frames": engine.upload(sample.feed["frames"])}
        results = [engine.run(feed, list(sample.expected)) for _ in range(n_runs)]
    finally:
        engine.close()
    replays = [
        _compared(path, contract, options.engine, engine.device, sample.expected, found)
        for found in results
    ]
    return next((replay for replay in replays if not replay.passed), replays[-1])


def read_sample(path: Path) -> Sample:
    """Raises:
    ModelError: the file carries none, or a damaged one.
    """
    text = read_metadata(path).get(SAMPLE_KEY)
    if text is None:
        raise ModelError(f"{path} carries no sample to replay. Export the model again.")
    return Sample.from_text(text)


def _compared(
    path: Path,
    contract: GraphContract,
    engine: str,
    device: str,
    expected: dict[str, Array],
    found: dict[str, Array],
) -> Verification:
    tolerance = TOLERANCES[contract.precision]
    px: list[AnyFloats] = []
    scores: list[AnyFloats] = []
    n_expected = n_missing = n_extra = 0
    for name, wanted in expected.items():
        given = found[name]
        if given.shape != wanted.shape:
            raise ModelError(f"{path}: the stored sample is not of this graph. Export it again.")
        if name in _COUNTS:
            continue
        if name == MAP_SUMS:  # how large they are says little; whether they are numbers, all
            scores.append(np.where(np.isfinite(given), 0.0, np.inf))
        elif name in _POINTS:
            there, here = ~np.isnan(wanted[..., 0]), ~np.isnan(given[..., 0])
            n_expected += int(there.sum())
            n_missing += int((there & ~here).sum())
            n_extra += int((here & ~there).sum())
            px.append(np.linalg.norm(wanted - given, axis=-1)[there & here])
        else:
            scores.append(_score_differences(wanted, given))
    return Verification(
        path=path,
        kind=contract.kind,
        precision=contract.precision,
        engine=engine,
        device=device,
        n_expected=n_expected,
        n_missing=n_missing,
        n_extra=n_extra,
        px=_percentile(px, tolerance),
        score=_percentile(scores, tolerance),
        tolerance=tolerance,
    )


def _score_differences(wanted: Array, given: Array) -> Array:
    """Differences of all scores that either result has; infinite where only one has it."""
    only_one = np.isnan(wanted) != np.isnan(given)
    differences = np.where(only_one | (wanted == given), 0.0, np.abs(wanted - given))
    differences[only_one] = np.inf
    return differences[~np.isnan(wanted) | ~np.isnan(given)]


def _percentile(values: list[AnyFloats], tolerance: Tolerance) -> float:
    together = np.concatenate([part.ravel() for part in values])
    if not together.size:
        return 0.0
    # "higher": between infinity and a number there is nothing to interpolate.
    return float(np.percentile(together, tolerance.percentile, method="higher"))


def _packed(arrays: dict[str, Array]) -> str:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # names are ours
    return base64.b64encode(buffer.getvalue()).decode()


def _unpacked(text: str) -> dict[str, Array]:
    packed = base64.b64decode(text, validate=True)
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        archive = BoundedArchive(opened, Budget(len(packed)))
        return {name.removesuffix(".npy"): read_npy(archive.read(name)) for name in archive.names}
