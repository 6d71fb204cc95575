"""Tells whether a file may be replaced: only an earlier result of the same files.

Saved metrics and reports carry a mark, the files that they compare. It comes early in each format,
so that long files need not be read to find it.
"""

import json
import re
import zipfile
from collections.abc import Sequence
from html import escape, unescape
from pathlib import Path

from sleap_rt.errors import DataError
from sleap_rt.untrusted import listed
from sleap_rt.untrusted.archives import FAULTS, BoundedArchive
from sleap_rt.untrusted.arrays import read_npy
from sleap_rt.untrusted.budget import Budget

MARK = "sleap_rt_evaluation"
_JSON_BEGINS = f'{{"{MARK}": '
_ON_PAGE = re.compile(rf'<meta name="{MARK}" content="([^"]*)">')
_MOST = 1 << 20  # characters or bytes of a mark and what is ahead of it
_UNREADABLE = (*FAULTS, RecursionError)

Mark = list[str]
"""Absolute paths: the ground truth, then the predictions."""


def mark_of(ground_truth: Path, predicted: Sequence[Path]) -> Mark:
    """The mark of a result that compares these files."""
    return [path.resolve().as_posix() for path in (ground_truth, *predicted)]


def mark_on_page(mark: Mark) -> str:
    """The element of a page's head that holds the mark."""
    return f'<meta name="{MARK}" content="{escape(json.dumps(mark))}">'


def check_comparison_file(path: Path, mark: Mark, option: str, *, overwrite: bool) -> None:
    """Refuse to replace a file that is no earlier result of the same files.

    Args:
        path: the file to write; nothing is said if it does not exist.
        mark: of the result to write.
        option: by which the file was named.
        overwrite: replace whatever is there.

    Raises:
        DataError: as the summary says.
    """
    if overwrite or not path.exists():
        return
    there = _mark_in(path)
    if there == mark:
        return
    what = "is no result of eval"
    if there:
        truth, *predicted = there
        what = f"compares {listed(predicted)} with {truth}, not these files"
    raise DataError(
        f"{path} exists and {what}. It is not replaced: choose another --{option}, or pass "
        "--overwrite."
    )


def _mark_in(path: Path) -> Mark | None:
    """The mark of a file; None if it has none."""
    try:
        found = _from_archive(path) if path.suffix == ".npz" else _from_text(path)
    except _UNREADABLE:
        return None
    return list(map(str, found)) if isinstance(found, list) else None


def _from_archive(path: Path) -> object:
    with zipfile.ZipFile(path) as opened:
        archive = BoundedArchive(opened, Budget(path.stat().st_size))
        return read_npy(archive.read(f"{MARK}.npy", _MOST)).tolist()


def _from_text(path: Path) -> object:
    with path.open(encoding="utf8", errors="replace") as file:
        head = file.read(_MOST)
    if head.startswith(_JSON_BEGINS):
        return json.JSONDecoder().raw_decode(head, len(_JSON_BEGINS))[0]
    found = _ON_PAGE.search(head)
    return None if found is None else json.loads(unescape(found[1]))
