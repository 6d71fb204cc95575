"""Builds wheel and sdist, and knows what has to be in them."""

import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from release.programs import FailedError, ran

ROOT = Path(__file__).resolve().parents[1]
IN_BOTH = ("py.typed", "LICENSE", "THIRD_PARTY.md", "CITATION.cff")


def built() -> tuple[Path, Path]:
    """Wheel and sdist in `dist/`, once the wheel is known to be the one that the sdist gives.

    Raises:
        FailedError: they differ, a file is missing, or the package index would not take them.
    """
    shutil.rmtree(ROOT / "build", ignore_errors=True)
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    ran(sys.executable, "-m", "build", "--wheel", ROOT)
    (wheel,) = (ROOT / "dist").glob("*.whl")
    with tempfile.TemporaryDirectory() as folder:
        ran(sys.executable, "-m", "build", "--outdir", folder, ROOT)  # the wheel from the sdist
        (built_sdist,), (other,) = Path(folder).glob("*.tar.gz"), Path(folder).glob("*.whl")
        sdist = Path(shutil.copy(built_sdist, wheel.parent))
        if different := dict(contents(wheel).items() ^ contents(other).items()):
            raise FailedError(f"not the same in both wheels: {sorted(different)}")
    ran(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
    with tarfile.open(sdist) as file:
        require(sdist, file.getnames())
    require(wheel, contents(wheel))
    return wheel, sdist


def contents(wheel: Path) -> dict[str, int]:
    """Checksum of every file in a wheel, by its name."""
    with zipfile.ZipFile(wheel) as file:
        return {info.filename: info.CRC for info in file.infolist()}


def require(archive: Path, names: Iterable[str]) -> None:
    """Raises:
    FailedError: one of the files of `IN_BOTH` is not there.
    """
    found = {Path(name).name for name in names}
    if missing := [name for name in IN_BOTH if name not in found]:
        raise FailedError(f"{archive.name} has no {', '.join(missing)}")
