"""The package stays easy to find one's way in: no circles, small folders, small files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sleap_rt

PACKAGE = Path(sleap_rt.__file__).parent
MAX_FILES = 14  # of a folder's own
MAX_LINES = 350

Imports = dict[str, set[str]]


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def at_import(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that are run when the module is; those for the type checker are not."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def everywhere(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """All imports, also those in functions and for the type checker."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def targets(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Modules of the package that an import statement names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in FILES)
        return
    for alias in node.names:
        full = f"{node.module}.{alias.name}"
        if full in FILES:
            yield full
        elif node.module in FILES:
            yield node.module


def imports(of) -> Imports:
    found = {}
    for module, path in FILES.items():
        nodes = of(ast.parse(path.read_text(encoding="utf8")))
        found[module] = {target for node in nodes for target in targets(node)} - {module}
    return found


def circle(graph: Imports) -> list[str]:
    """The modules of circles, and those that import them."""
    graph = dict(graph)
    while free := [module for module, others in graph.items() if not others & graph.keys()]:
        for module in free:
            del graph[module]
    return sorted(graph)


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circle({"a": {"b"}, "b": {"a"}, "c": set()}) == ["a", "b"]


def test_no_modules_import_each_other_in_a_circle():
    assert circle(imports(at_import)) == []


def test_no_two_modules_import_each_other_anywhere():
    graph = imports(everywhere)
    both = [(a, b) for a, others in graph.items() for b in others if a < b and a in graph[b]]
    assert both == []


FOLDERS = sorted({path.parent.relative_to(PACKAGE).as_posix() for path in FILES.values()})


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_few_files_of_its_own(folder):
    own = sorted(path.name for path in (PACKAGE / folder).glob("*.py"))
    assert len(own) <= MAX_FILES, own


@pytest.mark.parametrize("path", FILES.values(), ids=FILES.keys())
def test_a_file_is_short(path):
    assert len(path.read_text(encoding="utf8").splitlines()) <= MAX_LINES
