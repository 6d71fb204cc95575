"""The control groups of this process: how Linux limits what containers and jobs may use."""

from collections.abc import Iterator
from pathlib import Path


def groups(root: Path) -> Iterator[tuple[str, str]]:
    """(controllers, group) of this process; version 2 has no controllers there."""
    for line in text_of(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        yield controllers, group


def up(mounted: Path, group: str) -> Iterator[Path]:
    """The group's folder and those above it. In a container only the last may be there."""
    inside = Path(group.lstrip("/"))
    for part in (inside, *inside.parents):
        yield mounted / part


def text_of(path: Path) -> str:
    """What a file of the system says; empty if it cannot be read."""
    try:
        return path.read_text(encoding="utf8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
