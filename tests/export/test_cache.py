"""Exports kept between runs: damaged ones are made again; a cache that cannot be used is none."""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sleap_rt.errors import ModelError, NotWritableError
from sleap_rt.export import cache, exporter
from sleap_rt.options import NO_OVERRIDES

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "samples/models/single_instance"


@pytest.fixture
def exports(sample_graphs, monkeypatch, tmp_path):
    """Folders that were exported into, in order; an export copies one that was made before."""
    (graph,) = sample_graphs("single_instance")
    made: list[Path] = []

    def export_models(models, folder, overrides, *, on_step):
        folder.mkdir(parents=True)
        shutil.copy(graph, folder)
        made.append(folder)

    monkeypatch.setattr(exporter, "export_models", export_models)
    monkeypatch.setattr(cache, "_temporary_folders", [])
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "cache/exports")
    return made


def entry_of(folder: Path) -> Path:
    return folder / cache._key([MODEL], NO_OVERRIDES)


def flip(graph: Path, at: int) -> None:
    content = bytearray(graph.read_bytes())
    content[at] ^= 0x40
    graph.write_bytes(content)


def as_file(graph: Path) -> None:
    shutil.rmtree(graph.parent)
    graph.parent.write_bytes(b"no folder")


DAMAGE = {
    "a weight": lambda graph: flip(graph, graph.stat().st_size // 2),
    "the first byte": lambda graph: flip(graph, 0),
    "the checksum": lambda graph: flip(graph, graph.stat().st_size - 10),
    "the checksum's name": lambda graph: flip(graph, graph.stat().st_size - 75),
    "cut": lambda graph: os.truncate(graph, graph.stat().st_size * 2 // 3),
    "cut by its checksum": lambda graph: os.truncate(graph, graph.stat().st_size - 83),
    "empty": lambda graph: os.truncate(graph, 0),
    "zeros": lambda graph: graph.write_bytes(bytes(graph.stat().st_size)),
    "zeros at the end": lambda graph: os.truncate(graph, graph.stat().st_size + 4096),
    "no graph": Path.unlink,
    "a graph too many": lambda graph: shutil.copy(graph, graph.with_name("other.onnx")),
    "a file in place of the entry": as_file,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_made_again_with_one_line(exports, capsys, damage):
    (graph,) = cache.cached_graphs([MODEL])
    whole = graph.read_bytes()
    damage(graph)
    assert cache.find_cached([MODEL], NO_OVERRIDES) is None
    (line,) = capsys.readouterr().err.splitlines()
    assert "a cached export cannot be used and is made again: " in line
    assert str(graph.parent) in line
    assert cache.cached_graphs([MODEL]) == [graph]
    assert graph.read_bytes() == whole
    assert sorted(entry_of(cache.cache_folder()).iterdir()) == [graph]
    assert len(exports) == 2
    assert capsys.readouterr().err == "", "told once"


def test_a_whole_entry_is_used(exports, capsys):
    graphs = cache.cached_graphs([MODEL])
    assert cache.find_cached([MODEL], NO_OVERRIDES) == cache.cached_graphs([MODEL]) == graphs
    assert len(exports) == 1
    assert capsys.readouterr().err == ""


def in_the_way(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_bytes(b"no folder")


def above_in_the_way(folder: Path) -> None:
    folder.parent.write_bytes(b"no folder")


@pytest.mark.parametrize("block", [in_the_way, above_in_the_way])
def test_without_room_for_a_cache_none_is_promised(exports, block):
    assert cache.kept_in_words() == f" once, into {cache.cache_folder()}; later runs use that"
    block(cache.cache_folder())
    assert cache.kept_in_words() == ""


@pytest.mark.parametrize("block", [in_the_way, above_in_the_way])
def test_without_room_for_a_cache_a_temporary_folder_is_used(exports, capsys, block):
    block(cache.cache_folder())
    (graph,) = cache.cached_graphs([MODEL])
    (line,) = capsys.readouterr().err.splitlines()
    assert f"exports cannot be kept: Cannot write into {cache.cache_folder()}: " in line
    assert "temporary folder" in line
    assert cache.find_cached([MODEL], NO_OVERRIDES) == cache.cached_graphs([MODEL]) == [graph]
    assert len(exports) == 1, "the rest of this process uses it again"
    shutil.rmtree(graph.parents[1])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_full_or_read_only_disk_is_no_traceback(exports, monkeypatch, capsys, number):
    copy = exporter.export_models

    def export_models(models, folder, overrides, *, on_step):
        if folder.is_relative_to(cache.cache_folder()):
            raise OSError(number, os.strerror(number))
        copy(models, folder, overrides, on_step=on_step)

    monkeypatch.setattr(exporter, "export_models", export_models)
    (graph,) = cache.cached_graphs([MODEL])
    (line,) = capsys.readouterr().err.splitlines()
    assert os.strerror(number) in line
    assert not cache.cache_folder().exists(), "nothing half made is left"
    shutil.rmtree(graph.parents[1])


def test_without_any_room_the_error_is_clear(exports, monkeypatch):
    def full(models, folder, overrides, *, on_step):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(exporter, "export_models", full)
    with pytest.raises(NotWritableError, match=r"Cannot write into .*No space left"):
        cache.cached_graphs([MODEL])

    def nowhere(suffix=None, prefix=None, dir=None):
        if dir is None:
            raise FileNotFoundError("No usable temporary directory found")
        return make(suffix, prefix, dir)

    make = tempfile.mkdtemp
    monkeypatch.setattr(cache, "_temporary_folders", [])
    monkeypatch.setattr(tempfile, "mkdtemp", nowhere)
    with pytest.raises(ModelError, match="no temporary folder to export into"):
        cache.cached_graphs([MODEL])


def test_without_a_home_folder_nothing_lands_where_the_user_is(exports, monkeypatch, capsys):
    monkeypatch.setattr(cache, "cache_folder", lambda: Path("~/.cache/sleap-rt/exports"))
    (graph,) = cache.cached_graphs([MODEL])
    assert "There is no home folder" in capsys.readouterr().err
    assert graph.is_absolute()
    shutil.rmtree(graph.parents[1])


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="HOME is not asked there")
def test_a_run_without_a_usable_home_folder_ends_well(tmp_path):
    (tmp_path / "home").write_bytes(b"no folder")
    left = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    video = ROOT / "samples/one_crawler.mp4"
    command = ["track", "-i", video, "-m", MODEL, "-o", tmp_path / "out.slp", "--frames", "0-3"]
    done = subprocess.run(
        [sys.executable, "-m", "sleap_rt", *map(str, command)],
        env={**left, "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("exports cannot be kept: ") == 1
    assert "exporting single_instance ...\n" in done.stderr  # no promise that is not kept
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out.slp"]


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="limits of files")
def test_an_export_that_the_disk_does_not_hold_leaves_nothing(tmp_path):
    """Files of this process may have 100 kB: writing fails in mid-file, as on a full disk."""
    script = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from sleap_rt.cli import main
main(["export", {str(MODEL)!r}, "-o", {str(tmp_path / "graphs")!r}])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1, done.stderr
    assert f"Error: Cannot write into {tmp_path / 'graphs'}: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "graphs").exists()
