"""How much memory this process may still take."""

from collections.abc import Iterator
from pathlib import Path

from sleap_rt.machine.cgroups import groups, text_of, up

_V2 = ("memory.max", "memory.current")
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes")


def free_bytes(root: Path = Path("/")) -> int | None:
    """The least of what the machine and the cgroups around this process have left.

    Args:
        root: where `proc` and `sys` are found.

    Returns:
        None where the system does not tell.
    """
    return min((*_of_machine(root), *_of_groups(root)), default=None)


def _of_machine(root: Path) -> Iterator[int]:
    for line in text_of(root / "proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            yield int(value.split()[0]) * 1024


def _of_groups(root: Path) -> Iterator[int]:
    mounted = root / "sys/fs/cgroup"
    for controllers, group in groups(root):
        if not controllers:
            place, names = mounted, _V2
        elif "memory" in controllers.split(","):
            place, names = mounted / "memory", _V1
        else:
            continue
        for folder in up(place, group):
            limit, used = (text_of(folder / name) for name in names)
            if limit.isdecimal() and used.isdecimal():
                yield max(0, int(limit) - int(used))
