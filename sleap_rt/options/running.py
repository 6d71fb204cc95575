"""What can differ from run to run: frames, decoding, filters, engine."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from sleap_rt.errors import OptionError

MOST_DETECT_EVERY = 50  # they are in memory together, and hardly anything is left to gain


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
        anchor_part: node that crops around labelled animals are centered on; None takes the
            training's.
        detect_every: the first of two models sees one of so many frames; behind it, crops follow
            the poses.
    """

    peak_threshold: float = 0.2
    centroid_peak_threshold: float | None = None
    integral_refinement: Literal["integral", "none"] = "integral"
    max_instances: int | None = None
    max_edge_length_ratio: float = 0.25
    dist_penalty_weight: float = 1.0
    min_line_scores: float = 0.25
    min_instance_peaks: float = 0
    anchor_part: str | None = None
    detect_every: int = 1

    def __post_init__(self) -> None:
        if self.integral_refinement not in ("integral", "none"):
            raise OptionError(
                "integral_refinement must be 'integral' or 'none', "
                f"got {self.integral_refinement!r}"
            )
        if self.max_instances is not None and self.max_instances < 1:
            raise OptionError(f"max_instances must be at least 1, got {self.max_instances}")
        if not 1 <= self.detect_every <= MOST_DETECT_EVERY:
            raise OptionError(
                f"detect_every must lie in 1 to {MOST_DETECT_EVERY} frames, got {self.detect_every}"
            )
        for name in ("max_edge_length_ratio", "dist_penalty_weight", "min_instance_peaks"):
            if not getattr(self, name) >= 0:
                raise OptionError(f"{name} must not be negative, got {getattr(self, name)}")
        for name in ("peak_threshold", "centroid_peak_threshold", "min_line_scores"):
            value = getattr(self, name)
            if value is not None and value != value:
                raise OptionError(f"{name} must be a number, got {value}")
        for name in ("peak_threshold", "centroid_peak_threshold"):  # maps of confidence begin at 0
            value = getattr(self, name)
            if value is not None and value < 0:
                raise OptionError(f"{name} must not be negative, got {value}")

    @property
    def detection_in_words(self) -> str:
        """How often animals are looked for; empty where that is in every frame."""
        return "" if self.detect_every == 1 else f"centroids in 1 of {self.detect_every} frames"

    @property
    def centroid_threshold(self) -> float:
        given = self.centroid_peak_threshold
        return self.peak_threshold if given is None else given


USUAL_BATCH_SIZE = 4


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How frames flow through the run; these change no result of a frame that can be read.

    Attributes:
        batch_size: frames per call of the engine; None lets memory and measurements decide.
        queue_maxsize: decoded frames that may wait for the engine, in whole batches; at least one
            batch is read ahead.
        stall_timeout: s after which a frame that is not read, or a batch that the engine does not
            answer, ends the run; 0 waits for ever.
        on_error: what a frame that cannot be decoded does: `continue` leaves it empty and counts
            it, `stop` ends the run there.
        most_at_once: batches that a CPU may compute side by side, as memory allows; parts of a run
            must not differ, and do not look at the memory.
    """

    batch_size: int | None = None
    queue_maxsize: int = 8
    on_error: Literal["continue", "stop"] = "continue"
    stall_timeout: float = 300.0
    most_at_once: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.stall_timeout < math.inf:
            raise OptionError(
                f"stall_timeout must be a number of seconds, 0 for none; got {self.stall_timeout}"
            )
        for name in ("batch_size", "queue_maxsize"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"{name} must be at least 1, got {value}")
        if self.on_error not in ("continue", "stop"):
            raise OptionError(f"on_error must be 'continue' or 'stop', got {self.on_error!r}")

    @property
    def frames_per_batch(self) -> int:
        """`batch_size`, or the usual number where nothing has decided."""
        return USUAL_BATCH_SIZE if self.batch_size is None else self.batch_size

    def n_at_once(self, n_frames: int) -> int:
        """Batches that may be computed side by side in a run over so many frames."""
        return min(-(-n_frames // self.frames_per_batch), self.most_at_once)

    def in_blocks_of(self, size: int) -> "RunOptions":
        """The same with a settled batch, of whole blocks of so many frames."""
        return replace(self, batch_size=-(-self.frames_per_batch // size) * size)


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """Which inference engine runs, and where; each engine declares which of the others it honours.

    Attributes:
        engine: name of an engine, or `auto`.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, ...; never silently replaced by another one.
        threads: CPU threads of the engine; None takes one per core.
        workspace: most MiB of GPU memory that one layer may use besides its inputs and outputs;
            None takes what the GPU has.
        cuda_graphs: launch a run whose shapes repeat as one recorded whole; None does where the
            engine can.
    """

    engine: str = "auto"
    device: str = "auto"
    threads: int | None = None
    workspace: int | None = None
    cuda_graphs: bool | None = None

    def __post_init__(self) -> None:
        for name in ("threads", "workspace"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"{name} must be at least 1, got {value}")


@dataclass(frozen=True, kw_only=True)
class SelectionOptions:
    """Which frames of the input are processed.

    Without any, every frame of a video and every labelled frame of a labels file is.

    Attributes:
        frames: frame indices; None takes all. In labels they hold for each of the videos.
        video_index: the one video of a labels file to take, and of it every frame.
        only_labeled_frames: frames with an instance that a user made.
        only_suggested_frames: suggested frames without such an instance.
        exclude_user_labeled: frames without such an instance.
        only_predicted_frames: frames with a predicted instance.
        video_dataset: the dataset of an HDF5 video; None takes the first of four axes.
        video_input_format: order of that dataset's axes.
        video_colors: of video files: `bt601`, as OpenCV up to 4.12 decoded them for training; or
            `tagged`, by the matrix that the file names, as newer ones do.
    """

    frames: tuple[int, ...] | None = None
    video_index: int | None = None
    only_labeled_frames: bool = False
    only_suggested_frames: bool = False
    exclude_user_labeled: bool = False
    only_predicted_frames: bool = False
    video_dataset: str | None = None
    video_input_format: Literal["channels_last", "channels_first"] = "channels_last"
    video_colors: Literal["bt601", "tagged"] = "bt601"

    def __post_init__(self) -> None:
        if self.only_labeled_frames:
            for name in ("exclude_user_labeled", "only_suggested_frames"):
                if getattr(self, name):
                    raise OptionError(
                        f"only_labeled_frames and {name} exclude each other: no frame is both"
                    )
        if self.frames is not None:
            if not self.frames or min(self.frames) < 0:
                raise OptionError(
                    "frames must be frame indices, 0 or more; "
                    + (f"got {min(self.frames)}" if self.frames else "none was given")
                )
            object.__setattr__(self, "frames", tuple(sorted(set(self.frames))))
        if self.video_index is not None and self.video_index < 0:
            raise OptionError(f"video_index must be 0 or more, got {self.video_index}")
        if self.video_input_format not in ("channels_last", "channels_first"):
            raise OptionError(
                "video_input_format must be 'channels_last' or 'channels_first', "
                f"got {self.video_input_format!r}"
            )
        if self.video_colors not in ("bt601", "tagged"):
            raise OptionError(
                f"video_colors must be 'bt601' or 'tagged', got {self.video_colors!r}"
            )

    @property
    def label_filters(self) -> tuple[str, ...]:
        """Filters by what a frame's labels are, that are on; the first one decides."""
        return tuple(name for name in LABEL_FILTERS if getattr(self, name))


LABEL_FILTERS = (
    "only_labeled_frames",
    "only_suggested_frames",
    "exclude_user_labeled",
    "only_predicted_frames",
)


@dataclass(frozen=True, kw_only=True)
class FilterOptions:
    """Which predicted instances are dropped, before tracking.

    Attributes:
        filter_overlapping: drop an instance that overlaps a better one too much.
        filter_overlapping_method: `iou` of the boxes around visible nodes, or `oks`.
        filter_overlapping_threshold: similarity above which they overlap too much.
        filter_min_visible_nodes: least number of visible nodes.
        filter_min_visible_node_fraction: the same as a fraction of all nodes.
        filter_min_mean_node_score: least mean score of the visible nodes.
        filter_min_instance_score: least instance score.
        filter_min_centroid_distance: of instances with a single node, those within so many px of
            a better one are dropped; 0 keeps all.
    """

    filter_overlapping: bool = False
    filter_overlapping_method: Literal["iou", "oks"] = "iou"
    filter_overlapping_threshold: float = 0.8
    filter_min_visible_nodes: int = 0
    filter_min_visible_node_fraction: float = 0.0
    filter_min_mean_node_score: float = 0.0
    filter_min_instance_score: float = 0.0
    filter_min_centroid_distance: float = 0.0

    def __post_init__(self) -> None:
        if self.filter_overlapping_method not in ("iou", "oks"):
            raise OptionError(
                "filter_overlapping_method must be 'iou' or 'oks', "
                f"got {self.filter_overlapping_method!r}"
            )
        for name in ("filter_overlapping_threshold", "filter_min_visible_node_fraction"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"{name} must lie in [0, 1], got {getattr(self, name)}")
        for name in ("filter_min_mean_node_score", "filter_min_instance_score"):
            if getattr(self, name) != getattr(self, name):
                raise OptionError(f"{name} must be a number, got {getattr(self, name)}")
        if self.filter_min_mean_node_score < 0:
            raise OptionError(
                "filter_min_mean_node_score must not be negative, "
                f"got {self.filter_min_mean_node_score}"
            )
        if self.filter_min_visible_nodes < 0:
            raise OptionError(
                "filter_min_visible_nodes must not be negative, "
                f"got {self.filter_min_visible_nodes}"
            )
        if not self.filter_min_centroid_distance >= 0:
            raise OptionError(
                "filter_min_centroid_distance must not be negative, "
                f"got {self.filter_min_centroid_distance}"
            )
        if not self.filter_overlapping:
            for name in ("filter_overlapping_method", "filter_overlapping_threshold"):
                if getattr(self, name) != getattr(type(self), name):
                    raise OptionError(f"{name} takes effect only with filter_overlapping")

    @property
    def any_on(self) -> bool:
        return self != FilterOptions()


NO_FILTERS = (
    "filters are of whole runs (predict, stream, run_inference, run_live); in a loop of your own, "
    "FrameInstances.take keeps the instances you choose"
)
