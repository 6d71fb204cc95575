"""What `cluster` asks for: a scheduler that runs, workers on this machine, or jobs of a queue."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import ModuleType
from typing import Any

from sleap_rt.errors import OptionError, did_you_mean
from sleap_rt.libraries.job_queues import dask_jobqueue
from sleap_rt.machine.cores import available_cores

_LOCAL = re.compile(r"local(?::(\d{1,5}))?")
_ADDRESS = re.compile(r"(?:[a-z]+://)?[^\s:/]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")
_SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")  # of distributed's own addresses
_KEYS = ("cluster", "jobs", "arguments")
_ONE_THREAD = ("--nthreads", "1")  # an engine uses all cores by itself


@dataclass(frozen=True)
class AskedCluster:
    """Where the workers come from; one of three.

    Attributes:
        address: of a scheduler that runs.
        n_local: workers to start on this machine.
        kind: a class of dask_jobqueue.
        jobs: of the queue, each with one worker or more.
        arguments: of the class.
    """

    address: str | None = None
    n_local: int | None = None
    kind: str | None = None
    jobs: int = 1
    arguments: Mapping[str, Any] = field(default_factory=dict)


def asked_cluster(text: str | Path) -> AskedCluster:
    """What is asked for: `local`, `local:N`, the address of a scheduler, or a `.yaml` file.

    Raises:
        OptionError: it is none of these, names what does not exist, or the extra `cluster` is not
            installed.
    """
    _installed(lambda: import_module("distributed"))
    words = str(text)
    local = _LOCAL.fullmatch(words)
    if local is not None:
        n_cores = available_cores().n
        n_workers = int(local[1]) if local[1] else min(n_cores, max(2, n_cores // 4))
        if n_workers < 1:
            raise OptionError("cluster local:0: at least one worker is needed")
        return AskedCluster(n_local=n_workers)
    if Path(words).suffix.lower() in (".yaml", ".yml"):
        return _of_file(Path(words))
    scheme, port = words.partition("://")[0], words.rpartition(":")[2]
    is_known = "://" not in words or scheme in _SCHEMES
    if _ADDRESS.fullmatch(words) is None or not is_known or not 0 < int(port) < 1 << 16:
        raise OptionError(
            f"cluster {words!r}: expected local, local:N, the address of a scheduler as in "
            f"tcp://host:8786 ({', '.join(_SCHEMES)}; ports up to 65535), or a .yaml file"
        )
    return AskedCluster(address=words)


def _of_file(path: Path) -> AskedCluster:
    """Jobs of a queue, as a file describes them."""
    from sleap_rt.untrusted.yaml_text import parse_yaml

    try:
        said = parse_yaml(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OptionError(f"cluster {path}: cannot be read: {reason}") from error
    if not isinstance(said, dict):
        raise OptionError(f"cluster {path}: expected lines such as `cluster: SLURMCluster`")
    _refuse_unknown(path, "", said, _KEYS)
    if "cluster" not in said:
        raise OptionError(f"cluster {path}: `cluster` is missing, as in `cluster: SLURMCluster`")
    jobs, arguments = said.get("jobs", 1), said.get("arguments") or {}
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise OptionError(f"cluster {path}: jobs must be a whole number, 1 or more; got {jobs!r}")
    if not isinstance(arguments, dict):
        raise OptionError(f"cluster {path}: arguments must be names and values; got {arguments!r}")
    kind = said["cluster"]
    _refuse_unknown(path, "arguments.", arguments, _arguments_of(path, kind))
    extra = [*arguments.get("worker_extra_args", ())]
    if "--nthreads" not in extra:
        extra = [*extra, *_ONE_THREAD]
    arguments = {"processes": 1, **arguments, "worker_extra_args": extra}  # one worker per job
    return AskedCluster(kind=kind, jobs=jobs, arguments=arguments)


def _arguments_of(path: Path, kind: Any) -> set[str]:
    """Names of all arguments of a class of dask_jobqueue.

    Raises:
        OptionError: there is no such class.
    """
    kinds = {
        name: found
        for name, found in vars(_installed(dask_jobqueue)).items()
        if hasattr(found, "job_cls") and name != "JobQueueCluster"
    }
    if kind not in kinds:
        hint = did_you_mean(str(kind), kinds) or f" There are {', '.join(sorted(kinds))}."
        raise OptionError(f"cluster {path}: dask_jobqueue has no cluster {kind!r}.{hint}")
    classes = [*kinds[kind].__mro__, *kinds[kind].job_cls.__mro__]
    return {
        name
        for one in classes
        if "__init__" in vars(one) and one is not object
        for name, parameter in signature(one.__init__).parameters.items()
        if name != "self" and parameter.kind is not Parameter.VAR_KEYWORD
    }


def _refuse_unknown(path: Path, place: str, said: Mapping[Any, Any], known: Iterable[str]) -> None:
    names = sorted(known)
    for name in said:
        if name not in names:
            hint = did_you_mean(str(name), names) or f" Known are {', '.join(names)}."
            raise OptionError(f"cluster {path}: {place}{name} is unknown.{hint}")


def _installed(load: Callable[[], ModuleType]) -> ModuleType:
    try:
        return load()
    except ModuleNotFoundError as error:
        raise OptionError(
            f"cluster: needs the Python package {error.name!r}, which is not installed. Install "
            "it with `pip install 'sleap-rt[cluster]'`, here and where the workers run."
        ) from error
