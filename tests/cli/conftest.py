"""The program, called as a user does but within the test's process."""

import os
import pty
import subprocess
import sys
from dataclasses import dataclass

import pytest

from sleap_rt.cli import main


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str


@pytest.fixture
def call(capfd):
    """`call("track", "-i", path)`: exit code and what was written."""

    def call(*args) -> Called:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(arg) for arg in args])
        return Called(left.value.code or 0, *capfd.readouterr())

    return call


@pytest.fixture
def on_terminal(request):
    """`on_terminal(["track", "--help"], columns=60)`: all that is written on a terminal."""

    def on_terminal(words, columns=100, **variables) -> str:
        end, terminal = pty.openpty()
        inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        given = {"TERM": "xterm-256color", "COLUMNS": str(columns), **variables}
        running = subprocess.Popen(
            [sys.executable, "-m", "sleap_rt", *map(str, words)],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**inherited, **given},
            cwd=request.config.rootpath,
        )
        os.close(terminal)
        with os.fdopen(end, "rb", buffering=0) as output:
            found = b"".join(_pieces(output))
        running.wait()
        return found.decode().replace("\r\n", "\n")

    return on_terminal


def _pieces(output):
    while True:
        try:
            piece = output.read(65536)
        except OSError:  # the other end is closed
            return
        if not piece:
            return
        yield piece
