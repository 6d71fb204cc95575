"""The demo's page stands by itself."""

import re

from samples.demo_page import Shown, write_page


def test_the_page_needs_only_the_files_beside_it_and_says_what_was_run(tmp_path):
    shown = Shown(
        clip="clip.mp4",
        picture="picture.png",
        report="report.html",
        commands=("sleap-nn export a -o b", "sleap-nn track <c>"),
        clip_command="sleap-nn render d",
        results={"one & two": "3 animals"},
    )
    page = write_page(tmp_path / "index.html", shown).read_text(encoding="utf8")
    named = set(re.findall(r'(?:src|href|poster)="([^"]*)"', page))
    assert named == {"clip.mp4", "picture.png", "report.html"}
    assert "<script" not in page
    assert "//" not in page
    text = re.sub(r"<[^>]+>", "", page)
    for words in ("sleap-nn export a -o b", "sleap-nn track &lt;c&gt;", "sleap-nn render d"):
        assert words in text
    assert "one &amp; two" in text
