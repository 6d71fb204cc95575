"""An engine against the one that certified the graphs, on a user's own frames."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from sleap_rt.arrays import AnyFloats
from sleap_rt.errors import OptionError
from sleap_rt.instances import FrameInstances
from sleap_rt.options import DecodeOptions, EngineOptions, RunOptions
from sleap_rt.runtime.engines import certifying_engine
from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.inspect.same_animals import same_animals
from sleap_rt.runtime.inspect.verify import TOLERANCES, Tolerance
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.pipeline.batches import predict_batches
from sleap_rt.runtime.predictors import open_predictor

# A few points of any video lie where a hair decides: on the threshold, on flat maps.
PERCENTILE = 99
MOST_CHANGED = 0.01  # share of instances or points that only one engine finds


@dataclass(frozen=True, kw_only=True)
class OwnFrames:
    """What two engines found in the same frames.

    Attributes:
        engine: that was compared.
        device: where it truly ran.
        reference: the engine that it was compared with.
        n_frames: compared.
        n_instances: that the reference found.
        n_missing: of these, only the reference found them.
        n_extra: instances that only the other engine found.
        n_renamed: instances of another class.
        n_points: of the instances that both found, in the reference.
        n_changed: points of these that only one of the two has.
        px: distance at the 99th percentile, frame px.
        most_px: the largest distance.
        score: difference of the points' scores at the 99th percentile.
        tolerance: of the graphs' precision.
    """

    engine: str
    device: str
    reference: str
    n_frames: int
    n_instances: int
    n_missing: int
    n_extra: int
    n_renamed: int
    n_points: int
    n_changed: int
    px: float
    most_px: float
    score: float
    tolerance: Tolerance

    @property
    def passed(self) -> bool:
        n_other = self.n_missing + self.n_extra + self.n_renamed
        few = (
            n_other <= MOST_CHANGED * self.n_instances
            and self.n_changed <= MOST_CHANGED * self.n_points
        )
        return few and self.px <= self.tolerance.px and self.score <= self.tolerance.score


def is_the_reference(engine: EngineOptions) -> bool:
    """Whether an engine, settled, is the one that graphs are certified with."""
    return (engine.engine, engine.device) == (certifying_engine(), "cpu")


def check_is_another(engine: EngineOptions) -> None:
    """Refuse to compare the reference with itself.

    Raises:
        OptionError: as the summary says.
    """
    if is_the_reference(engine):
        raise OptionError(
            f"data_path: compares an engine with {engine.engine} on cpu, and that is the one that "
            "would run; name another engine or device, such as --engine openvino"
        )


def compare_on_frames(
    graphs: GraphSet, engine: EngineOptions, opened: OpenInput, refs: Sequence[FrameRef]
) -> OwnFrames:
    """Predict the same frames with an engine and with the reference, and compare the poses.

    Args:
        graphs: of a model or a pair.
        engine: settled.
        opened: the input; it stays open.
        refs: the frames.

    Raises:
        EngineError: one of the engines cannot be opened, or failed.
        DataError: a frame cannot be read.
    """
    reference = EngineOptions(engine=certifying_engine(), device="cpu")
    runs, devices = [], []
    for options in (reference, engine):
        with closing(open_predictor(graphs, DecodeOptions(), options)) as predictor:
            batches = predict_batches(
                predictor, opened.source, refs, RunOptions(on_error="stop"), opened.labels
            )
            runs.append([result for batch in batches for result in batch.results])
            devices.append(predictor.device)
    contract = graphs.last
    cell_px = contract.decoding.confmaps_stride / contract.preprocessing.input_scale
    # The coarsest number format decides how far engines may be apart.
    tolerance = max((TOLERANCES[one] for one in graphs.precisions), key=lambda limits: limits.px)
    return _compared(runs[0], runs[1], cell_px, (engine.engine, devices[1]), tolerance)


def _compared(
    expected: Sequence[FrameInstances],
    found: Sequence[FrameInstances],
    cell_px: float,
    engine: tuple[str, str],
    tolerance: Tolerance,
) -> OwnFrames:
    pairs = list(_pairs(expected, found, cell_px))
    gaps = np.concatenate([_gaps(a.points, b.points).ravel() for a, b in pairs])
    scores = np.concatenate([np.abs(a.point_scores - b.point_scores).ravel() for a, b in pairs])
    there, here = (
        np.concatenate([~np.isnan(pair[side].points[..., 0]).ravel() for pair in pairs])
        for side in (0, 1)
    )
    both = there & here
    n_same, n_expected = sum(len(a) for a, _ in pairs), sum(map(len, expected))
    return OwnFrames(
        engine=engine[0],
        device=engine[1],
        reference=f"{certifying_engine()} on cpu",
        n_frames=len(expected),
        n_instances=n_expected,
        n_missing=n_expected - n_same,
        n_extra=sum(map(len, found)) - n_same,
        n_renamed=sum(int((a.track_ids != b.track_ids).sum()) for a, b in pairs),
        n_points=int(there.sum()),
        n_changed=int((there != here).sum()),
        px=_percentile(gaps[both]),
        most_px=float(gaps[both].max(initial=0.0)),
        score=_percentile(scores[both]),
        tolerance=tolerance,
    )


def _pairs(
    expected: Iterable[FrameInstances], found: Iterable[FrameInstances], cell_px: float
) -> Iterator[tuple[FrameInstances, FrameInstances]]:
    """The instances that both have, frame by frame."""
    for one, other in zip(expected, found, strict=True):
        rows, columns = same_animals(one.points, other.points, cell_px)
        yield one.take(rows), other.take(columns)


def _gaps(expected: AnyFloats, found: AnyFloats) -> AnyFloats:
    gaps: AnyFloats = np.linalg.norm(expected - found, axis=-1)
    return gaps


def _percentile(values: AnyFloats) -> float:
    return float(np.percentile(values, PERCENTILE, method="higher")) if values.size else 0.0
