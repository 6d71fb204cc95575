"""What tracking without a model tells on a terminal, or to a program."""

from typing import TYPE_CHECKING

from sleap_rt.cli.reports.prediction import took
from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.streams import say
from sleap_rt.runtime.pipeline import progress
from sleap_rt.words import counted

if TYPE_CHECKING:
    from sleap_rt.workflows.retracking import RetrackSummary

_LONG_ENOUGH = 1.0  # s, for a rate


class RetrackReport:
    """Tells of each input what was done.

    Args:
        quiet: warnings alone.
        json_lines: a line of JSON for a front end as well, on standard output.
        is_aside: what is for a person goes to standard error.
    """

    def __init__(self, *, quiet: bool, json_lines: bool, is_aside: bool) -> None:
        self._quiet, self._json_lines = quiet, json_lines
        self._is_aside = is_aside or json_lines

    def note(self, words: str) -> None:
        if not self._quiet:
            messages.note(words)

    def done(self, summary: "RetrackSummary") -> None:
        for note in summary.notes:
            messages.warn(note)
        if summary.n_missing:
            messages.warn(f"{summary.n_missing} of the frames asked for have no labels")
        if self._json_lines:
            progress.json_end(summary.n_frames, summary.seconds)
        if self._quiet:
            return
        seconds, n_frames = summary.seconds, summary.n_frames
        how = f"{n_frames / seconds:.1f} frames/s" if seconds >= _LONG_ENOUGH else took(seconds)
        say(
            f"{counted(n_frames, 'frame')}, {counted(summary.n_instances, 'instance')}, "
            f"{counted(summary.n_tracks, 'track')}, {how} -> "
            f"{', '.join(map(str, summary.paths))}",
            err=self._is_aside,
        )
