"""What the site adds to the files of docs/: the guides that lie elsewhere in the repository.

They stay where readers of the repository look for them. Links between them and docs/ are written
for the repository; here they are led to the pages of the site.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from posixpath import dirname, normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))  # MkDocs loads this file alone

import commands
import graph_tables
import messages

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {  # place in the repository -> place on the site
    "README.md": "index.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "SECURITY.md": "SECURITY.md",
    "THIRD_PARTY.md": "THIRD_PARTY.md",
    "benchmarks/results.md": "benchmarks/results.md",
    "samples/README.md": "samples/README.md",
}
_WRITTEN_BY: dict[str, Callable[..., str]] = {
    "commands": commands.reference,
    "messages": messages.listing,
    "graph": graph_tables.table,
}
# Who reads the file itself sees the sentence ahead of the mark, if there is one.
_GENERATED = re.compile(
    rf"^(?:\*.*`make docs`.*\* )?<!-- ({'|'.join(map(re.escape, _WRITTEN_BY))})(?:: (.+))? -->$",
    re.MULTILINE,
)
_SHORT_CODE = re.compile(r"<code>(?=[^<]{1,32}</code>)")  # it is broken at any hyphen otherwise
_LINK = re.compile(r"(?<=\]\()([^)#\s:]+)(?=[)#])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the guides that lie outside docs/."""
    for path, place in ELSEWHERE.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill the generated parts, and lead links written for the repository to pages of the site."""
    markdown = _GENERATED.sub(_written, markdown)
    on_site = page.file.src_uri
    places = {place: path for path, place in ELSEWHERE.items()}
    in_repository = places.get(on_site, f"docs/{on_site}")

    def led(link: re.Match[str]) -> str:
        target = normpath(f"{dirname(in_repository) or '.'}/{link[1]}")
        if target not in ELSEWHERE and not target.startswith("docs/"):
            return link[1]  # the strict build says that there is no such page
        place = ELSEWHERE.get(target, target.removeprefix("docs/"))
        return relpath(place, dirname(on_site) or ".")

    return _LINK.sub(led, markdown)


def _written(mark: re.Match[str]) -> str:
    about = () if mark[2] is None else (mark[2],)
    return _WRITTEN_BY[mark[1]](*about)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Mark short pieces of code, such as names of options, which stay in one line."""
    return _SHORT_CODE.sub('<code class="short">', html)
