"""The cache of engines, filled by real builds of a tiny graph."""

import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines._cache import EngineCache, graph_hash
from sleap_rt.runtime.engines.tensorrt import build
from sleap_rt.runtime.engines.tensorrt.ahead import write_ahead_of_time
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest
from sleap_rt.runtime.engines.tensorrt.gpu.gpus import Gpu
from sleap_rt.runtime.engines.tensorrt.keys import EngineKey
from sleap_rt.runtime.engines.tensorrt.plans import EnginePlans
from sleap_rt.runtime.engines.tensorrt.shapes import Shape, ShapeProfile
from sleap_rt.runtime.engines.tensorrt.targets import parse_target

KEY = EngineKey(
    graph="abc",
    tensorrt="trt 10.3.0",
    gpu="NVIDIA A100 (8.0)",
    platform="Linux x86_64",
    profile=ShapeProfile(frame_size=(16, 24, 1)),
    outputs=("peaks",),
    workspace_bytes=None,
)
NewPlans = Callable[[], EnginePlans]
SHAPES: dict[str, Shape] = {"frames": (2, 16, 24, 1)}


class Builds:
    """Counts builds; each gives another engine."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self) -> bytes:
        self.n += 1
        return b"engine" * 100 + bytes([self.n])


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, notes: list[str]) -> EngineCache:
    return EngineCache(tmp_path / "engines", notes.append)


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.name != ".lock" and path.is_file())


@pytest.mark.parametrize(
    "change",
    [
        {"graph": "other"},
        {"tensorrt": "trt 10.4.0"},
        {"tensorrt": "trt-rtx 10.3.0"},
        {"gpu": "NVIDIA A30 (8.0)"},
        {"platform": "Linux aarch64"},
        {"profile": replace(KEY.profile, max_batch=16)},
        {"profile": replace(KEY.profile, frame_size=(24, 16, 1))},
        {"profile": replace(KEY.profile, max_slots=128)},
        {"profile": replace(KEY.profile, max_crops=128)},
        {"outputs": ("peaks", "pafs")},
        {"workspace_bytes": 1 << 30},
    ],
    ids=str,
)
def test_everything_that_invalidates_an_engine_makes_another_entry(
    cache: EngineCache, change: dict[str, object]
) -> None:
    builds = Builds()
    first = cache.get_or_build(KEY, builds)
    other = cache.get_or_build(replace(KEY, **change), builds)
    assert first != other
    assert cache.get_or_build(KEY, builds) == first
    assert builds.n == 2


def test_the_graph_and_weights_beside_it_are_hashed(tmp_path: Path) -> None:
    model = tmp_path / "a.onnx"
    model.write_bytes(b"graph")
    bare = graph_hash(model)
    (tmp_path / "a.onnx.data").write_bytes(b"weights")
    with_weights = graph_hash(model)
    model.write_bytes(b"grapf")
    assert len({bare, with_weights, graph_hash(model)}) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:-3] + b"xyz",
        lambda content: b"some other program's file",
        lambda content: content.replace(b"10.3.0", b"10.2.0"),
        lambda content: content + b"more",
    ],
    ids=["empty", "cut", "changed", "foreign", "stale", "longer"],
)
def test_a_damaged_or_foreign_entry_is_built_again(
    cache: EngineCache, tmp_path: Path, damage: object
) -> None:
    builds = Builds()
    cache.get_or_build(KEY, builds)
    (entry,) = entries(tmp_path)
    entry.write_bytes(damage(entry.read_bytes()))  # type: ignore[operator]
    again = cache.get_or_build(KEY, builds)
    assert builds.n == 2
    assert cache.get_or_build(KEY, builds) == again
    assert builds.n == 2


def test_a_failed_build_leaves_nothing(cache: EngineCache, tmp_path: Path) -> None:
    def fail() -> bytes:
        raise EngineError("no")

    with pytest.raises(EngineError):
        cache.get_or_build(KEY, fail)
    assert entries(tmp_path) == []
    assert cache.get_or_build(KEY, Builds())  # and no lock that is held


def test_an_unusable_engine_is_forgotten(cache: EngineCache) -> None:
    builds = Builds()
    cache.get_or_build(KEY, builds)
    cache.discard(KEY)
    cache.get_or_build(KEY, builds)
    assert builds.n == 2


def test_without_a_home_folder_nothing_lands_where_the_user_is(
    tmp_path: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cache, builds = EngineCache(Path("~/.cache/sleap-rt/engines"), notes.append), Builds()
    assert cache.get_or_build(KEY, builds)
    assert "there is no home folder" in notes[0]
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_said_and_done_without(
    tmp_path: Path, notes: list[str]
) -> None:
    blocker = tmp_path / "file"  # stands for a read-only disk, also where tests run as root
    blocker.write_text("")
    cache, builds = EngineCache(blocker / "engines", notes.append), Builds()
    assert cache.get_or_build(KEY, builds)
    assert cache.get_or_build(KEY, builds)
    assert builds.n == 2
    assert "cannot be kept" in notes[0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_cache_is_still_read(cache: EngineCache, tmp_path: Path) -> None:
    builds = Builds()
    cache.get_or_build(KEY, builds)
    (tmp_path / "engines").chmod(0o500)
    cache.get_or_build(KEY, builds)
    assert builds.n == 1


def _build_slowly(folder: Path, log: Path) -> None:
    def work() -> bytes:
        with log.open("a") as file:
            file.write("built\n")
        time.sleep(0.5)
        return b"engine"

    notes: list[str] = []
    assert EngineCache(folder, notes.append).get_or_build(KEY, work) == b"engine"


def test_of_two_processes_one_builds_and_the_other_waits(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    log = tmp_path / "log"
    workers = [
        spawn.Process(target=_build_slowly, args=(tmp_path / "engines", log)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert log.read_text() == "built\n"


GPU = Gpu(0, "NVIDIA RTX A4000", "8.6")


@pytest.fixture
def own_graph(tiny_graph: Path, tmp_path: Path) -> Path:
    """A graph in a folder of its own, for engines beside it."""
    folder = tmp_path / "model"
    folder.mkdir()
    return Path(shutil.copy(tiny_graph, folder))


@pytest.fixture
def plans(
    rtx: TensorRT, own_graph: Path, cache: EngineCache, notes: list[str]
) -> Callable[[], EnginePlans]:
    """The engines of the tiny graph, as each new process sees them.

    There is no GPU to build for, so the builds are for its architecture.
    """
    return lambda: _Plans(rtx, own_graph, ["total", "confmaps"], GPU, cache, notes.append)


class _Plans(EnginePlans):
    def _request(self, shapes: Mapping[str, Shape], fetch: Sequence[str]) -> BuildRequest:
        return replace(super()._request(shapes, fetch), target=parse_target("sm86"))


def test_one_engine_serves_all_runs_that_fit_it(plans: NewPlans, tmp_path: Path) -> None:
    first = plans()
    assert first.needs(SHAPES, ["total"])
    assert first.engine_for(SHAPES, ["total"])
    assert not first.needs({"frames": (8, 16, 24, 1)}, ["total"])
    assert first.needs({"frames": (9, 16, 24, 1)}, ["total"])
    assert first.needs({"frames": (2, 32, 24, 1)}, ["total"])
    assert first.needs(SHAPES, ["confmaps"])
    assert len(entries(tmp_path / "engines")) == 1


def test_raw_outputs_asked_for_before_stay_in_the_engine(plans: NewPlans) -> None:
    first = plans()
    first.engine_for(SHAPES, ["confmaps"])
    assert not first.needs(SHAPES, ["total"])
    first.engine_for({"frames": (2, 32, 24, 1)}, ["total"])
    assert not first.needs({"frames": (2, 32, 24, 1)}, ["confmaps"])


def test_an_engine_is_built_once_and_found_by_the_next_process(
    plans: NewPlans, capsys: pytest.CaptureFixture[str]
) -> None:
    built = plans().engine_for(SHAPES, ["total"])
    assert "tiny.onnx for frames of 24x16 px on NVIDIA RTX A4000 (8.6)" in capsys.readouterr().err
    assert plans().engine_for(SHAPES, ["total"]) == built
    assert capsys.readouterr().err == ""


def test_an_unusable_engine_is_built_again(
    plans: NewPlans, capsys: pytest.CaptureFixture[str]
) -> None:
    first = plans()
    first.engine_for(SHAPES, ["total"])
    assert first.rebuild()
    assert capsys.readouterr().err.count("building") == 2


def test_a_cancelled_build_leaves_nothing(
    plans: NewPlans, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_ctrl_c(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "_interruptible", press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        plans().engine_for(SHAPES, ["total"])
    assert entries(tmp_path / "engines") == []


def test_an_engine_built_ahead_of_time_is_taken(
    plans: NewPlans, own_graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_ahead_of_time(own_graph, parse_target("sm86"), (16, 24, 1))
    assert path == own_graph.with_name("tiny.sm86.24x16x1.engine")
    assert "for frames of 24x16 px on sm86" in capsys.readouterr().err
    assert path.read_bytes().endswith(plans().engine_for(SHAPES, ["total"]))
    assert capsys.readouterr().err == ""
    assert not (tmp_path / "engines").exists()


@pytest.mark.parametrize("shapes", [{"frames": (9, 16, 24, 1)}, {"frames": (1, 16, 24, 3)}])
def test_a_run_that_it_does_not_serve_builds_its_own(
    plans: NewPlans, own_graph: Path, tmp_path: Path, shapes: dict[str, Shape]
) -> None:
    write_ahead_of_time(own_graph, parse_target("sm86"), (16, 24, 1))
    plans().engine_for(shapes, ["total"])
    assert len(entries(tmp_path / "engines")) == 1


def test_an_engine_of_another_graph_is_said_to_be_useless(
    plans: NewPlans, own_graph: Path, notes: list[str]
) -> None:
    write_ahead_of_time(own_graph, parse_target("sm86"), (16, 24, 1))
    own_graph.write_bytes(own_graph.read_bytes() + b"\x42\x00")  # an empty producer name
    plans().engine_for(SHAPES, ["total"])
    assert "tiny.sm86.24x16x1.engine does not serve this run" in notes[0]


def test_a_graph_that_cannot_be_built_leaves_nothing(unreadable_graph: Path) -> None:
    before = entries(unreadable_graph.parent)
    with pytest.raises(EngineError, match="noise_maker"):
        write_ahead_of_time(unreadable_graph, parse_target("sm86"), (16, 24, 1))
    assert entries(unreadable_graph.parent) == before
