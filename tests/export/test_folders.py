"""Exports go into a folder whole or not at all, and one that cannot be used is told first."""

import errno
from pathlib import Path

import pytest

from sleap_rt.errors import NotWritableError
from sleap_rt.export.folders import check_room, room_in
from sleap_rt.options import ExportOptions
from sleap_rt.workflows.export import export_models


def failing_in(folder, failure):
    with room_in(folder) as room:
        (room / "model.onnx").touch()
        raise failure


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failed_export_leaves_no_folder_that_it_made(tmp_path, failure):
    with pytest.raises((NotWritableError, KeyboardInterrupt)):
        failing_in(tmp_path / "a" / "b", failure)
    assert not list(tmp_path.iterdir())


def test_a_failed_export_keeps_what_was_there(tmp_path):
    (tmp_path / "kept").mkdir()
    with pytest.raises(KeyboardInterrupt):
        failing_in(tmp_path / "kept", KeyboardInterrupt())
    assert not list((tmp_path / "kept").iterdir())


@pytest.mark.export
@pytest.mark.parametrize("options", [ExportOptions(), ExportOptions(format="bonsai")])
def test_a_folder_that_cannot_be_used_is_told_before_anything_is_done(request, tmp_path, options):
    (tmp_path / "file").touch()
    steps = []
    with pytest.raises(NotWritableError, match=r"Cannot write into .*: .*file is a file"):
        export_models(
            request.config.rootpath / "samples/models/centroid",
            tmp_path / "file" / "graphs",
            options=options,
            on_step=steps.append,
        )
    assert not steps
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("use", [check_room, lambda folder: room_in(folder).__enter__()])
def test_a_folder_that_may_not_be_looked_at_is_told_as_one_that_cannot_be_used(
    tmp_path, monkeypatch, use
):
    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refused)
    with pytest.raises(NotWritableError, match=r"Cannot write into .*: Permission denied"):
        use(tmp_path / "locked" / "graphs")
