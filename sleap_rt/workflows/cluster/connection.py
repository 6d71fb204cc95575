"""Connects with the workers that are asked for."""

import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from sleap_rt.errors import RunError
from sleap_rt.machine.cores import available_cores
from sleap_rt.workflows.cluster.asked import AskedCluster
from sleap_rt.workflows.cluster.local_cores import shared_cores
from sleap_rt.workflows.cluster.queue import queued
from sleap_rt.workflows.cluster.without_script import without_script

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
        stack.enter_context(without_script())
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

    with _deaf_to_the_terminal():
        return LocalCluster(
            n_workers=asked.n_local,
            threads_per_worker=1,
            memory_limit=0,
            silence_logs=logging.ERROR,  # it warns of work that an interrupt has ended
        )


@contextmanager
def _deaf_to_the_terminal() -> Iterator[None]:
    """Ctrl-C reaches every process of the terminal; workers started inside leave it to this one.

    Threads and processes inherit which signals wait, also workers that are started again later. In
    this thread a signal waits only until the end of the block.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # which lets signals through where it is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def threads_of_worker(asked: AskedCluster) -> int | None:
    """CPU threads for the engine of each worker; None where workers have their cores alone."""
    return None if asked.n_local is None else max(1, available_cores().n // asked.n_local)
