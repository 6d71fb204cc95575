"""The command that adds extras to this installation: a clone, a wheel, or from an index."""

import json
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

_NAME = "sleap-rt"
# As messages have it; it is right where the package comes from an index.
_PLAIN = re.compile(r"pip install '?(sleap-rt\[[\w,-]+\]|sleap-nn\b)'?")


def fitted(text: str) -> str:
    """A message in which commands like `pip install 'sleap-rt[cpu]'` fit this installation."""
    return _PLAIN.sub(_command, text)


def _command(match: re.Match[str]) -> str:
    package = match.group(1)
    if package == "sleap-nn":  # of others, always from an index
        return f"{_install()} {package}"
    return f"{_install()} {_requirement(package.removeprefix(f'{_NAME}[').removesuffix(']'))}"


@cache
def _install() -> str:
    """`pip install`, or what reaches this environment where `pip` is another one's."""
    found = which("pip")
    if found is not None and Path(found).parent == Path(sys.executable).parent:
        return "pip install"
    if find_spec("pip") is None and which("uv") is not None:
        return f"uv pip install --python {sys.executable}"
    return f"{sys.executable} -m pip install"


def _requirement(extras: str) -> str:
    clone = _clone()
    origin = {} if clone is not None else _origin()
    if clone is not None:
        where = "." if clone == Path.cwd() else str(clone)
        return f"{_editable()}'{where}[{extras}]'"
    url = str(origin.get("url", ""))
    if "vcs_info" in origin:
        return f"'{_NAME}[{extras}] @ {origin['vcs_info'].get('vcs', 'git')}+{url}'"
    path = _path(url)
    if path is not None and path.exists():
        return f"'{path}[{extras}]'"
    return f"'{_NAME}[{extras}] @ {url}'" if url.startswith("http") else f"'{_NAME}[{extras}]'"


def _clone() -> Path | None:
    """The folder of a clone that this very code runs from."""
    root = Path(__file__).resolve().parents[2]
    project = root / "pyproject.toml"
    return root if project.is_file() and f'name = "{_NAME}"' in project.read_text("utf8") else None


def _editable() -> str:
    return "-e " if (_origin().get("dir_info") or {}).get("editable") else ""


def _origin() -> dict[str, Any]:
    """Where pip took the package from (PEP 610); empty for an index."""
    try:
        found = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _path(url: str) -> Path | None:
    parts = urlparse(url)
    return Path(url2pathname(unquote(parts.path))) if parts.scheme == "file" else None
