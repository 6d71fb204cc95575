"""A clean environment: sleap-rt is installed in it, used, and weighed."""

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from release.programs import FailedError, ran


@dataclass(frozen=True)
class Tried:
    """What became of one installation.

    Attributes:
        problem: what went wrong; empty where nothing did.
        is_installable: whether the package index gave everything that the extra asks for.
        size: of the environment, in MB.
        packages: MB of each package in it.
    """

    problem: str = ""
    is_installable: bool = True
    size: float = 0
    packages: tuple[tuple[str, float], ...] = ()


def tried(
    python: str, archive: Path, extras: str, commands: Sequence[Sequence[object]], graphs: Path
) -> Tried:
    """Install an archive with extras for a Python, and run what the extras are for.

    Args:
        python: program to make the environment with.
        archive: wheel or sdist.
        extras: joined by commas; may be empty.
        commands: program and arguments of each; `{graphs}` stands for the folder.
        graphs: an export of the sample bottom-up model.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, environment = Path(name), Path(name, "env")
        uv = (sys.executable, "-m", "uv")
        programs = environment / ("Scripts" if os.name == "nt" else "bin")
        try:
            ran(*uv, "venv", "--python", python, environment)
            wanted = f"{archive}[{extras}]" if extras else archive
            try:
                ran(*uv, "pip", "install", "--python", programs / "python", wanted)
            except FailedError as error:
                return Tried(problem=str(error), is_installable=False)
            ran(*uv, "pip", "check", "--python", programs / "python")
            size, packages = megabytes(environment), packages_of(environment)
            for program, *words in commands:
                arguments = [str(word).replace("{graphs}", str(graphs)) for word in words]
                ran(programs / str(program), *arguments, folder=folder)
        except FailedError as error:
            return Tried(problem=str(error))
        return Tried(size=size, packages=packages)


def megabytes(folder: Path) -> float:
    files = (path.lstat() for path in folder.rglob("*") if not path.is_dir())
    return sum(file.st_size for file in files) / 1e6


def packages_of(environment: Path) -> tuple[tuple[str, float], ...]:
    """MB of each package, by the lists of files that they come with."""
    folders = [str(found) for found in environment.rglob("site-packages") if found.is_dir()]
    return tuple(
        (str(package.metadata["Name"]), sum(file.size or 0 for file in package.files or []) / 1e6)
        for package in distributions(path=folders)
    )
