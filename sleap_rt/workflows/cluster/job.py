"""What is sent to workers, and what they answer. Dask pickles it, between machines of one user."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.errors import SleapRtError
from sleap_rt.options import (
    DecodeOptions,
    EngineOptions,
    FilterOptions,
    RunOptions,
    SelectionOptions,
)


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that a worker needs to predict frames of one input.

    Attributes:
        version: of this program.
        data: path or paths of the input, the same on all machines.
        selection: which frames.
        frames: fingerprint of these.
        decoder: what turns the files into pixels.
        graphs: paths of the graphs, the same on all machines.
        models: fingerprint of their contracts.
        decode: thresholds and grouping.
        engine: what runs the graphs, as asked for; each worker settles it for its devices.
        threads: of the engine on a CPU, if none were asked for.
        filters: which instances to drop.
        run: batch size, queue, patience.
        match_known: a centroid model alone takes over poses of labelled animals.
    """

    version: str
    data: Path | tuple[Path, ...]
    selection: SelectionOptions
    frames: str
    decoder: str
    graphs: tuple[Path, ...]
    models: str
    decode: DecodeOptions
    engine: EngineOptions
    threads: int | None
    filters: FilterOptions
    run: RunOptions
    match_known: bool


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Who answers.

    Attributes:
        address: of the worker.
        host: its machine.
        engine: that it has open.
        device: where that truly runs.
        n_threads: of the worker; one engine serves them all.
    """

    address: str
    host: str
    engine: str
    device: str
    n_threads: int


@dataclass(frozen=True)
class Answer:
    """The results of a range.

    Attributes:
        batches: each as `packed` made it, and whether nothing cut it short.
        seconds: it took.
        maker: who predicted it.
        warnings: what a user should know about the worker's engine.
        failure: why there are no more; a frame cannot be read, which is nobody's fault.
    """

    batches: Sequence[tuple[bytes, bool]]
    seconds: float
    maker: Maker
    warnings: Sequence[str] = ()
    failure: str | None = None


@dataclass(frozen=True)
class Unfit:
    """A worker cannot take part, whatever the range.

    Attributes:
        address: of the worker.
        host: its machine.
        reason: why, a sentence.
    """

    address: str
    host: str
    reason: str


class RangeFailedError(Exception):
    """A range could not be predicted to its end; the scheduler tries it again.

    Args:
        error: why; short, as Dask cuts long ones.
        host: of the worker.
    """

    def __init__(self, error: SleapRtError, host: str) -> None:
        super().__init__(error, host)
        self.error, self.host = error, host
