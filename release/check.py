"""Builds wheel and sdist, installs them in clean environments, and uses what is there.

Run by `make release-check`: `python release/check.py GRAPHS 3.10 3.13 [--extras cpu gpu]`. GRAPHS
is an export of the sample bottom-up model. Prints the table of docs/install.md.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
VERIFY = ("verify", "{graphs}", "--device", "cpu", "--engine")
TRACK = ("track", "-i", SAMPLES / "crawlers.mp4", "-m", "{graphs}", "-t", "-o", "poses.slp")
EVAL = ("eval", "-g", SAMPLES / "crawlers.slp", "-p", "poses.slp")
USES: dict[str, Sequence[Sequence[object]]] = {  # extras -> commands that they are for
    "": [("system",)],
    "cpu": [(*VERIFY, "ort"), TRACK, EVAL],
    "cpu,openvino": [(*VERIFY, "openvino")],
    "cpu,mnn": [(*VERIFY, "mnn")],
    "cpu,report": [TRACK, (*EVAL, "--report", "report.html")],
    "cpu,export": [("export", SAMPLES / "models/single_instance", "-o", "graphs")],
    "gpu": [(*VERIFY, "ort")],
    "trt": [("system",)],
    "trt-rtx": [("system",)],
}


class FailedError(Exception):
    """A step that went wrong; the message is what the program said last."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graphs", type=Path)
    parser.add_argument("pythons", nargs="+")
    parser.add_argument("--extras", nargs="+", choices=list(USES), default=list(USES))
    args = parser.parse_args()
    wheel = built()
    print(f"{wheel.name}: the wheel, and the one built from the sdist, hold the same files\n")
    pythons = {number: found for number in args.pythons if (found := python_of(number))}
    print(f"| | {' | '.join(pythons)} |\n|---|{'---|' * len(pythons)}")
    has_failed = False
    for extras in args.extras:
        cells = [cell(python, wheel, extras, args.graphs.resolve()) for python in pythons.values()]
        print(f"| {f'`[{extras}]`' if extras else 'base'} | {' | '.join(cells)} |", flush=True)
        has_failed |= any(text.startswith("FAILED") for text in cells)
    if has_failed or not pythons:
        sys.exit("Error: a check failed" if pythons else "Error: none of these Pythons is here")


def built() -> Path:
    """The wheel, once it is known to be the one that the sdist gives."""
    shutil.rmtree(ROOT / "build", ignore_errors=True)
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    ran(sys.executable, "-m", "build", "--wheel", ROOT)
    (wheel,) = (ROOT / "dist").glob("*.whl")
    with tempfile.TemporaryDirectory() as folder:
        ran(sys.executable, "-m", "build", "--outdir", folder, ROOT)  # the wheel from the sdist
        (sdist,), (other,) = Path(folder).glob("*.tar.gz"), Path(folder).glob("*.whl")
        shutil.copy(sdist, wheel.parent)
        if names_in(wheel) != names_in(other):
            raise FailedError(f"not in both wheels: {names_in(wheel) ^ names_in(other)}")
    ran(sys.executable, "-m", "twine", "check", "--strict", *wheel.parent.iterdir())
    return wheel


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist())


def python_of(number: str) -> str | None:
    """A Python of this version, from the path or from pyenv."""
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for python in (f"python{number}", *map(str, home.glob(f"versions/{number}.*/bin/python"))):
        try:
            subprocess.run([python, "-c", ""], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    print(f"Python {number}: not found here, left out", file=sys.stderr)
    return None


def cell(python: str, wheel: Path, extras: str, graphs: Path) -> str:
    """MB of an environment in which everything went well, or what went wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder, environment = Path(name), Path(name, "env")
        uv = (sys.executable, "-m", "uv")
        program = environment / ("Scripts" if os.name == "nt" else "bin")
        try:
            ran(*uv, "venv", "--python", python, environment)
            wanted = f"{wheel}[{extras}]" if extras else wheel
            try:
                ran(*uv, "pip", "install", "--python", program / "python", wanted)
            except FailedError as error:
                return f"cannot be installed: {error}"
            ran(*uv, "pip", "check", "--python", program / "python")
            size = megabytes(environment)
            for words in USES[extras]:
                arguments = [str(word).format(graphs=graphs) for word in words]
                ran(program / "sleap-rt", *arguments, folder=folder)
        except FailedError as error:
            return f"FAILED: {error}"
        return f"{size:.0f} MB"


def megabytes(folder: Path) -> float:
    files = (path.lstat() for path in folder.rglob("*") if not path.is_dir())
    return sum(file.st_size for file in files) / 1e6


def ran(*command: object, folder: Path | None = None) -> None:
    """Raises:
    FailedError: the program did not end with 0.
    """
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=folder, check=False
    )
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise FailedError(" ".join(lines[-6:])[:300] or f"{command[0]}: {done.returncode}")


if __name__ == "__main__":
    main()
