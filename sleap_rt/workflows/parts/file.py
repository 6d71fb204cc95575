"""The file of a part: a finished journal whose first line says exactly what it is a part of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from sleap_rt.contract import GraphContract
from sleap_rt.errors import DataError, OptionError, SleapRtError, did_you_mean_path
from sleap_rt.options import (
    DecodeOptions,
    FilterOptions,
    FrameRange,
    ModelOverrides,
    RunOptions,
    SelectionOptions,
    filled,
)
from sleap_rt.runtime.frames.one_input import in_order, is_pattern
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.runtime.outputs.names import JOURNAL_SUFFIX, PART_SUFFIX
from sleap_rt.runtime.outputs.origin.input_files import files_fingerprint
from sleap_rt.runtime.pipeline.journal import begun_run
from sleap_rt.runtime.pipeline.journal_file import CALLED, FinishedJournal, alike, differences
from sleap_rt.tracking import TrackerOptions
from sleap_rt.workflows.run_identity.asked import selection_asked

PART, SETTINGS = "part", "settings"  # names in the first line, beside those of `run_identity`
# Of parts that belong together
MAY_DIFFER = frozenset({"engine", "device", "threads", PART, SETTINGS, CALLED})
_OUTPUT = ("centroid_only", "centroid_output", "no_empty_frames")
_WHAT_TO_DO = "predict this part again"


@dataclass(frozen=True)
class Part:
    """A part that was read.

    Attributes:
        journal: its results.
        number: from 1 on.
        n_parts: how many there are.
        positions: of its frames among those of the run.
        n_frames: of the whole run.
    """

    journal: FinishedJournal
    number: int
    n_parts: int
    positions: range
    n_frames: int

    @property
    def path(self) -> Path:
        return self.journal.path

    @property
    def identity(self) -> dict[str, Any]:
        """What all parts of one run have in common, and what that is called for a person."""
        run = self.journal.run
        said = run.get(SETTINGS, {})
        own = {name: value for name, value in run.items() if name not in MAY_DIFFER}
        own |= {"number of parts": self.n_parts, "tracking": said.get("tracking")}
        return {**own, **said.get("output", {}), CALLED: run.get(CALLED)}


@dataclass(frozen=True)
class Settings:
    """What a part says of the run that it belongs to.

    Attributes:
        data: the input.
        graphs: the models; their files may be gone.
        selection: which frames.
        decode: thresholds and grouping.
        filters: which instances were dropped.
        run: batch size and queue.
        tracking: how to track, if that was said.
        match_known: a centroid model alone took over poses of labelled animals.
        overrides: settings that replaced those of the training configurations.
        engine_options: what was asked of the engine, by name.
        output: how the result is to be written, by names of `PredictionOptions`.
    """

    data: Any
    graphs: GraphSet
    selection: SelectionOptions
    decode: DecodeOptions
    filters: FilterOptions
    run: RunOptions
    tracking: TrackerOptions | None
    match_known: bool
    overrides: ModelOverrides
    engine_options: Mapping[str, Any]
    output: Mapping[str, Any]


def parts_among(given: Iterable[Path]) -> list[Path]:
    """The parts that patterns and folders stand for, and other paths as they are."""
    return [file for path in given for file in in_order(_parts_of(path)) or [path]]


def _parts_of(path: Path) -> Iterable[Path]:
    if path.is_dir():
        return path.glob(f"*{PART_SUFFIX}")
    return map(Path, glob(str(path), recursive=True)) if is_pattern(path) else ()


def read_part(path: Path) -> Part:
    """Read the file of a part.

    Raises:
        DataError: it is missing, no part, or not whole.
    """
    if not path.exists():
        hint = did_you_mean_path(path)
        raise DataError(
            f"{path} does not exist; expected a part, as --frame_range_of writes it.{hint}"
        )
    if path.is_dir() or path.suffix == ".slp":
        what = "a folder" if path.is_dir() else "a result"
        raise DataError(
            f"{path} is {what}; expected parts, `.part`, as --frame_range_of writes them."
        )
    journal = FinishedJournal.read(path, _WHAT_TO_DO)
    try:
        values = journal.run[PART]
        number, n_parts, start, stop, n_frames = (
            int(values[name]) for name in ("number", "n_parts", "start", "stop", "n_frames")
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is the journal of a run, not a part of one: continue that run with --resume."
        ) from error
    n_wanted = stop - start
    if path.suffix == JOURNAL_SUFFIX:
        raise DataError(
            f"{path} is the journal of a part that is not finished: {journal.n_frames} of its "
            f"{n_wanted} frames are predicted. Give the command that began it again with --resume."
        )
    if journal.n_frames != n_wanted or not journal.is_whole:
        raise DataError(
            f"{path} is damaged: {journal.n_frames} of its {n_wanted} frames can be read; "
            f"{_WHAT_TO_DO}."
        )
    return Part(journal, number, n_parts, range(start, stop), n_frames)


def settings_of(part: Part) -> Settings:
    """What a part says of its run.

    Raises:
        DataError: it is of another version of this program.
    """
    try:
        return _settings(part.journal.run[SETTINGS])
    except (KeyError, TypeError, ValueError, SleapRtError) as error:
        raise DataError(
            f"{part.path} was written by another version of sleap-rt ({error}): merge with that "
            f"version, or {_WHAT_TO_DO}."
        ) from error


def _settings(said: Mapping[str, Any]) -> Settings:
    data, tracking = said["data"], said["tracking"]
    contracts = tuple(map(GraphContract.from_json, said["contracts"]))
    return Settings(
        data=Path(data) if isinstance(data, str) else [Path(one) for one in data],
        graphs=GraphSet(contracts, _paths(said["graph_paths"]), _paths(said["trained_models"])),
        selection=filled(SelectionOptions, said["selection"]),
        decode=filled(DecodeOptions, said["decode"]),
        filters=filled(FilterOptions, said["filters"]),
        run=filled(RunOptions, said["run"]),
        tracking=None if tracking is None else filled(TrackerOptions, tracking),
        match_known=bool(said["match_known"]),
        overrides=_overrides(said["overrides"]),
        engine_options=dict(said["engine_options"]),
        output=dict(said["output"]),
    )


def _paths(said: Sequence[str]) -> tuple[Path, ...]:
    return tuple(map(Path, said))


def _overrides(said: Mapping[str, Any]) -> ModelOverrides:
    paths = {name: Path(said[name]) for name in said if name.endswith("_path")}
    return ModelOverrides(**{**said, **paths})


def _selection(said: Mapping[str, Any]) -> dict[str, Any]:
    return selection_asked(filled(SelectionOptions, said["selection"]))


def asked_of_part(path: Path) -> dict[str, Any]:
    """What was asked of the run that wrote a part, as `asked_of_input`; empty of other files."""
    try:
        run = begun_run(path) or {}
        said = run[SETTINGS]
        return {
            **{name: run[name] for name in ("models", "decoding options", "filters", "input")},
            "tracking": said["tracking"],
            "selection": _selection(said),
            **{name: said["output"][name] for name in _OUTPUT},
            CALLED: run.get(CALLED),
        }
    except (SleapRtError, KeyError, TypeError, ValueError):
        return {}


def check_part_replaceable(
    path: Path,
    files: Sequence[Path],
    wanted: FrameRange,
    selection: SelectionOptions,
    *,
    overwrite: bool,
) -> None:
    """Refuse to replace a file that is not the same part of what is made from the same input.

    Args:
        path: the part to write; nothing is said if it does not exist.
        files: of the input.
        wanted: which part.
        selection: of which frames.
        overwrite: replace whatever is there.

    Raises:
        OptionError: the input is in no file, so that no merge could find it.
        DataError: as the summary says.
    """
    if not files:
        raise OptionError("frame_range_of: takes files, which `merge` opens once more")
    if overwrite or not path.exists():
        return
    what = _what_it_is(path, files, wanted, selection)
    if what:
        raise DataError(
            f"{path} exists and {what}. It is not replaced: choose another -o, or pass --overwrite."
        )


def _what_it_is(
    path: Path, files: Sequence[Path], wanted: FrameRange, selection: SelectionOptions
) -> str:
    """Why a file is another one than the part to write; empty if it is the same."""
    try:
        run = FinishedJournal.read(path, "").run
        there = FrameRange(run[PART]["number"], run[PART]["n_parts"])
        then = _selection(run[SETTINGS])
        is_of_input = alike(run["input"], files_fingerprint(files))
    except (SleapRtError, KeyError, TypeError, ValueError):
        is_of_input = False
    if not is_of_input:
        return "is no part of this input"
    if there != wanted:
        return f"is part {there} of this input, not part {wanted}"
    other = list(differences(then, selection_asked(selection)))
    return f"is a part of other frames of this input: {'; '.join(other)}" if other else ""
