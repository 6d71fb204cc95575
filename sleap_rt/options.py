"""Options with one home each: default, unit and check. The command line reads them from here."""

from dataclasses import dataclass, fields
from pathlib import Path
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
class ModelOverrides:
    """What is to differ from a model's training configuration. None keeps what it says.

    These are part of an exported graph: another value is another graph.

    Attributes:
        backbone_ckpt_path: checkpoint whose weights replace those of the same name; only those of
            the backbone if `head_ckpt_path` is given as well.
        head_ckpt_path: checkpoint whose head weights replace the model's.
        max_height: rows that every frame is resized and padded to, px.
        max_width: the same for columns.
        input_scale: network-input px per sized px; in a pair, of both models.
        ensure_rgb: True repeats gray frames to three channels; False leaves them as they are.
        ensure_grayscale: True takes the luma of three channels; False leaves them as they are.
        crop_size: side of the square crop around an instance, sized px.
        anchor_part: node that crops around labelled animals are centred on.
        integral_patch_size: cells on a side of the patch that refines a peak.
        n_points: samples on the line between two peaks.
    """

    backbone_ckpt_path: Path | None = None
    head_ckpt_path: Path | None = None
    max_height: int | None = None
    max_width: int | None = None
    input_scale: float | None = None
    ensure_rgb: bool | None = None
    ensure_grayscale: bool | None = None
    crop_size: int | None = None
    anchor_part: str | None = None
    integral_patch_size: int | None = None
    n_points: int | None = None

    def __post_init__(self) -> None:
        if self.ensure_rgb and self.ensure_grayscale:
            raise OptionError("ensure_rgb and ensure_grayscale exclude each other; give one")
        least = {"max_height": 1, "max_width": 1, "crop_size": 1, "n_points": 2}
        for name, smallest in {**least, "integral_patch_size": 1}.items():
            value = getattr(self, name)
            if value is not None and value < smallest:
                raise OptionError(f"{name} must be at least {smallest}, got {value}")
        if self.input_scale is not None and not 0 < self.input_scale < float("inf"):
            raise OptionError(f"input_scale must be a positive number, got {self.input_scale}")

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the overrides that are set."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) is not None)


NO_OVERRIDES = ModelOverrides()


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
