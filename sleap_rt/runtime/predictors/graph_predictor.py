"""What all predictors have in common that run graphs here."""

import threading
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sleap_rt.errors import EngineError
from sleap_rt.instances import KnownInstances
from sleap_rt.runtime.engines import CLOSED, shared_threads
from sleap_rt.runtime.predictors.interface import EnginesFirst, Frames, Pending
from sleap_rt.runtime.predictors.setup import Setup

_PATIENCE = 10.0  # s for a run to end ahead of closing; one that hangs keeps its engine


class GraphPredictor(EnginesFirst):
    """A predictor that several threads may use.

    Where batches share out the threads of a CPU, the engines take care of that. Else one batch goes
    through all stages before the next: uploads to a device are valid until the next one.

    Args:
        setup: what the predictor is opened with.
    """

    needs_instances = False

    def __init__(self, setup: Setup) -> None:
        self.models = setup.graphs
        self.skeleton = setup.graphs.last.skeleton
        self.class_names = setup.graphs.last.class_names
        self.threads = shared_threads(setup.engine)
        self._turn, self._is_closed = threading.Lock(), False

    def begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None = None,
    ) -> Pending:
        with self._in_turn():
            if self._is_closed:
                raise EngineError(CLOSED)
            return self._begin(frames, frame_indices, known)

    @abstractmethod
    def _begin(
        self,
        frames: Frames,
        frame_indices: Sequence[int],
        known: Sequence[KnownInstances] | None,
    ) -> Pending:
        """As `begin`."""

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self.threads > 1:
            yield
            return
        with self._turn:
            yield

    def close(self) -> None:
        """Free the models; what is begun afterwards is refused."""
        self._is_closed = True
        if self.threads > 1:
            self._close()
        elif self._turn.acquire(timeout=_PATIENCE):
            try:
                self._close()
            finally:
                self._turn.release()

    @abstractmethod
    def _close(self) -> None: ...
