"""Writes the table of THIRD_PARTY.md: every package that sleap-rt installs, with its licence.

`python release/third_party.py`, in the environment of `make check`, reads what installed packages
say of themselves. tests/test_release.py says when it has to be run again.
"""

import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution, metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
NOTICES = ROOT / "THIRD_PARTY.md"
EXTRAS = (
    "cpu",
    "openvino",
    "mnn",
    "report",
    "opencv",
    "live",
    "cluster",
    "export",
    "trt-rtx",
    "trt",
    "gpu",
)
_NVIDIA = "NVIDIA proprietary"
BY_HAND = {  # not installed in the development environment
    "bokeh": "BSD-3-Clause",
    "onnxruntime-gpu": "MIT",
    "nvidia-cublas": _NVIDIA,
    "nvidia-cuda-nvrtc": _NVIDIA,
    "nvidia-cuda-runtime": _NVIDIA,
    "nvidia-cudnn-cu13": _NVIDIA,
    "nvidia-cufft": _NVIDIA,
    "nvidia-curand": _NVIDIA,
    "nvidia-nvjitlink": _NVIDIA,
    "tensorrt": _NVIDIA,
}
BROUGHT_BY_HAND = {"onnxruntime-gpu": [name for name in BY_HAND if name.startswith("nvidia-")]}
HEADER = "| package | licence | needed by |\n|---|---|---|\n"


def main() -> None:
    text = NOTICES.read_text(encoding="utf8").partition(HEADER)[0]
    rows = [f"| {name} | {licence(name)} | {by} |\n" for name, by in sorted(packages().items())]
    NOTICES.write_text(text + HEADER + "".join(rows), encoding="utf8")


def packages() -> dict[str, str]:
    """Every package that an installation can bring -> `base`, or the first extra that brings it."""
    found: dict[str, str] = {}
    for extra in ("", *EXTRAS):
        waiting = [*needs("sleap-rt", extra)]
        while waiting:
            requirement = waiting.pop()
            name = plain(requirement.name)
            if name in found:
                continue
            found[name] = f"`[{extra}]`" if extra else "base"
            for of_package in ("", *requirement.extras):
                waiting += needs(name, of_package)
    return found


def needs(name: str, extra: str) -> Iterator[Requirement]:
    """What a package needs, or what one of its extras needs besides; of those not here, by hand."""
    try:
        lines = distribution(name).requires or []
    except PackageNotFoundError:
        lines = BROUGHT_BY_HAND.get(name, []) if not extra else []
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        always = marker is None or marker.evaluate({"extra": ""})
        if always != bool(extra) and (always or (marker and marker.evaluate({"extra": extra}))):
            yield requirement


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(name: str) -> str:
    """In the package's own words, shortened to their first line."""
    if name in BY_HAND:
        return BY_HAND[name]
    about = metadata(name)
    classified = [
        line.rpartition(" :: ")[2]
        for line in about.get_all("Classifier") or []
        if line.startswith("License :: ") and not line.endswith("OSI Approved")
    ]
    text = _first(about, "License-Expression") or ", ".join(classified) or _first(about, "License")
    return text or "see its files"


def _first(about: PackageMetadata, field: str) -> str:
    return (about.get_all(field) or [""])[0].strip().partition("\n")[0][:60]


if __name__ == "__main__":
    main()
