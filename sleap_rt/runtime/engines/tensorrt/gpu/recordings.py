"""Which runs are worth recording, and those that were: recording one takes longer than it."""

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
    """A run whose shapes and addresses stay.

    Attributes:
        recording: its copies and its computation.
        buffers: where its tensors lie.
        context: TensorRT's, which is the recording's alone.
    """

    recording: Recording
    buffers: BufferPlan
    context: Any


class Recordings:
    """The recorded runs of one engine. Keys hold everything that must not differ."""

    def __init__(self) -> None:
        self._n_runs: Counter[Hashable] = Counter()
        self._recorded: OrderedDict[Hashable, RecordedRun] = OrderedDict()

    def get(self, key: Hashable) -> RecordedRun | None:
        if key in self._recorded:
            self._recorded.move_to_end(key)
        return self._recorded.get(key)

    def is_due(self, key: Hashable) -> bool:
        """Count a run that is about to start; whether it is one to record."""
        self._n_runs[key] += 1
        return self._n_runs[key] > _RUNS_BEFORE

    def keep(self, key: Hashable, run: RecordedRun) -> None:
        """Keep a recording; the one that was not used for longest may have to go."""
        self._recorded[key] = run
        if len(self._recorded) > _MOST:
            _, oldest = self._recorded.popitem(last=False)
            oldest.recording.close()

    def forget(self) -> None:
        """Give up all of them, as when the memory they use is freed."""
        for run in self._recorded.values():
            run.recording.close()
        self._recorded.clear()
