"""Which engine runs: what was asked for, or an error that names the fix; `auto` says why."""

import subprocess
import sys
import time

import numpy as np
import onnxruntime as ort
import pytest

from sleap_rt.errors import EngineError, OptionError
from sleap_rt.options import EngineOptions
from sleap_rt.runtime.engines import (
    AS_ASKED,
    _choice,
    check_engine_options,
    choose_engine,
    declarations,
    engine_names,
    mnn,
    open_engine,
    openvino,
)
from sleap_rt.runtime.engines import ort as ort_file
from sleap_rt.runtime.engines._choice import choose
from sleap_rt.runtime.engines._nvidia import why_no_gpu
from sleap_rt.runtime.engines.interface import Declaration, Device, find_device
from sleap_rt.runtime.engines.ort import provider_of, run_bound, session_settings, upload_to
from sleap_rt.runtime.engines.tensorrt import bindings


@pytest.fixture
def machine(monkeypatch):
    """`machine(has_gpu, "openvino cuda")`: a machine with these modules, told to the engines."""

    def pretend(has_gpu, installed, providers=("CPUExecutionProvider",)):
        for module in (_choice, ort_file, bindings):
            monkeypatch.setattr(module, "why_no_gpu", lambda: None if has_gpu else "no GPU")
        for module in (ort_file, openvino, mnn, bindings):
            monkeypatch.setattr(module, "is_installed", lambda name: name in installed.split())
        monkeypatch.setattr(ort, "get_available_providers", lambda: list(providers))

    return pretend


def test_auto_comes_to_the_cpu_where_there_is_no_gpu():
    if why_no_gpu() is None:
        pytest.skip("this machine has an NVIDIA GPU")
    choice = choose_engine(EngineOptions())
    assert choice.options == EngineOptions(engine="ort", device="cpu")
    assert choice.reason == "the usual choice without a GPU"


NO_CUDA = "ONNX Runtime here has no CUDAExecutionProvider"


@pytest.mark.parametrize(
    ("device", "installed", "has_gpu", "engine", "runs_on", "words"),
    [
        ("auto", "onnxruntime", False, "ort", "cpu", "usual choice without a GPU"),
        ("auto", "onnxruntime openvino", False, "ort", "cpu", "usual choice without a GPU"),
        ("auto", "openvino", False, "openvino", "cpu", "ONNX Runtime is not installed"),
        ("auto", "", True, "ort", "cpu", "as asked for"),
        ("auto", "", False, "ort", "cpu", "as asked for"),
        ("auto", "onnxruntime", True, "ort", "cpu", f"{NO_CUDA}, and TensorRT is not installed"),
        ("auto", "onnxruntime tensorrt cuda", True, "trt", "cuda:0", NO_CUDA),
        ("auto", "tensorrt_rtx_bindings cuda", True, "trt", "cuda:0", "Runtime is not installed"),
        ("auto", "onnxruntime tensorrt", True, "ort", "cpu", "cuda-bindings is not installed"),
        ("cuda:1", "onnxruntime tensorrt cuda", True, "trt", "cuda:1", NO_CUDA),
        ("cuda", "onnxruntime", True, "ort", "cuda", "as asked for"),  # opening it fails
        ("cpu", "onnxruntime tensorrt cuda", True, "ort", "cpu", "usual choice on a CPU"),
        ("cpu", "openvino", True, "openvino", "cpu", "ONNX Runtime is not installed"),
        ("mps", "onnxruntime", False, "ort", "mps", "as asked for"),
    ],
)
def test_auto_goes_by_what_is_there(device, installed, has_gpu, engine, runs_on, words, machine):
    machine(has_gpu, installed)
    choice = choose_engine(EngineOptions(device=device))
    assert (choice.options.engine, choice.options.device) == (engine, runs_on)
    assert words in choice.reason
    assert "no GPU" not in choice.reason


@pytest.mark.parametrize("device", ["gpu", "gpu:1"])
def test_who_says_gpu_is_told_the_names_of_gpus(device, machine):
    machine(True, "onnxruntime")
    with pytest.raises(
        EngineError, match=r"is an Intel GPU; an NVIDIA GPU is 'cuda'\. OpenVINO is"
    ):
        choose_engine(EngineOptions(device=device))


@pytest.mark.parametrize(
    ("installed", "engine"), [("onnxruntime openvino", "openvino"), ("onnxruntime", "ort")]
)
@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_on_a_cpu_int8_goes_to_openvino_where_that_is_installed(device, installed, engine, machine):
    machine(False, installed)
    choice = choose_engine(EngineOptions(device=device), {"fp32", "int8"})
    assert (choice.options.engine, choice.options.device) == (engine, "cpu")
    assert ("int8" in choice.reason) == (engine == "openvino")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (EngineOptions(engine="trt", threads=2), "Threads are CPU threads"),
        (EngineOptions(engine="ort", workspace=64), "workspace is an option of TensorRT"),
        (EngineOptions(workspace=64), "pass engine='trt'"),
        (EngineOptions(engine="openvino", cuda_graphs=False), "cuda_graphs is an option of Tens"),
    ],
)
def test_options_of_other_engines_are_usage_errors(options, words):
    with pytest.raises(OptionError, match=words):
        choose_engine(options)


CUDA = ("CUDAExecutionProvider", "CPUExecutionProvider")


@pytest.mark.parametrize(
    ("has_gpu", "providers", "device", "reason"),
    [
        (True, CUDA, "cuda:0", "there is an NVIDIA GPU"),
        (True, CUDA[1:], "cpu", NO_CUDA),
        (False, CUDA, "cpu", AS_ASKED),  # nothing but a CPU, and that is what runs
    ],
)
def test_a_named_engine_takes_its_best_device(has_gpu, providers, device, reason, machine):
    machine(has_gpu, "onnxruntime", providers)
    choice = choose_engine(EngineOptions(engine="ort"))
    assert choice.options == EngineOptions(engine="ort", device=device)
    assert choice.reason == reason


def test_a_named_device_is_taken_at_its_word(machine):
    machine(True, "onnxruntime", CUDA)
    asked = EngineOptions(engine="ort", device="cpu")
    choice = choose_engine(asked)
    assert (choice.options, choice.reason) == (asked, AS_ASKED)


def _declared(*devices, options=(), broken=(), product="Warp"):
    return Declaration(
        product=product,
        install="Install it.",
        packages=(),
        devices=devices,
        options=options,
        why_not=lambda kind: f"no {kind} for {product}" if kind in broken else None,
    )


GPU = Device(kind="gpu", title="a GPU", numbered=True, without=("threads",))
CPU = Device(kind="cpu", title="a CPU", place=1)


def test_options_that_hold_for_the_cpu_choose_the_cpu():
    declared = {"warp": _declared(GPU, CPU, options=("threads",))}
    named = EngineOptions(engine="warp")
    assert choose(named, declared, is_int8=False).options.device == "gpu:0"
    named = EngineOptions(engine="warp", threads=2)
    assert choose(named, declared, is_int8=False).options.device == "cpu"
    with pytest.raises(OptionError, match="Threads are CPU threads"):
        choose(EngineOptions(engine="warp", device="gpu", threads=2), declared, is_int8=False)


def test_of_several_engines_the_lowest_place_that_works_is_taken():
    later = Device(kind="cpu", title="a CPU", place=2)
    declared = {
        "first": _declared(CPU, broken=("cpu",), product="First"),
        "second": _declared(later),
        "third": _declared(GPU, later),  # its GPU has no place
    }
    choice = choose(EngineOptions(), declared, is_int8=False)
    assert choice.options.engine == "second"
    assert choice.reason == "no cpu for First"


def test_an_option_is_referred_to_an_engine_that_has_it():
    declared = {"first": _declared(CPU), "second": _declared(CPU, options=("threads",))}
    with pytest.raises(OptionError, match=r"an option of Warp, not of engine 'first'.*second"):
        choose(EngineOptions(engine="first", threads=2), declared, is_int8=False)


def test_a_device_that_no_engine_serves_is_a_usage_error():
    with pytest.raises(OptionError, match="No engine serves device 'warp'; choose auto or"):
        check_engine_options(EngineOptions(device="warp"))


def test_support_modules_are_no_engines():
    assert engine_names() == ("mnn", "openvino", "ort", "trt", "trt-rtx")


def test_declarations_load_no_runtime():
    code = "import sys; from sleap_rt.runtime.engines import declarations; declarations()\n"
    code += "heavy = {'onnxruntime', 'openvino', 'MNN', 'tensorrt', 'cuda'} & set(sys.modules)\n"
    code += "assert not heavy, heavy"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_engine_certifies():
    assert [name for name, declared in declarations().items() if declared.certifies] == ["ort"]


@pytest.mark.parametrize(("device", "number"), [("auto", 0), ("cuda", 0), ("cuda:3", 3)])
def test_devices_that_are_served(device, number):
    found, index = find_device("trt", declarations()["trt"], device)
    assert (found.kind, index) == ("cuda", number)


@pytest.mark.parametrize("device", ["cpu", "mps", "cuda:", "cuda:x", "cuda3", ""])
def test_devices_that_are_not_served(device):
    with pytest.raises(OptionError, match="cannot run on device"):
        find_device("trt", declarations()["trt"], device)


def test_an_engine_that_does_not_exist_is_a_usage_error():
    with pytest.raises(OptionError, match="No engine named 'warp'"):
        choose_engine(EngineOptions(engine="warp"))


@pytest.mark.parametrize(
    ("engine", "device", "words"),
    [
        ("ort", "cuda", "onnxruntime-gpu"),
        ("ort", "cuda:1", "onnxruntime-gpu"),
        ("ort", "mps", "Mac"),
        ("ort", "directml", "onnxruntime-directml"),
        ("openvino", "gpu", "driver of the Intel GPU"),
    ],
)
def test_a_device_that_is_not_there_is_refused_with_the_fix(engine, device, words, sample_graphs):
    provider = {"cuda": "CUDAExecutionProvider", "mps": "CoreMLExecutionProvider"}
    if provider.get(device.partition(":")[0]) in ort.get_available_providers():
        pytest.skip(f"this machine's ONNX Runtime serves {device}")
    (graph,) = sample_graphs("bottomup")
    with pytest.raises(EngineError, match=words):
        open_engine(graph, EngineOptions(engine=engine, device=device))


@pytest.mark.parametrize(
    ("engine", "device", "words"),
    [
        ("ort", "msnpu", "it serves"),
        ("openvino", "cuda", "it serves auto, gpu, gpu:N and cpu"),
        ("openvino", "mps", "Pass `engine='ort'` for that device"),
    ],
)
def test_a_device_that_an_engine_does_not_serve_is_a_usage_error(engine, device, words):
    with pytest.raises(OptionError, match=words):
        check_engine_options(EngineOptions(engine=engine, device=device))


@pytest.mark.e2e
def test_a_missing_device_is_told_within_a_second(sample_graphs, tmp_path):
    if "CUDAExecutionProvider" in ort.get_available_providers():
        pytest.skip("this machine's ONNX Runtime serves cuda")
    (graph,) = sample_graphs("bottomup")
    args = ["track", "-i", "samples/crawlers.mp4", "-m", graph, "-o", tmp_path / "out.slp"]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "sleap_rt", *map(str, args), "--device", "cuda"],
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    assert done.returncode == 1
    assert "onnxruntime-gpu" in done.stderr
    assert "Traceback" not in done.stderr
    assert seconds < 10, "far above a second, even on a busy machine"


def test_cuda_computes_float32_in_float32():
    assert provider_of("cpu", 0) == "CPUExecutionProvider"
    settings = {"device_id": "1", "use_tf32": "0"}
    assert provider_of("cuda", 1) == ("CUDAExecutionProvider", settings)
    assert provider_of("tensorrt", 0) == ("TensorrtExecutionProvider", {"device_id": "0"})


def test_idle_threads_of_onnx_runtime_do_not_spin():
    settings = session_settings(3)
    assert settings.intra_op_num_threads == 3
    assert settings.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_bound_outputs_equal_those_of_a_plain_run(sample_graphs):
    """What a GPU's run does, with the CPU's memory in place of the GPU's."""
    (graph,) = sample_graphs("bottomup")
    session = ort.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(3)
    feed = {"frames": rng.integers(0, 256, (2, 96, 128, 1), np.uint8), "slots": np.zeros(4, "f")}
    for value in session.get_inputs():
        feed.setdefault(value.name, np.array(0.1, np.float32))
    names = ["peaks", "line_scores"]
    expected = session.run(names, feed)
    uploaded = feed | {"frames": upload_to(feed["frames"], "cpu", 0, "ort on cpu")}
    for given in (feed, uploaded):
        for array, plain in zip(run_bound(session, given, names, "cpu", 0), expected, strict=True):
            np.testing.assert_array_equal(array, plain)


@pytest.mark.parametrize("number", ["1.24.0", "1.25.1", "1.26.3", "1.27.0"])
def test_a_build_that_is_wrong_on_this_processor_is_refused(number, machine, monkeypatch, tmp_path):
    machine(False, "onnxruntime openvino MNN")
    monkeypatch.setattr(ort_file, "version", lambda name: number)
    monkeypatch.setattr(ort_file, "may_have_sme", lambda: True)
    choice = choose_engine(EngineOptions())
    assert choice.options.engine == "openvino"
    assert f"onnxruntime {number} computes convolutions wrongly" in choice.reason
    for engine in ("ort", "mnn"):
        with pytest.raises(EngineError, match="SME; install another version: `pip install"):
            open_engine(tmp_path / "a.onnx", EngineOptions(engine=engine, device="cpu"))


@pytest.mark.parametrize(
    ("number", "has_sme"), [("1.23.2", True), ("1.28.0", True), ("1.25", False)]
)
def test_other_builds_and_processors_are_not(number, has_sme, machine, monkeypatch):
    machine(False, "onnxruntime openvino MNN")
    monkeypatch.setattr(ort_file, "version", lambda name: number)
    monkeypatch.setattr(ort_file, "may_have_sme", lambda: has_sme)
    assert choose_engine(EngineOptions()).options.engine == "ort"


@pytest.mark.parametrize("engine", ["auto", "ort", "openvino", "mnn", "trt"])
@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("cpu:0", "Device 'cpu:0': cpu has no number; pass device='cpu'"),
        ("mps:1", "Device 'mps:1': mps has no number"),
        ("cuda:x", "Device 'cuda:x': 'x' is no number; the first is cuda or cuda:0"),
    ],
)
def test_a_device_without_a_number_sends_nobody_from_engine_to_engine(engine, device, words):
    with pytest.raises(OptionError, match=words):
        check_engine_options(EngineOptions(engine=engine, device=device))
