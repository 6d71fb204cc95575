"""Errors begin with a capital, a name, or what was given."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "sleap_rt").rglob("*.py"))
USAGE = {"UsageError", "BadParameter", "ClickException"}  # click's
# An option's name, as in `max_tracks 0: ...`, `view: ...` and `format must be one of ...`.
NAME = re.compile(
    r"[\w.]*[_.]\w+\b"
    r"|(?!(no|the|a|an|this|frame|layer|device|engine)\b)[a-z]+( \S+)?: "
    r"|[a-z]+ (must|takes effect|has no effect|and) "
    r"|skia-python"
)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf8"))


@cache
def our_errors() -> frozenset[str]:
    """Names of the classes that derive from `SleapRtError`, and of click's."""
    bases = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    }
    found = {"SleapRtError", *USAGE}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return frozenset(found)


def beginnings(message: ast.expr, tree: ast.Module, depth: int = 0) -> Iterator[tuple[int, str]]:
    """Line and text of a message's literals, up to what is put in; `?` stands for that.

    Constants of the module, and what functions of the module return, are followed.
    """
    if isinstance(message, ast.Constant) and isinstance(message.value, str):
        yield message.lineno, message.value
    elif isinstance(message, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "?" for part in message.values)
        yield message.lineno, "".join(map(str, parts))
    elif isinstance(message, ast.BinOp):
        yield from beginnings(message.left, tree, depth)
    elif isinstance(message, ast.IfExp):
        for choice in (message.body, message.orelse):
            yield from beginnings(choice, tree, depth)
    elif isinstance(message, ast.Name | ast.Call) and depth < 3:
        for found in written_at(message, tree):
            yield from beginnings(found, tree, depth + 1)


def written_at(message: ast.Name | ast.Call, tree: ast.Module) -> Iterator[ast.expr]:
    name = message.id if isinstance(message, ast.Name) else ast.unparse(message.func)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets):
            yield node.value
        if isinstance(node, ast.FunctionDef) and node.name == name:
            for inside in ast.walk(node):
                if isinstance(inside, ast.Return) and inside.value is not None:
                    yield inside.value


def messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Of errors; and what was done when something failed (`doing`), which begins such messages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in our_errors() or called == "doing":
                yield from beginnings(node.args[0], tree)


def begins_well(text: str) -> bool:
    return not re.match("[a-z]", text) or NAME.match(text) is not None


@pytest.mark.parametrize(
    "text",
    ["No frame", "`x` is", "--flag is", "? is no model", "max_tracks ?: must", "zmq: is", "a.b is"],
)
def test_what_an_error_may_begin_with(text):
    assert begins_well(text)


@pytest.mark.parametrize("text", ["the file", "frame ? cannot", "device '?' was", "no x: y z"])
def test_what_an_error_may_not_begin_with(text):
    assert not begins_well(text)


def test_errors_begin_with_a_capital_or_a_name():
    found = [(path, *one) for path in FILES for one in messages(tree_of(path))]
    assert len(found) > 500
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {text[:60]}"
        for path, line, text in found
        if not begins_well(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_gray_and_center_have_one_spelling():
    others = re.compile("gr" + "ey|cent" + "re", re.IGNORECASE)
    texts = [*FILES, *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in texts
        for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1)
        if others.search(line)
    ]
    assert not wrong, "\n".join(wrong)
