"""All files of a page by name, and what is in them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from sleap_rt.errors import ModelError
from sleap_rt.runtime.model_set import GraphSet
from sleap_rt.web_page.description import DESCRIPTION, PROGRAM, described, graph_name

STATIC = Path(__file__).with_name("static")
_FIRST = "index.html"

Content = Mapping[str, bytes | Path]
"""Name with `/` -> what is in the file, or the file that it is a copy of."""


def page_content(graphs: GraphSet, name: str) -> Content:
    """The files of a page.

    Args:
        graphs: of the model.
        name: for the page's heading.

    Raises:
        ModelError: the page's own files are not installed, or a graph carries no sample.
    """
    own = own_files()
    exported = {graph_name(file): file.path for file in graphs.files}
    return {**own, **exported, **described(graphs, name)}


def own_files() -> dict[str, Path]:
    """Those that are the same for every model.

    Raises:
        ModelError: they are not installed.
    """
    if not (STATIC / _FIRST).is_file():
        raise ModelError(
            "The page's own files are not in this installation: they are built from the checkout "
            "with `make web`, which needs Node.js 20 or newer"
        )
    return {file.name: file for file in sorted(STATIC.iterdir())}


def write_page(content: Content, folder: Path) -> None:
    """Write a page; its first file comes last, so that half a page does not look like one.

    Raises:
        ModelError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FIRST).unlink(missing_ok=True)
        for name in sorted(content, key=lambda name: name == _FIRST):
            target, source = folder / name, content[name]
            target.parent.mkdir(exist_ok=True)
            if isinstance(source, Path):
                shutil.copyfile(source, target)
            else:
                target.write_bytes(source)
    except OSError as error:
        raise ModelError(f"Cannot write into {folder}: {error.strerror or error}") from error


def is_free(folder: Path) -> bool:
    """Whether a page may be written there: nothing is there, or an earlier page."""
    if not folder.exists():
        return True
    return folder.is_dir() and (not any(folder.iterdir()) or _is_page(folder))


def _is_page(folder: Path) -> bool:
    try:
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf8"))
        return str(described["program"]).startswith(PROGRAM)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
