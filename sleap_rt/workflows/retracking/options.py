"""What is asked of tracking without a model, and what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sleap_rt.errors import OptionError
from sleap_rt.options import FilterOptions, SelectionOptions
from sleap_rt.runtime.outputs.names import settled_format
from sleap_rt.tracking.options import TrackerOptions
from sleap_rt.workflows.leniency import SENT_FOR_SLEAP_NN

if TYPE_CHECKING:
    import sleap_io as sio


@dataclass(frozen=True, kw_only=True)
class RetrackOptions:
    """All options of tracking without a model.

    Attributes:
        tracking: how to track.
        selection: which frames and video to keep.
        filters: which predicted instances to drop before tracking.
        output_path: the file to write; None writes none.
        output_format: kind of the file, or `auto`: as `output_path` ends, else slp.
        no_empty_frames: leave out frames without instances.
        overwrite: replace a file that is not the unchanged result of the same input.
        preview: a picture of the result will be drawn beside it.
        reproducible: leave times out of the result, so that the same run gives the same bytes.
    """

    tracking: TrackerOptions
    selection: SelectionOptions = field(default_factory=SelectionOptions)
    filters: FilterOptions = field(default_factory=FilterOptions)
    output_path: Path | None = None
    output_format: str = "auto"
    no_empty_frames: bool = False
    overwrite: bool = False
    preview: bool = False
    reproducible: bool = False

    def __post_init__(self) -> None:
        name = settled_format(self.output_format, self.output_path)
        object.__setattr__(self, "output_format", name)


@dataclass(frozen=True, kw_only=True)
class RetrackSummary:
    """What tracking without a model did.

    Attributes:
        n_frames: of the result.
        n_instances: in these.
        n_tracks: of these.
        n_trackless: predictions that got no track, which are left out.
        n_missing: frames that were asked for and have no labels.
        seconds: of tracking.
        paths: files written.
        labels: the result, if it was to be kept.
        notes: what a person should know about the input, in words.
    """

    n_frames: int
    n_instances: int
    n_tracks: int
    n_trackless: int
    n_missing: int
    seconds: float
    paths: tuple[Path, ...]
    labels: "sio.Labels | None"
    notes: tuple[str, ...] = ()


_HONOURED = frozenset(
    {
        *FilterOptions.__dataclass_fields__,
        *TrackerOptions.__dataclass_fields__,
        *("frames", "video_index", "max_instances", "tracking"),
        *("output_format", "no_empty_frames", "overwrite", "reproducible", "gui", "as_json"),
        *("skip_existing", "summary", "preview", "dry_run", "progress"),
        *SENT_FOR_SLEAP_NN,
    }
)


def refuse_without_effect(given: Iterable[str]) -> None:
    """Refuse options of a prediction that tracking without a model has no use for.

    Args:
        given: names of options that the user set.

    Raises:
        OptionError: as the summary says.
    """
    useless = sorted(set(given) - _HONOURED)
    if useless:
        names = ", ".join(useless)
        raise OptionError(f"{names}: no effect with tracking without a model; leave it out")
