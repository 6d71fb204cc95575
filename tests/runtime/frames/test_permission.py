"""A file that this user may not read is not called damaged."""

import av
import pytest

from sleap_rt.errors import DataError, ModelError
from sleap_rt.export.source_hashes import file_sha256
from sleap_rt.runtime.frames.video.container import open_container


def refused(*args, **kwargs):
    raise av.error.PermissionError(13, "Permission denied")


def test_a_video(tmp_path, monkeypatch):
    (tmp_path / "a.mp4").touch()
    monkeypatch.setattr(av, "open", refused)
    with pytest.raises(DataError, match=r"a\.mp4 cannot be read: Permission denied"):
        open_container(tmp_path / "a.mp4")


def test_a_model(tmp_path, monkeypatch):
    (tmp_path / "best.ckpt").touch()
    monkeypatch.setattr("pathlib.Path.read_bytes", refused)
    with pytest.raises(ModelError, match=r"best\.ckpt cannot be read: Permission denied"):
        file_sha256(tmp_path / "best.ckpt")
