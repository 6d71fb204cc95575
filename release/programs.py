"""Runs programs, and says in their own last words what went wrong."""

import os
import subprocess
from pathlib import Path


class FailedError(Exception):
    """A step that went wrong; the message is what the program said last."""


def ran(*command: object, folder: Path | None = None) -> None:
    """Raises:
    FailedError: the program did not end with 0.
    """
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=folder, check=False
    )
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise FailedError(" ".join(lines[-6:])[-300:] or f"{command[0]}: {done.returncode}")


def python_of(number: str) -> str | None:
    """A Python of this version, from the path or from pyenv."""
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for python in (f"python{number}", *map(str, home.glob(f"versions/{number}.*/bin/python"))):
        try:
            subprocess.run([python, "-c", ""], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    return None
