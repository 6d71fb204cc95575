"""Every message of the program, found in its source and sorted by what it is about."""

import ast
import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "sleap_rt"
BLANK = "…"  # what a message fills in

# Headings of docs/troubleshooting.md, and the parts of the package whose messages stand there; the
# longest part that fits a file counts.
TOPICS = {
    "Videos and images": ("runtime/frames", "untrusted/sizes.py", "libraries"),
    "Labels": ("labels", "runtime/frames/labels_input.py", "runtime/frames/input_labels.py"),
    "Trained models": (
        "models",
        "model_files.py",
        "skeleton.py",
        "kinds.py",
        "workflows/pairs.py",
    ),
    "Models of SLEAP 1.4 and older": ("models/legacy", "legacy_files.py"),
    "Exporting": ("export", "workflows/export_extra.py", "cli/export.py", "options/exporting.py"),
    "Exported graphs": (
        "contract.py",
        "runtime/graph_file.py",
        "runtime/graph_operators.py",
        "runtime/graph_seal.py",
        "runtime/protobuf.py",
        "runtime/built_in.py",
        "runtime/model_set.py",
        "runtime/predictors",
    ),
    "Engines and devices": (
        "runtime/engines",
        "runtime/inspect",
        "workflows/inspect",
        "cli/verify.py",
        "machine",
    ),
    "Options": ("options", "cli", "arrays.py", "geometry.py", "libraries"),
    "Runs and results": ("runtime/pipeline", "runtime/outputs", "runtime/disk.py", "workflows"),
    "Parts of a run": ("workflows/parts", "options/dividing.py"),
    "Tracking": (
        "tracking",
        "instances.py",
        "workflows/tracking.py",
        "workflows/retracking",
        "runtime/pipeline/retrack.py",
    ),
    "Evaluation": ("evaluation", "workflows/evaluate.py", "cli/eval.py"),
    "Live": (
        "runtime/live",
        "workflows/live",
        "runtime/frames/live",
        "cli/live",
        "options/live.py",
        "api/live.py",
    ),
    "Pictures of results": ("rendering", "workflows/show", "options/showing.py"),
    "In a browser": ("web_page", "workflows/show/page.py"),
    "Python": ("api",),
    "Limits on files": ("untrusted",),
}
_SENTENCE = 6  # words, at least
_NOT_OURS = ("AttributeError", "KeyError", "TypeError", "NotImplementedError", "AssertionError")


@cache
def by_topic() -> dict[str, list[str]]:
    """Messages of every topic, in alphabetical order, `…` where something is filled in."""
    found: dict[str, set[str]] = {topic: set() for topic in TOPICS}
    for path in sorted(ROOT.rglob("*.py")):
        messages = set(_messages(ast.parse(path.read_text(encoding="utf8"))))
        if messages:
            found[topic(path.relative_to(ROOT).as_posix())] |= messages
    return {name: sorted(messages, key=_first_letter) for name, messages in found.items()}


def topic(file: str) -> str:
    """The heading under which a file's messages stand.

    Raises:
        LookupError: none; add the file to TOPICS, under the heading where a user would look.
    """
    fits = [
        (len(part), name)
        for name, parts in TOPICS.items()
        for part in parts
        if file == part or file.startswith(f"{part}/")
    ]
    if not fits:
        raise LookupError(f"no topic of docs/building/messages.py is for {file}")
    return max(fits)[1]


def listing(name: str) -> str:
    """The messages of a topic, folded; the search of the site finds them."""
    rows = [f"    - {html.escape(message, quote=False)}" for message in by_topic()[name]]
    return "\n".join([f'??? info "Messages ({len(rows)})"', "", *rows])


def _messages(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.Call) and node.args and _is_error(node.func):
            text = " ".join(_text(node.args[0]).split())
        elif isinstance(node, ast.Return) and node.value:  # of a function that words a message
            words = _text(node.value).split()
            text = " ".join(words) if len(words) >= _SENTENCE and words[-1].endswith(".") else ""
        if re.search(r"\w{2}", text.replace(BLANK, "")):
            yield text


def _is_error(called: ast.expr) -> bool:
    name = getattr(called, "id", getattr(called, "attr", ""))
    return name.endswith(("Error", "BadParameter")) and name not in _NOT_OURS


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return BLANK


def _first_letter(message: str) -> str:
    return re.sub(r"[^\w ]", "", message).strip().casefold()
