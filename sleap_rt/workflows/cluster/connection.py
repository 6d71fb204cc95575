"""Connects with the workers that are asked for."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import RunError
from sleap_rt.machine.cores import available_cores
from sleap_rt.workflows.cluster.asked import AskedCluster
from sleap_rt.workflows.cluster.local_cores import shared_cores
from sleap_rt.workflows.cluster.queue import queued

if TYPE_CHECKING:
    from distributed import Client

PATIENCE_SECONDS = 20  # until a scheduler answers


@contextmanager
def connected(
    asked: AskedCluster, tell: Callable[[str], None] = lambda message: None
) -> "Iterator[Client]":
    """A client of the cluster; workers that are started for it end with it.

    Args:
        asked: where the workers come from.
        tell: told of jobs that a queue refused, if others were not.

    Raises:
        RunError: no scheduler answers, or the queue refuses the jobs.
    """
    from distributed import Client

    with ExitStack() as stack:
        try:
            place = asked.address or stack.enter_context(_started(asked, tell))
            patience = f"{PATIENCE_SECONDS}s"
            client = stack.enter_context(Client(place, timeout=patience, set_as_default=False))
            if asked.n_local is not None:
                client.register_plugin(shared_cores(asked.n_local))
        except (OSError, TimeoutError, RuntimeError, ValueError) as error:
            named = asked.address or asked.kind or "local"
            words = " ".join(str(error).split())
            raise RunError(f"cluster {named}: cannot be used: {words}") from error
        yield client


def check_host(asked: AskedCluster) -> None:
    """Refuse a scheduler's machine that has no address, ahead of all work and waiting.

    Raises:
        RunError: there is no such machine.
    """
    if asked.address is None:
        return
    host = asked.address.rpartition("://")[2].rpartition(":")[0].strip("[]")
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise RunError(
            f"cluster {asked.address}: no machine named {host!r} is found ({why}); check the "
            "spelling"
        ) from error


def _started(asked: AskedCluster, tell: Callable[[str], None]) -> Any:
    if asked.kind is not None:
        return queued(asked, tell)
    from distributed import LocalCluster

    return LocalCluster(n_workers=asked.n_local, threads_per_worker=1, memory_limit=0)


def threads_of_worker(asked: AskedCluster) -> int | None:
    """CPU threads for the engine of each worker; None where workers have their cores alone."""
    return None if asked.n_local is None else max(1, available_cores().n // asked.n_local)
