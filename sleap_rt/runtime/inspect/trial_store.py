"""Evidence about engines, kept from run to run, beside the engines that were built."""

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sleap_rt.machine.cores import available_cores, cpu_name
from sleap_rt.machine.drivers import driver_version
from sleap_rt.runtime.engines import declarations
from sleap_rt.runtime.engines._cache import cache_folder, graph_hash
from sleap_rt.runtime.inspect.trials import Evidence, Trial
from sleap_rt.version import __version__

_LAYOUT = 4


@dataclass(frozen=True, kw_only=True)
class TrialKey:
    """What a measurement depends on.

    Attributes:
        graphs: hashes of the models' files, first stage first.
        frame_shape: (height, width, channels).
        cpu: its name.
        cores: that may be used.
        versions: of this program and of what runs the graphs, by name.
        fixed: options that were asked for, by name; they limit the contestants.
        device: that runs the graphs, and of which machine.
    """

    graphs: tuple[str, ...]
    frame_shape: tuple[int, ...]
    cpu: str
    cores: int
    versions: dict[str, str]
    fixed: dict[str, int]
    device: str = "cpu"

    @property
    def name(self) -> str:
        text = json.dumps({"layout": _LAYOUT, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def trial_key(
    graphs: Sequence[Path],
    frame_shape: Sequence[int],
    engines: Sequence[str],
    asked: Mapping[str, int | None],
    device: str = "cpu",
) -> TrialKey:
    """The key of a measurement on this machine.

    Args:
        graphs: of the models.
        frame_shape: (height, width, channels).
        engines: the contestants.
        asked: options by name; None where one is left open.
        device: that runs them.
    """
    packages = [name for engine in engines for name in declarations()[engine].packages]
    versions = {name: found for name in packages if (found := _version(name)) is not None}
    return TrialKey(
        graphs=tuple(map(graph_hash, graphs)),
        frame_shape=tuple(frame_shape),
        cpu=cpu_name(),
        cores=available_cores().n,
        versions={"sleap-rt": __version__, **versions},
        fixed={name: value for name, value in asked.items() if value is not None},
        device=device if device == "cpu" else f"{device} of {platform.node()}, {driver_version()}",
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@dataclass(frozen=True)
class StoredTrials:
    """One entry.

    Attributes:
        graphs: as of the key.
        frame_shape: as of the key.
        evidence: what was measured.
    """

    graphs: tuple[str, ...]
    frame_shape: tuple[int, ...]
    evidence: Evidence


def trials_folder() -> Path:
    return cache_folder() / "trials"


def read_trials(key: TrialKey) -> Evidence | None:
    """What was measured for this key; None if nothing was, or the entry is damaged."""
    stored = _read(trials_folder() / f"{key.name}.json")
    return None if stored is None else stored.evidence


def keep_trials(key: TrialKey, evidence: Evidence, warn: Callable[[str], None]) -> None:
    """Keep what was measured, or tell that it cannot be kept."""
    try:
        write_trials(key, evidence)
    except OSError as error:
        warn(
            f"how quick the engines are here cannot be kept in {trials_folder()} "
            f"({error.strerror or error}), and is measured again next time"
        )


def write_trials(key: TrialKey, evidence: Evidence) -> None:
    """Keep what was measured.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder = trials_folder()
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"layout": _LAYOUT, "key": asdict(key), **asdict(evidence)}, indent=1)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as temporary:
        complete = Path(temporary) / "trials"
        complete.write_text(text, encoding="utf8")
        os.replace(complete, folder / f"{key.name}.json")


def add_frames(key: TrialKey, n_frames: int) -> int:
    """Count the frames of a run without trials; how many all such runs had under this key.

    Where the count cannot be kept, trials only come later.
    """
    path = _frames_file(key)
    n_frames += frames_before(key)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(n_frames), encoding="utf8")
    return n_frames


def frames_before(key: TrialKey) -> int:
    """How many frames `add_frames` has counted under this key."""
    with suppress(OSError, ValueError):  # the first run has none
        return int(_frames_file(key).read_text(encoding="utf8"))
    return 0


def _frames_file(key: TrialKey) -> Path:
    return trials_folder() / f"{key.name}.frames"


def stored_trials() -> Iterator[StoredTrials]:
    """All entries that can be read."""
    for path in sorted(trials_folder().glob("*.json")):
        if (stored := _read(path)) is not None:
            yield stored


def _read(path: Path) -> StoredTrials | None:
    try:
        found = json.loads(path.read_text(encoding="utf8"))
        if found["layout"] != _LAYOUT:
            return None
        return StoredTrials(
            tuple(found["key"]["graphs"]),
            tuple(found["key"]["frame_shape"]),
            Evidence(
                trials=tuple(Trial(**trial) for trial in found["trials"]),
                left_out=dict(found["left_out"]),
            ),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
