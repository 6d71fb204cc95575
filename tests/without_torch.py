"""Tests where the export extra is not installed, as on machines that only run graphs.

A test that asks for a package of the extra is left out, and says so. Graphs of the sample models
are taken from a folder of exports that `SLEAP_RT_TEST_EXPORTS` names, as `make test-all` does;
`python tests/without_torch.py FOLDER` makes it where the extra is installed.
"""

import os
import sys
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import pytest

EXPORT_EXTRA = ("torch", "onnx", "onnx_ir", "onnxscript")
MISSING = tuple(name for name in EXPORT_EXTRA if find_spec(name) is None)
REASON = "needs the export extra: {} is not installed"
MODELS = (
    ("single_instance",),
    ("bottomup",),
    ("multi_class_bottomup",),
    ("centroid",),
    ("centered_instance",),
    ("centroid", "centered_instance"),
    ("centroid", "multi_class_topdown"),
)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    missing = [name for name in MISSING if f"No module named '{name}" in str(report.longrepr)]
    if report.failed and missing:
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, REASON.format(missing[0]))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    if MISSING and item.get_closest_marker("export"):
        pytest.skip(REASON.format(MISSING[0]))
    yield from _skipping()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    yield from _skipping()


def _skipping() -> Generator[None, None, None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in MISSING:
            raise
        pytest.skip(REASON.format(error.name))


def make_exports(folder: Path) -> None:
    os.environ["XDG_CACHE_HOME"] = str(folder)
    from sleap_rt.export import cached_graphs

    samples = Path(__file__).resolve().parents[1] / "samples/models"
    for names in MODELS:
        cached_graphs([samples / name for name in names])


if __name__ == "__main__":
    make_exports(Path(sys.argv[1]).resolve())  # no cache is at a relative path
