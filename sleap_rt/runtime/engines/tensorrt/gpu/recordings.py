"""Recorded runs, and when to record one: recording takes longer than the run itself."""

from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from sleap_rt.runtime.engines.tensorrt.gpu.buffers import BufferPlan
from sleap_rt.runtime.engines.tensorrt.gpu.cuda import Recording

_RUNS_BEFORE = 3  # of the same shapes
_MOST = 16


@dataclass(frozen=True)
class RecordedRun:
    """A run whose shapes and addresses never change.

    Attributes:
        recording: its copies and its computation.
        buffers: where its tensors lie.
        context: TensorRT's, which is the recording's alone.
    """

    recording: Recording
    buffers: BufferPlan
    context: Any


class Recordings:
    """The recorded runs of one engine. A key holds everything that a recording fixes."""

    def __init__(self) -> None:
        self._n_runs: Counter[Hashable] = Counter()
        self._recorded: OrderedDict[Hashable, RecordedRun] = OrderedDict()

    def get(self, key: Hashable) -> RecordedRun | None:
        if key in self._recorded:
            self._recorded.move_to_end(key)
        return self._recorded.get(key)

    def is_due(self, key: Hashable) -> bool:
        """Count a run that is about to start; True if it should be recorded."""
        self._n_runs[key] += 1
        return self._n_runs[key] > _RUNS_BEFORE

    def keep(self, key: Hashable, run: RecordedRun) -> None:
        """Keep a recording; if there are too many, drop the least recently used one."""
        self._recorded[key] = run
        if len(self._recorded) > _MOST:
            _, oldest = self._recorded.popitem(last=False)
            oldest.recording.close()

    def forget(self) -> None:
        """Drop all of them, e.g. when the memory they use is freed."""
        for run in self._recorded.values():
            run.recording.close()
        self._recorded.clear()
