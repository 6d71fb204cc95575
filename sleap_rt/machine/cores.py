"""How many CPU cores this process may keep busy, and what says so."""

import math
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sleap_rt.machine.cgroups import groups, text_of, up

_SLURM = "SLURM_CPUS_PER_TASK"


@dataclass(frozen=True)
class Cores:
    """The cores of this process.

    Attributes:
        n: how many, at least 1.
        limited_by: what sets the number, in words.
    """

    n: int
    limited_by: str


def available_cores(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> Cores:
    """The least of affinity mask, cgroup quota and SLURM's share of this task.

    A quota is time: where it is no whole number of cores, the last of them counts.

    Args:
        root: where `proc` and `sys` are found.
        environment: variables of the process.
    """
    limits = [Cores(_n_bound(), "affinity mask" if _n_bound() < _n_present() else "machine")]
    quotas = [*_quotas_v2(root), *_quotas_v1(root)]
    if quotas:
        limits.append(Cores(max(1, math.ceil(min(quotas))), "cgroup quota"))
    share = environment.get(_SLURM, "")
    if share.isdecimal() and int(share):
        limits.append(Cores(int(share), _SLURM))
    return min(limits, key=lambda cores: cores.n)  # of equals, the first


def _n_present() -> int:
    return os.cpu_count() or 1


def _n_bound() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return _n_present()


def _quotas_v2(root: Path) -> Iterator[float]:
    """Cores that each cgroup of version 2 around this process may use; none where unlimited."""
    for controllers, group in groups(root):
        if controllers:
            continue
        for folder in up(root / "sys/fs/cgroup", group):
            quota, _, period = text_of(folder / "cpu.max").partition(" ")
            yield from _ratio(quota, period)


def _quotas_v1(root: Path) -> Iterator[float]:
    """The same for version 1, whose controllers have folders of their own."""
    for controllers, group in groups(root):
        if "cpu" not in controllers.split(","):
            continue
        for place in dict.fromkeys((controllers, "cpu")):
            for folder in up(root / "sys/fs/cgroup" / place, group):
                quota = text_of(folder / "cpu.cfs_quota_us")
                yield from _ratio(quota, text_of(folder / "cpu.cfs_period_us"))


def _ratio(quota: str, period: str) -> Iterator[float]:
    """`max` and -1 stand for no limit."""
    if quota.isdecimal() and period.isdecimal() and int(period):
        yield int(quota) / int(period)


def cpu_name(root: Path = Path("/")) -> str:
    """What the CPU calls itself, with as much as the system tells."""
    for line in text_of(root / "proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()
