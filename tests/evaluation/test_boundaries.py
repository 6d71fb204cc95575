"""What the evaluation may import, and where."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sleap_rt.evaluation

PACKAGE = Path(sleap_rt.evaluation.__file__).parent
_PARTS = """
    arrays errors evaluation geometry instances labels libraries model_files options skeleton
    untrusted version words
"""
ALLOWED = {f"sleap_rt.{name}" for name in _PARTS.split()}


def imports(path):
    """(module, inside TYPE_CHECKING or a function) of every import of a file."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module, id(node) in top


def files():
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_keep_to_the_house_rules(path):
    name = str(path.relative_to(PACKAGE))
    for module, at_top in imports(path):
        package = module.split(".")[0]
        if package == "sleap_io" and at_top:
            assert name in ("reading/labels.py", "reading/images.py")
        if package == "matplotlib":
            assert not at_top
            assert name.startswith("report")
        if package == "cv2":
            assert name.startswith("report")
        if package == "sleap_rt":
            assert ".".join(module.split(".")[:2]) in ALLOWED
        assert package not in {"torch", "onnx", "onnxruntime", "trackeval", "pycocotools"}


def test_evaluating_does_not_load_matplotlib():
    code = "import sys, sleap_rt.evaluation.run; print('matplotlib' in sys.modules)"
    root = str(PACKAGE.parents[1])
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert result.stdout.strip() == "False"


def test_public_names_are_there_and_others_are_not():
    for name in sleap_rt.evaluation.__all__:
        assert getattr(sleap_rt.evaluation, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = sleap_rt.evaluation.nothing
