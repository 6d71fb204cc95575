"""Connects with the workers that are asked for."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import RunError
from sleap_rt.machine.cores import available_cores
from sleap_rt.workflows.cluster.asked import AskedCluster
from sleap_rt.workflows.cluster.local_cores import shared_cores

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = "20s"  # until a scheduler answers


@contextmanager
def connected(asked: AskedCluster) -> "Iterator[Client]":
    """A client of the cluster; workers that are started for it end with it.

    Raises:
        RunError: no scheduler answers, or the queue refuses the jobs.
    """
    from distributed import Client

    with ExitStack() as stack:
        try:
            place = asked.address or stack.enter_context(_started(asked))
            client = stack.enter_context(Client(place, timeout=_PATIENCE, set_as_default=False))
            if asked.n_local is not None:
                client.register_plugin(shared_cores(asked.n_local))
        except (OSError, TimeoutError, RuntimeError, ValueError) as error:
            named = asked.address or asked.kind or "local"
            words = " ".join(str(error).split())
            raise RunError(f"cluster {named}: cannot be used: {words}") from error
        yield client


def _started(asked: AskedCluster) -> Any:
    if asked.kind is not None:
        import dask_jobqueue

        kind = getattr(dask_jobqueue, asked.kind)
        submit = str(getattr(kind.job_cls, "submit_command", "")).partition(" ")[0]
        if submit and shutil.which(submit) is None:
            raise OSError(f"{submit}, which submits jobs, is not on this machine")
        cluster = kind(**asked.arguments)
        cluster.scale(jobs=asked.jobs)
        return cluster
    from distributed import LocalCluster

    return LocalCluster(n_workers=asked.n_local, threads_per_worker=1, memory_limit=0)


def threads_of_worker(asked: AskedCluster) -> int | None:
    """CPU threads for the engine of each worker; None where workers have their cores alone."""
    return None if asked.n_local is None else max(1, available_cores().n // asked.n_local)
