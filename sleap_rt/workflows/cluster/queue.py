"""Workers as jobs of a queue, and what the queue says of jobs that it refuses."""

import shutil
import time
import warnings
from collections.abc import Callable
from typing import Any

from sleap_rt.errors import RunError
from sleap_rt.libraries.job_queues import dask_jobqueue
from sleap_rt.words import counted
from sleap_rt.workflows.cluster.asked import AskedCluster

_PATIENCE = 30  # s, until the queue has taken or refused the jobs


def queued(asked: AskedCluster, tell: Callable[[str], None]) -> Any:
    """A cluster of dask_jobqueue whose jobs are submitted.

    Args:
        asked: kind, number and arguments of the jobs.
        tell: told of jobs that were refused, if others were not.

    Raises:
        RunError: the queue's program is not here, does not take the arguments, or refuses all jobs.
    """
    kind = getattr(dask_jobqueue(), str(asked.kind))
    submit = str(getattr(kind.job_cls, "submit_command", "")).partition(" ")[0]
    if submit and shutil.which(submit) is None:
        raise RunError(
            f"cluster {asked.kind}: cannot be used: {submit}, which submits jobs, is not on this "
            "machine"
        )
    outcomes: list[str | None] = []  # of each job: None where it was taken, else why not
    cluster = _made(kind, {**asked.arguments, "job_cls": _noted(kind.job_cls, outcomes)})
    if isinstance(cluster, str):
        raise RunError(f"cluster {asked.kind}: the arguments cannot be used: {cluster}")
    cluster.scale(jobs=asked.jobs)
    end = time.monotonic() + _PATIENCE
    while len(outcomes) < asked.jobs and time.monotonic() < end:
        time.sleep(0.05)
    refused = [reason for reason in outcomes if reason is not None]
    if refused:
        words = f"{counted(len(refused), 'job')} of {asked.jobs} refused: {refused[0]}"
        if len(refused) == len(outcomes):
            cluster.close()
            raise RunError(f"cluster {asked.kind}: {words}")
        tell(f"cluster {asked.kind}: {words}")
    return cluster


def _made(kind: Any, arguments: dict[str, Any]) -> Any:
    """The cluster; or the words of whatever a wrong value leads to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of one that was never begun
        try:
            return kind(**arguments)
        except Exception as error:
            words = " ".join(str(error).split())
    return words


def _noted(job_cls: Any, outcomes: list[str | None]) -> Any:
    """The class of jobs, whose submission is noted; what is refused shows no traceback."""
    from distributed.deploy.spec import ProcessInterface

    class Noted(job_cls):  # type: ignore[misc]
        async def start(self) -> None:
            try:
                await super().start()
            except Exception as error:
                outcomes.append(_reason(error))
                await ProcessInterface.start(self)  # a job that never has a worker
            else:
                outcomes.append(None)

        async def close(self) -> None:
            await super().close()
            await ProcessInterface.close(self)

    return Noted


def _reason(error: Exception) -> str:
    """What the program that submits wrote, without what dask_jobqueue puts around it."""
    text = str(error)
    return " ".join((text.partition("stderr:")[2].strip() or text).split())
