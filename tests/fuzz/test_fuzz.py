"""Readers survive damaged files: `make fuzz` does the same for all of them, and for longer."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("run.py")
N_MUTANTS = 300
GROUPS = (  # of kinds, each for one process; together, all that there are
    ("yaml", "json", "zip", "npz", "slp", "pkg"),
    ("ckpt", "keras", "onnx", "journal", "retrack"),
    ("mp4", "mkv", "avi", "hdf5", "png", "jpg", "tif"),
)


@pytest.mark.export
@pytest.mark.skipif(
    sys.platform != "linux", reason="limits and sizes of processes, as Linux has them"
)
@pytest.mark.parametrize("kinds", GROUPS, ids=",".join)
def test_no_mutant_gets_through(kinds):
    command = [sys.executable, FUZZ, "--kinds", ",".join(kinds), "--mutants", str(N_MUTANTS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"
    assert done.stdout.count(f" {N_MUTANTS} ") == len(kinds)


@pytest.mark.skipif(
    sys.platform != "linux", reason="limits and sizes of processes, as Linux has them"
)
@pytest.mark.parametrize(
    ("read", "what"),
    [
        ("lambda path: 1 / 0", "foreign"),
        ("lambda path: exec('while True: pass')", "hang"),
        ("lambda path: bytearray(1 << 28)", "memory"),
        ("lambda path: __import__('os').kill(__import__('os').getpid(), 11)", "crash"),
        ("lambda path: exec('raise DataError(\"x\" * 99999)')", "own"),
        ("lambda path: None", "ok"),
    ],
)
def test_faults_are_seen(read, what, tmp_path):
    """The children tell each fault, and go on behind it."""
    script = f"""
import sys; sys.path.insert(0, {str(FUZZ.parent)!r})
import children, readers
from pathlib import Path
from sleap_rt.errors import DataError
children.LONGEST_S, children.MOST_BYTES = 1, 1 << 27
kind = readers.Kind("a", None, {read})
for outcome in children.outcomes(kind, "a", [b"content"], Path({str(tmp_path / "a")!r}), 0, 0, 3):
    print(outcome.number, outcome.what)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() == [f"{number} {what}" for number in range(3)], done.stderr


def test_no_kind_is_forgotten():
    listed = subprocess.run(
        [sys.executable, "-c", "from readers import KINDS; print(*KINDS)"],
        cwd=FUZZ.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(listed.stdout.split()) == sorted(kind for group in GROUPS for kind in group)


def test_mutants_are_the_same_for_one_seed():
    sys.path.insert(0, str(FUZZ.parent))
    from mutations import mutated

    content = bytes(range(256)) * 4 + b'{"a": 12, "b": [1.5]}'
    first, again = (
        [mutated(content, random.Random(f"seed {n}")) for n in range(200)] for _ in range(2)
    )
    assert first == again
    assert len(set(first)) > 190
    assert all(len(mutant) <= 4 << 20 for mutant in first)
    assert mutated(b"", random.Random(0)) is not None
