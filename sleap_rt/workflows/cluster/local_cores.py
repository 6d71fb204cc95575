"""Shares the cores of this machine among local workers."""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import WorkerPlugin


def shared_cores(n_workers: int) -> "WorkerPlugin":
    """Binds each worker to its own cores, also one that was restarted, where the system can.

    Decoder and engine count the cores that they are bound to and start as many threads.
    """
    from distributed import WorkerPlugin

    class SharedCores(WorkerPlugin):  # type: ignore[misc]  # distributed has no types
        """Of worker number K of N, the K-th of N shares."""

        name = "sleap-rt-shared-cores"

        def setup(self, worker: Any) -> None:
            if hasattr(os, "sched_setaffinity") and str(worker.name).isdecimal():
                share = share_of(sorted(os.sched_getaffinity(0)), int(worker.name), n_workers)
                os.sched_setaffinity(0, share)  # threads that it starts inherit this

    return SharedCores()


def share_of(cores: list[int], number: int, n_workers: int) -> list[int]:
    """The cores of one worker; several share one where there are not enough."""
    place = number % n_workers
    start, stop = (len(cores) * k // n_workers for k in (place, place + 1))
    return cores[start:stop] or [cores[place % len(cores)]]
