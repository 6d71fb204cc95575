"""Files that this user may not read: one line names them, and does not call them damaged."""

import shutil
from pathlib import Path

import pytest

from sleap_rt.errors import ModelError
from sleap_rt.model_files import model_source
from sleap_rt.models.native.checkpoint import load_checkpoint
from sleap_rt.models.native.describe_native import describe_native
from sleap_rt.runtime.graph_file import read_graph_file

MODEL = Path(__file__).resolve().parents[2] / "samples/models/single_instance"


def refuse(path, *_, **__):
    raise PermissionError(13, "Permission denied", str(path))


@pytest.mark.parametrize(
    ("method", "read", "name"),
    [
        ("is_dir", model_source, ""),
        ("read_bytes", describe_native, "training_config.yaml"),
        ("open", lambda folder: load_checkpoint(folder / "best.ckpt"), "best.ckpt"),
        ("open", lambda folder: read_graph_file(folder / "model.onnx"), "model.onnx"),
    ],
)
def test_what_may_not_be_read_is_named(method, read, name, tmp_path, monkeypatch):
    folder = shutil.copytree(MODEL, tmp_path / "model")
    (folder / "model.onnx").write_bytes(b"x")
    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(ModelError) as told:
        read(folder)
    assert str(told.value) == f"{folder / name} cannot be read: Permission denied."
