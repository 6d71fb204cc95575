"""Kept measurements, which TensorRT-RTX has the calls for but makes none of, and kernels."""

from pathlib import Path
from typing import Any

import pytest

from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.warm_start import (
    load_kernels,
    load_timings,
    save_kernels,
    save_timings,
)

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
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "timings"
    load_timings(config, path)
    save_timings(config, path)
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


class Kernels:
    def __init__(self) -> None:
        self.given: list[bytes] = []

    def deserialize(self, blob: bytes) -> bool:
        self.given.append(blob)
        return True

    def serialize(self) -> bytes:
        return b"kernels"


class RuntimeConfig:
    kernels: Kernels | None = None

    def create_runtime_cache(self) -> Kernels:
        return Kernels()

    def set_runtime_cache(self, kernels: Kernels) -> bool:
        self.kernels = kernels
        return True


def test_kernels_are_kept_and_found(tmp_path: Path) -> None:
    path = tmp_path / "new" / "engine.kernels"
    for given in ([], [b"kernels"]):
        config = RuntimeConfig()
        kernels = load_kernels(config, path)
        assert kernels.given == given
        assert config.kernels is kernels
        save_kernels(kernels, path)
    assert list(path.parent.iterdir()) == [path]


def test_the_calls_for_kernels_exist(rtx: TensorRT) -> None:
    for name in ("create_runtime_cache", "set_runtime_cache"):
        assert hasattr(rtx.api.IRuntimeConfig, name)
    for name in ("serialize", "deserialize"):
        assert hasattr(rtx.api.IRuntimeCache, name)
