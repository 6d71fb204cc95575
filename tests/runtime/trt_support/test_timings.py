"""Kept measurements; TensorRT-RTX has the same calls as TensorRT, and measures nothing."""

from pathlib import Path
from typing import Any

import pytest

from sleap_rt.runtime.trt_support.bindings import TensorRT
from sleap_rt.runtime.trt_support.timings import load_timings, save_timings

pytestmark = pytest.mark.filterwarnings("ignore:.*Timing cache.*:DeprecationWarning")


@pytest.fixture
def config(rtx: TensorRT) -> Any:
    builder = rtx.api.Builder(rtx.api.Logger(rtx.api.Logger.INTERNAL_ERROR))
    return builder.create_builder_config()


def test_measurements_are_kept_and_found(config: Any, tmp_path: Path) -> None:
    path = tmp_path / "timings"
    load_timings(config, path)
    save_timings(config, path)
    kept = path.read_bytes()
    assert kept
    load_timings(config, path)
    save_timings(config, path)
    assert path.read_bytes() == kept
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_measurements_do_no_harm(config: Any, tmp_path: Path) -> None:
    path = tmp_path / "timings"
    path.write_bytes(b"something else")
    load_timings(config, path)
    save_timings(config, path)
    assert path.read_bytes() != b"something else"


def test_a_folder_that_cannot_be_written_is_no_error(config: Any, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "timings"
    load_timings(config, path)
    save_timings(config, path)
    assert not path.parent.exists()
