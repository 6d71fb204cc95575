"""One of many inputs: where its result goes, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import SleapRtError
from sleap_rt.instances import ImageState
from sleap_rt.runtime.outputs.damaged_frames import DamagedFrames
from sleap_rt.runtime.outputs.names import journal_of
from sleap_rt.words import in_full, is_or_are

if TYPE_CHECKING:
    from sleap_rt.runtime.outputs.summary import PredictionSummary
    from sleap_rt.workflows.retracking import RetrackSummary


@dataclass(kw_only=True)
class Task:
    """One of the inputs.

    Attributes:
        path: of the input.
        output: of its result; None writes none.
        resume: as of a single run.
        status: `waiting`, `running`, `done`, `failed`, `existing` (left out: its result was there)
            or `interrupted`.
        there: files of its result that an earlier run wrote.
        done: what was done.
        error: why it failed.
    """

    path: Path
    output: Path | None
    resume: bool | None = None
    status: str = "waiting"
    there: Sequence[Path] = ()
    done: "PredictionSummary | RetrackSummary | None" = None
    error: Exception | None = None

    def forget_labels(self) -> None:
        """Free the memory: they are on the disk."""
        import sleap_io as sio

        if self.done is not None:
            self.done = replace(self.done, labels=sio.Labels())

    def fail(self, error: Exception | KeyboardInterrupt) -> None:
        """Note why the input is not done: an interrupt is no fault of it."""
        if isinstance(error, KeyboardInterrupt):
            self.status = "interrupted"
        else:
            self.status, self.error = "failed", error

    @property
    def journal(self) -> Path | None:
        return None if self.output is None else journal_of(self.output)

    @property
    def there_in_words(self) -> str:
        return f"{', '.join(map(str, self.there))} {is_or_are(len(self.there))} there"

    @property
    def damaged(self) -> DamagedFrames:
        """Tracking without a model sees no frames, and so has none."""
        return getattr(self.done, "damaged", DamagedFrames())

    @property
    def error_words(self) -> str:
        """One line, to stand behind the input's name, with which many messages begin."""
        words = self._error_text.removeprefix(str(self.path))
        return words.removeprefix(":").lstrip() if words[:1] in (":", " ") else self._error_text

    @property
    def failure(self) -> str:
        """One line that names the input once."""
        text, words = self._error_text, self.error_words
        return text if words != text else f"{self.path}: {words}"

    @property
    def _error_text(self) -> str:
        kind = "" if isinstance(self.error, SleapRtError) else f"{type(self.error).__name__}: "
        return " ".join(f"{kind}{self.error}".split())

    @property
    def missing(self) -> list[str]:
        """A sentence for the input if it failed, or for each kind of frames without poses."""
        if self.status == "failed":
            return [self.failure]
        damaged, videos = self.damaged, getattr(self.done, "videos", ())
        return damaged.warnings(videos) if damaged.lacks_poses else []

    def facts(self) -> dict[str, Any]:
        """For the summary file."""
        journal = self.journal
        facts: dict[str, Any] = {
            "input": in_full(self.path),
            "status": self.status,
            "journal": in_full(journal) if journal and journal.exists() else None,
            "error": None,
            **facts_of(self.done),
        }
        if self.status == "existing":
            facts["outputs"] = list(map(in_full, self.there))
        if self.error is not None:
            facts["error"] = {"type": type(self.error).__name__, "message": self._error_text}
        return facts


_FACTS = (
    *("n_frames", "n_resumed", "n_instances", "n_tracks"),
    *("n_nodeless", "n_trackless", "n_skipped"),
    *("seconds", "engine", "device"),
)


def facts_of(done: "PredictionSummary | RetrackSummary | None") -> dict[str, Any]:
    """What was done, in plain values; None for what is not known, or has no meaning."""
    damaged = getattr(done, "damaged", DamagedFrames())
    states = (ImageState.UNREADABLE, ImageState.UNANSWERED)
    return {
        "outputs": [] if done is None else [in_full(path) for path in done.paths],
        **{name: getattr(done, name, None) for name in _FACTS},
        **{
            f"n_{state.name.lower()}": None if done is None else damaged.n(state)
            for state in states
        },
    }
