"""Every term of the glossary is one that readers meet elsewhere, and leads there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "docs/glossary.md"
ENTRIES = re.findall(r"^- ((?:.|\n(?!-|#|\n))+)", GLOSSARY.read_text("utf-8"), re.MULTILINE)
LINK = re.compile(r"\]\(([^)#]+\.md)(?:#[^)]*)?\)")


def words(text):
    """Lower case, without what Markdown and line breaks add."""
    return " ".join(re.sub(r"[`*_]", " ", text).lower().split())


def terms(entry):
    return [words(term) for term in re.findall(r"\*\*(.+?)\*\*", entry)]


@pytest.fixture(scope="module")
def elsewhere():
    """Path -> the words of every other page, and of the program: its messages are in its code."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sleap_rt/**/*.py")]
    skipped = (GLOSSARY, ROOT / "CHANGELOG.md")
    return {path: words(path.read_text("utf-8")) for path in pages if path not in skipped}


def test_there_are_entries():
    assert len(ENTRIES) > 40
    assert all(terms(entry) for entry in ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: terms(entry)[0])
def test_a_term_is_used_elsewhere_and_on_the_page_that_it_leads_to(entry, elsewhere):
    pages = [(GLOSSARY.parent / link).resolve() for link in LINK.findall(entry)]
    assert pages, "leads nowhere"
    for term in terms(entry):
        assert any(term in text for text in elsewhere.values()), f"{term} is used nowhere else"
    linked = [elsewhere[page] for page in pages]
    assert any(term in text for term in terms(entry) for text in linked), "not on that page"


def test_a_term_stands_in_one_entry():
    found = [term for entry in ENTRIES for term in terms(entry)]
    assert len(found) == len({*found})
