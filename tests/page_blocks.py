"""Reads the blocks of a page: what a reader types, and what the page says that he will see.

A block without a title is run. One with a title says what it needs (a GPU, a network); of it, only
names of commands, options and extras are checked.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ANYTHING = "…"  # in what a page shows: what differs from machine to machine
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_QUOTE = re.compile(r"(?<!\*)\*([^*\n]+)\*(?!\*)")


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes:
        language: as it is marked.
        needs: its title; empty for one that runs everywhere.
        text: that is in it.
        shows: the lines that the page shows behind it.
    """

    language: str
    needs: str
    text: str
    shows: tuple[str, ...] = ()

    @property
    def commands(self) -> list[list[str]]:
        """The words of each command of a shell."""
        text = self.text.replace("\\\n", " ")
        lines = [shlex.split(line, comments=True) for line in text.splitlines()]
        return [words for words in lines if words]


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page in order; what a page shows belongs to the block ahead of it."""
    found: list[Block] = []
    for language, needs, text in _BLOCK.findall(page.read_text(encoding="utf8")):
        if language == "text":
            before = found.pop()
            lines = tuple(line for line in text.splitlines() if line)
            found.append(Block(before.language, before.needs, before.text, lines))
        else:
            found.append(Block(language, needs, text))
    return found


def missing_line(shows: tuple[str, ...], written: str) -> str | None:
    """The first line that a page shows and that no program wrote; None for none.

    Results and messages are two streams, so that their order says nothing.
    """
    lines = [" ".join(line.split()) for line in written.splitlines()]
    for shown in shows:
        parts = [re.escape(" ".join(part.split())) for part in shown.split(ANYTHING)]
        pattern = re.compile(".*".join(parts))
        if not any(map(pattern.match, lines)):
            return shown
    return None


def quotes_of(page: Path) -> list[str]:
    """What a page quotes of messages, in its table of what goes wrong."""
    _, _, wrong = page.read_text(encoding="utf8").partition("## What goes wrong")
    return _QUOTE.findall(wrong)
