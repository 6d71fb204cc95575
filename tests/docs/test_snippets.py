"""Every Python snippet of every page is a program: it parses, and uses no name that it lacks.

What the snippets do is tested where they are run: tests/cli/test_track_docs.py (docs/api.md and
guides), tests/tracking/test_documentation.py, tests/evaluation/test_docs.py, and
tests/runtime/engines/test_contract.py (docs/architecture.md).
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXCERPTS = "docs/style.md"  # it quotes the package's own code, in pieces
UNDEFINED, REDEFINED = "F821", "F811"
ALSO_WORKS = """
import numpy as np

from sleap_rt import PosePredictor, Tracker, render, run_inference, run_live

run_inference("video.mp4", "flies").save("a.slp")
run_inference("*.mp4", "flies")[0].save("a.slp")
run_inference(["day1.mp4", "day2.mp4"], "flies", frames=np.arange(3))[0].save("a.slp")
run_inference("video.mp4", "flies", make_labels=False, return_pafs=True)[0]["frame_idx"].min()
render("a.slp", frames={1, 2})
run_live(0, "flies")
with PosePredictor("flies") as predictor:
    predictor.predict("video.mp4", frames=np.flatnonzero(np.ones(3)))
    found = predictor.predict_frame(np.zeros((9, 9), np.int64).astype("u1"), np.int64(3))
    Tracker().track_name(found.track_ids[0])
"""
WRONG = """
from sleap_rt import run_inference, run_live

run_inference("video.mp4", "flies", trackin=True)
run_inference("video.mp4", "flies", make_labels=False).save("a.slp")
run_live("0", "flies", processor=print)
"""


def pages():
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("samples/*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def snippets(page):
    text = (ROOT / page).read_text(encoding="utf8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


WITH_PYTHON = [page for page in pages() if snippets(page)]


def complaints(code):
    """What ruff says of undefined and of unused, redefined names."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--isolated"),
            *("--select", f"{UNDEFINED},{REDEFINED}", "--output-format", "concise", "-"),
        ],
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named ruff" in done.stderr:
        pytest.skip("ruff is not installed")
    return [line for line in done.stdout.splitlines() if UNDEFINED in line or REDEFINED in line]


def type_errors(programs, folder):
    """What mypy says of programs, by name: those of users, who have the package and no stubs."""
    pytest.importorskip("mypy")
    for name, code in programs.items():
        (folder / f"{name}.py").write_text(code, encoding="utf8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file=", "--ignore-missing-imports"),
            *("--follow-imports=silent", "--no-error-summary", "--cache-dir"),
            *(str(ROOT / ".mypy_cache/snippets"), *sorted(f"{name}.py" for name in programs)),
        ],
        cwd=folder,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return [line for line in done.stdout.splitlines() if ": error:" in line]


@pytest.mark.parametrize("page", WITH_PYTHON)
def test_snippets_parse(page):
    for number, code in enumerate(snippets(page), 1):
        compile(code, f"{page}, snippet {number}", "exec")


@pytest.mark.parametrize("page", [page for page in WITH_PYTHON if page != EXCERPTS])
def test_snippets_of_a_page_define_what_they_use(page):
    """Read one after the other, as a reader would type them."""
    assert complaints("\n".join(snippets(page))) == []


def test_an_undefined_name_is_found():
    assert len(complaints("for pose in poses:\n    react(pose)\n")) == 2


def test_snippets_and_what_else_works_pass_a_type_checker(tmp_path):
    programs = {
        f"{re.sub(r'[^a-z]', '_', page)}_{number}": code
        for page in WITH_PYTHON
        if page != EXCERPTS
        for number, code in enumerate(snippets(page), 1)
    }
    errors = type_errors({**programs, "also_works": ALSO_WORKS, "wrong": WRONG}, tmp_path)
    lines = {int(error.split(":")[1]) for error in errors if error.startswith("wrong.py")}
    assert lines == {4, 5, 6}  # it looks
    assert [error for error in errors if not error.startswith("wrong.py")] == []


def test_there_are_pages_with_snippets():
    assert {"docs/api.md", "docs/tracking.md", "docs/evaluation.md"} < set(WITH_PYTHON)


@pytest.mark.parametrize("page", pages())
def test_links_lead_somewhere(page):
    """Files, and headings in them."""
    text = (ROOT / page).read_text(encoding="utf8")
    for link, heading in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)", text):
        target = (ROOT / page).parent / link if link else ROOT / page
        assert target.exists(), f"{page} links to {link}"
        if heading:
            assert heading in headings(target), f"{page} links to {link}#{heading}"


def test_pictures_are_small():
    pictures = [path for path in (ROOT / "docs/images").rglob("*") if path.is_file()]
    assert pictures
    for picture in pictures:
        assert picture.suffix == ".png"
        assert picture.stat().st_size < 150_000, picture


def headings(page):
    """Anchors of a page, as GitHub makes them."""
    lines = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", line.lower()) for line in lines)
    return {line.strip().replace(" ", "-") for line in plain}
