"""The record of a live run: kept on disk frame by frame, and written when the run ends."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from sleap_rt.runtime.frames.frame_refs import FrameRef
from sleap_rt.runtime.frames.opened import OpenInput
from sleap_rt.runtime.live import LiveResult
from sleap_rt.runtime.outputs.formats import load_writer, write_results
from sleap_rt.runtime.outputs.names import make_folder
from sleap_rt.runtime.outputs.results import Tally
from sleap_rt.runtime.outputs.saving import remove_unfinished
from sleap_rt.runtime.outputs.trial import try_output
from sleap_rt.runtime.outputs.video_paths import with_absolute_paths
from sleap_rt.runtime.pipeline.spool import Spool
from sleap_rt.skeleton import Skeleton
from sleap_rt.workflows.planning.options import PredictionOptions


class Record:
    """An `Outlet` that collects results for a file.

    Args:
        path: of the file; it is tried before anything is recorded.
        options: its format, and whether empty frames are in it.
        opened: the source.
        skeleton: of the instances.

    Raises:
        DataError: the file could not be written.
    """

    def __init__(
        self, path: Path, options: PredictionOptions, opened: OpenInput, skeleton: Skeleton
    ) -> None:
        self._path, self._format, self._opened = path, options.output_format, opened
        self._skeleton = skeleton
        load_writer(self._format)
        make_folder(path)
        refs = [FrameRef(0, 0), FrameRef(0, 1)]
        try_output(path, self._format, skeleton, opened.videos(), refs)
        remove_unfinished(path)
        self._replaced = _state(path)
        self._spool = Spool(path.parent)
        self._tally = Tally(keeps_empty=not options.no_empty_frames)

    def take(self, result: LiveResult) -> None:
        if self._tally.add(result.found):
            self._spool.append(result.found)

    @property
    def n_nodeless(self) -> int:
        """Predictions without a visible node, which were left out."""
        return self._tally.n_nodeless

    def save(self, names: tuple[str, ...], provenance: Mapping[str, Any]) -> tuple[Path, ...]:
        """Write the file; beside it, if another program has written there since the run began.

        Args:
            names: of all tracks of the run.
            provenance: how the results were made.

        Returns:
            The files written.
        """
        videos = with_absolute_paths(self._opened.videos())
        results = self._tally.results(self._spool, self._skeleton, videos, names, provenance)
        return write_results(results, self._free_path(), self._format)

    def _free_path(self) -> Path:
        if _state(self._path) == self._replaced:
            return self._path
        stem, suffix = self._path.stem, self._path.suffix
        numbered = (self._path.with_name(f"{stem}.{number}{suffix}") for number in count(2))
        return next(path for path in numbered if not path.exists())

    def close(self) -> None:
        """Let go of what was collected, written or not."""
        self._spool.__exit__()


def _state(path: Path) -> tuple[int, ...] | None:
    """Of a file, by which a later one of its name is told from it; None where there is none."""
    if not path.exists():
        return None
    now = path.stat()
    return now.st_ino, now.st_mtime_ns, now.st_size
