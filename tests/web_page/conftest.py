"""What tests of the page need: Node.js, a browser, and the page's own files."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from sleap_rt.web_page.content import STATIC
from web_page.pages import LONGEST_S, WEB

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

QUICK_START = "--js-flags=--liftoff-only"  # compiling 14 MB well takes longer than a few frames


@pytest.fixture(scope="session")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not installed")
    return found


@pytest.fixture(scope="session")
def built() -> Path:
    """The page's own files."""
    if not (STATIC / "index.html").is_file():
        pytest.skip("the page's own files are not built (`make web`)")
    return STATIC


@pytest.fixture
def ask(node, tmp_path):
    """Answers of the page's own functions: `ask([{"task": "assign", ...}])`."""

    def ask(questions):
        (tmp_path / "questions.json").write_text(json.dumps(questions), encoding="utf8")
        words = [node, WEB / "tests/answer.js", tmp_path / "questions.json"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST_S)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


@pytest.fixture
def browse(node, built, tmp_path):
    """Opens pages in a browser without network and uses them: `browse([{"url": ..., ...}])`."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("no Chromium is installed")
    if not (WEB / "node_modules/playwright-core").is_dir():
        pytest.skip("web/node_modules is not there (`make web`)")

    def browse(jobs, *arguments):
        arguments = (*arguments, QUICK_START)
        asked = {"browser": browser, "arguments": arguments, "downloads": str(tmp_path)}
        (tmp_path / "jobs.json").write_text(json.dumps(asked | {"jobs": jobs}), encoding="utf8")
        words = [node, "tests/browser.js", str(tmp_path / "jobs.json")]
        done = subprocess.run(words, capture_output=True, text=True, cwd=WEB, timeout=LONGEST_S)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return browse
