"""Builds wheel and sdist, installs them in clean environments, and uses what is there.

Run by `make release-check`: `python -m release.check GRAPHS 3.10 3.13 [--extras cpu gpu]`. GRAPHS
is an export of the sample bottom-up model. Prints a table of sizes, and what could not be tried;
`--write` puts both into docs/install.md.
"""

import argparse
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path

from release.archives import ROOT, built
from release.environments import Tried, tried
from release.programs import FailedError, python_of
from release.uses import USES

GUIDE = ROOT / "docs/install.md"
BEGIN, END = "<!-- sizes: written by `make release-check` -->", "<!-- end of sizes -->"
FROM_SDIST = "cpu"  # the extra that is also installed from the sdist
LARGE = 10  # MB; smaller packages are not named


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graphs", type=Path)
    parser.add_argument("pythons", nargs="+")
    parser.add_argument("--extras", nargs="+", choices=list(USES), default=list(USES))
    parser.add_argument("--jobs", type=int, default=1, help="environments at a time")
    parser.add_argument("--write", action="store_true", help="into docs/install.md")
    args = parser.parse_args()
    pythons = {number: python_of(number) for number in args.pythons}
    found = {number: python for number, python in pythons.items() if python is not None}
    if not found:
        sys.exit("Error: none of these Pythons is here")
    try:
        wheel, sdist = built()
    except FailedError as error:
        sys.exit(f"Error: {error}")
    rows = trials(args.extras, found, wheel, sdist, args.graphs.resolve(), args.jobs)
    report = _report(rows, list(found), [number for number in pythons if number not in found])
    print(report)
    if args.write:
        write(GUIDE, report)
    if failed := [title for title, row in rows.items() if any(map(_has_failed, row))]:
        sys.exit(f"Error: a check failed: {', '.join(failed)}")


def trials(
    wanted: Sequence[str],
    pythons: Mapping[str, str],
    wheel: Path,
    sdist: Path,
    graphs: Path,
    n_jobs: int,
) -> dict[str, list[Tried]]:
    """What became of each extra on each Python, by the title of its row; told as it is known."""
    rows = {}
    for extras in wanted:
        for archive in [wheel, sdist] if extras == FROM_SDIST else [wheel]:
            one = partial(
                tried, archive=archive, extras=extras, commands=USES[extras], graphs=graphs
            )
            with ThreadPoolExecutor(n_jobs) as pool:
                row = list(pool.map(one, pythons.values()))
            title = f"`[{extras}]`" if extras else "base"
            title += ", from the sdist" if archive == sdist else ""
            rows[title] = row
            print(title, *map(_cell, row), sep=" | ", file=sys.stderr, flush=True)
    return rows


def _has_failed(one: Tried) -> bool:
    return one.is_installable and bool(one.problem)


def _cell(one: Tried) -> str:
    return f"FAILED: {one.problem}" if _has_failed(one) else f"{one.size:.0f}" if one.size else "-"


def _report(rows: dict[str, list[Tried]], found: Sequence[str], absent: Sequence[str]) -> str:
    """Table of sizes and what was left out, in Markdown."""
    base = {name for name, _ in rows["base"][-1].packages} if "base" in rows else set()
    lines = [
        f"Measured on {date.today()}, {platform.system()} {platform.machine()}, in MB:",
        "",
        f"| | Python {' | '.join(found)} | largest packages (of an extra: beyond the base) |",
        f"|---|{'---|' * len(found)}---|",
    ]
    for title, row in rows.items():
        cells = [*map(_cell, row), _largest(row[-1], set() if title == "base" else base)]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines.append("")
    lines += [
        f"{title} cannot be installed where this was measured, on Python {number}: {one.problem}"
        for title, row in rows.items()
        for number, one in zip(found, row, strict=True)
        if not one.is_installable
    ]
    lines += [f"Python {number} was not there." for number in absent]
    return "\n".join(lines).strip()


def _largest(one: Tried, besides: set[str]) -> str:
    """The five largest packages that the base does not have."""
    own = sorted((size, name) for name, size in one.packages if name not in besides)
    return ", ".join(f"{name} {size:.0f}" for size, name in own[:-6:-1] if size > LARGE)


def write(guide: Path, report: str) -> None:
    """Put the report between the two marks of a guide."""
    text = guide.read_text(encoding="utf8")
    written = re.sub(
        f"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})",
        lambda _: f"\n{report}\n\n",
        text,
        flags=re.DOTALL,
    )
    guide.write_text(written, encoding="utf8")


if __name__ == "__main__":
    main()
