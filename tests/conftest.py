"""Fixtures that more than one part of the tests uses."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import hypothesis
import pytest

from sleap_rt.options import NO_OVERRIDES, ModelOverrides
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT, find_tensorrt
from sleap_rt.runtime.pipeline import stream

# A test process shares its core with others; a time limit per example would fail at random. On a
# developer's machine examples differ from run to run; continuous integration repeats its own.
hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")

pytest_plugins = ["without_torch"]
ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # for `samples` and `benchmarks`; an installed package is found first
SAMPLE_MODELS = ROOT / "samples/models"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--device", help="the one that engines are held to their contract on; else all there are"
    )


Export = Callable[..., list[Path]]  # (models, overrides of their configuration)
LONGEST_EXPORT_S = 300  # a process that holds a lock for longer has died with it


@contextmanager
def one_process(lock: Path) -> Iterator[None]:
    """Wait until no other process holds this lock file, then hold it; works on every system."""
    given_up = time.monotonic() + LONGEST_EXPORT_S
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except (FileExistsError, PermissionError):  # Windows: the other one is just removing it
            if time.monotonic() > given_up:
                raise
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink()


@pytest.fixture
def cut_off_behind_one_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], AbstractContextManager[None]]:
    """Runs in such a context are interrupted once their first batch is there."""
    real = stream.__dict__["predict_batches"]

    def interrupted(*arguments: object) -> Iterator[object]:
        for number, batch in enumerate(real(*arguments)):
            if number == 1:
                raise KeyboardInterrupt
            yield batch

    @contextmanager
    def cut_off() -> Iterator[None]:
        with monkeypatch.context() as patched:
            patched.setattr(stream, "predict_batches", interrupted)
            yield

    return cut_off


@pytest.fixture(scope="session")
def rtx() -> TensorRT:
    """TensorRT-RTX, which builds engines without a GPU."""
    pytest.importorskip("tensorrt_rtx_bindings", reason="TensorRT-RTX is not installed")
    return find_tensorrt("trt-rtx")


@pytest.fixture
def ctrl_c_raises() -> Iterator[None]:
    """Signals work here and in commands started here, also where this run is a background job."""
    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}
    if hasattr(signal, "SIGHUP"):
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real models, videos and recorded predictions, where they lie beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(
            "the shared data (real models, recorded predictions) is not beside this checkout"
        )
    return folder


@pytest.fixture(scope="session")
def export_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of exports, for this session alone; commands started in it use it, too.

    It is empty, or begins with exports that were made elsewhere.

    Parallel processes of one session share it.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    cache = folder / "cache"
    with one_process(folder / "cache.lock"):
        made = os.environ.get("SLEAP_RT_TEST_EXPORTS")
        if made and not cache.exists():
            shutil.copytree(made, cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield cache


@pytest.fixture(scope="session")
def exported(export_cache: Path) -> Export:
    """Exports a model or a pair once for the whole session; later calls get the same graphs.

    An export takes seconds, nearly all of them to certify the graph. First stage first.
    """

    def export(models: Sequence[Path], overrides: ModelOverrides = NO_OVERRIDES) -> list[Path]:
        from sleap_rt.export import cached_graphs

        export_cache.mkdir(exist_ok=True)
        name = "+".join(f"{path.parent.name}-{path.name}" for path in models)
        # A parallel process that wants the same model waits for this one instead of exporting too.
        with one_process(export_cache / f"{name}.lock"):
            graphs = cached_graphs(models, overrides)
        return sorted(graphs, key=lambda path: path.stem != "centroid")

    return export


@pytest.fixture(scope="session")
def sample_graphs(exported: Export) -> Callable[..., list[Path]]:
    """`sample_graphs("centroid", "centered_instance")`: graphs of models that ship with us."""
    return lambda *names: exported([SAMPLE_MODELS / name for name in names])


@pytest.fixture(scope="session")
def int8_graph(
    sample_graphs: Callable[..., list[Path]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The sample bottom-up model in int8."""
    from sleap_rt.export.precision.calibration import open_calibration
    from sleap_rt.export.precision.int8 import in_int8
    from sleap_rt.options import CalibrationOptions
    from sleap_rt.runtime import read_graph_file

    (path,) = sample_graphs("bottomup")
    options = CalibrationOptions(calibrate=ROOT / "samples/crawlers.mp4", calibration_frames=6)
    folder = tmp_path_factory.mktemp("int8")
    with open_calibration(options, needs_labels=False) as frames:
        exact = [(path, read_graph_file(path).contract)]
        ((graph, _),) = in_int8(exact, frames, folder)
    return graph
