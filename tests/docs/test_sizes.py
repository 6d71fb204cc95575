"""Sizes in the README are those that were measured, in the table of the page on installing."""

import re

import pytest


@pytest.mark.parametrize(("words", "row"), [("`.` and an engine", "base"), ("`.[cpu]`", "`[cpu]`")])
def test_sizes_in_the_readme_are_those_of_the_table(words, row, request):
    root = request.config.rootpath
    (told,) = re.findall(rf"{re.escape(words)}[^,.]* (\d\.\d) GB", (root / "README.md").read_text())
    table = (root / "docs/install.md").read_text().splitlines()
    (cells,) = [line.split("|")[2:6] for line in table if line.startswith(f"| {row} |")]
    sizes = [int(cell) for cell in cells]  # MB, one per version of Python
    assert min(sizes) - 50 <= float(told) * 1000 <= max(sizes) + 50  # rounded to 100 MB
