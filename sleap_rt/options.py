"""Options with one home each: default, unit and check. The command line reads them from here."""

from dataclasses import dataclass
from typing import Literal

from sleap_rt.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class DecodeOptions:
    """How network outputs become instances. All take effect at run time, none is baked in a graph.

    Attributes:
        peak_threshold: confidence; peaks below it are dropped. Also used for centroids unless
            `centroid_peak_threshold` is given.
        centroid_peak_threshold: the same for the first of two stages; None takes
            `peak_threshold`.
        integral_refinement: `integral` moves a peak within its cell by integral regression,
            `none` leaves it on the grid.
        max_instances: keep the best n of a frame; None keeps all.
        max_edge_length_ratio: longest edge without penalty, as a fraction of the largest
            dimension of the part affinity fields.
        dist_penalty_weight: how strongly longer edges are penalised.
        min_line_scores: connections that score less are dropped.
        min_instance_peaks: instances with fewer peaks are dropped; below 1 a fraction of the
            nodes, from 1 a count.
    """

    peak_threshold: float = 0.2
    centroid_peak_threshold: float | None = None
    integral_refinement: Literal["integral", "none"] = "integral"
    max_instances: int | None = None
    max_edge_length_ratio: float = 0.25
    dist_penalty_weight: float = 1.0
    min_line_scores: float = 0.25
    min_instance_peaks: float = 0

    def __post_init__(self) -> None:
        if self.integral_refinement not in ("integral", "none"):
            raise OptionError(
                "integral_refinement must be 'integral' or 'none', "
                f"got {self.integral_refinement!r}"
            )
        if self.max_instances is not None and self.max_instances < 1:
            raise OptionError(f"max_instances must be at least 1, got {self.max_instances}")
        for name in ("max_edge_length_ratio", "dist_penalty_weight", "min_instance_peaks"):
            if not getattr(self, name) >= 0:
                raise OptionError(f"{name} must not be negative, got {getattr(self, name)}")
        for name in ("peak_threshold", "centroid_peak_threshold", "min_line_scores"):
            value = getattr(self, name)
            if value is not None and value != value:
                raise OptionError(f"{name} must be a number, got {value}")

    @property
    def centroid_threshold(self) -> float:
        given = self.centroid_peak_threshold
        return self.peak_threshold if given is None else given


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How frames flow through the run; these change speed and memory, never results.

    Attributes:
        batch_size: frames per call of the engine.
        queue_maxsize: decoded frames that may wait for the engine.
    """

    batch_size: int = 4
    queue_maxsize: int = 8

    def __post_init__(self) -> None:
        for name in ("batch_size", "queue_maxsize"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """Which inference engine runs, and where.

    Attributes:
        engine: name of an engine, or `auto`.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, ...; never silently replaced by another one.
        threads: CPU threads of the engine; None takes one per core.
    """

    engine: str = "auto"
    device: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise OptionError(f"threads must be at least 1, got {self.threads}")
