"""An engine or GPU that was asked for and is not there: an error that names the fix, at once."""

import importlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import engine_names, open_engine
from sleap_rt.runtime.engines.tensorrt import bindings

GRAPH = Path("never/opened.onnx")


def _has_gpu() -> bool:
    try:
        from cuda.bindings import runtime
    except ImportError:
        return False
    return bool(runtime.cudaGetDeviceCount()[1])


def test_both_engines_are_known() -> None:
    assert {"trt", "trt-rtx"} <= set(engine_names())


@pytest.mark.skipif(_has_gpu(), reason="there is a GPU here")
@pytest.mark.parametrize("engine", ["trt", "trt-rtx"])
def test_without_a_gpu_the_driver_is_pointed_at(engine: str) -> None:
    pytest.importorskip("tensorrt_rtx_bindings")
    started = time.perf_counter()
    with pytest.raises(EngineError, match="nvidia-smi"):
        open_engine(GRAPH, EngineOptions(engine=engine))
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(("engine", "product"), [("trt", "TensorRT"), ("trt-rtx", "TensorRT-RTX")])
def test_without_tensorrt_the_extra_is_named(
    engine: str, product: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = {"trt": ("no_such_tensorrt",), "trt-rtx": ("no_such_rtx",)}
    monkeypatch.setattr(bindings, "_MODULES", modules)
    with pytest.raises(EngineError, match=rf"needs {product},.*\[trt-rtx\]"):
        open_engine(GRAPH, EngineOptions(engine=engine))


def test_a_broken_installation_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_tensorrt.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(bindings, "_MODULES", {"trt": ("broken_tensorrt",), "trt-rtx": ()})
    with pytest.raises(EngineError, match="installed but cannot be loaded"):
        open_engine(GRAPH, EngineOptions(engine="trt"))
    importlib.invalidate_caches()


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_other_devices_are_refused(device: str) -> None:
    with pytest.raises(OptionError, match=f"cannot run on device '{device}'"):
        open_engine(GRAPH, EngineOptions(engine="trt", device=device))


def test_cpu_threads_are_refused() -> None:
    with pytest.raises(OptionError, match="runs on the GPU"):
        open_engine(GRAPH, EngineOptions(engine="trt", threads=2))


def test_importing_the_engine_loads_no_tensorrt() -> None:
    code = (
        "import sys, sleap_rt.runtime.engines.trt, sleap_rt.runtime.engines.trt_rtx; "
        "sys.exit(any(name.startswith(('tensorrt', 'cuda')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("version", "is_new_enough"), [("8.6.2", False), ("10.3.0.post1", True)])
def test_a_version_that_is_too_old_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, *, is_new_enough: bool
) -> None:
    name = f"tensorrt_{version.partition('.')[0]}"
    (tmp_path / f"{name}.py").write_text(f"__version__ = {version!r}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(bindings, "_MODULES", {"trt": (name,), "trt-rtx": ()})
    if is_new_enough:
        assert bindings.find_tensorrt("trt").version == version
    else:
        with pytest.raises(EngineError, match=rf"trt {version} is installed; 10.3 or newer"):
            bindings.find_tensorrt("trt")
    importlib.invalidate_caches()
