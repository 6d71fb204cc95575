"""The calls that need a GPU, held against the real bindings: names exist, arguments fit."""

import ast
import inspect
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.gpu import cuda, gpu_engine


def calls(module: ModuleType) -> list[ast.Call]:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_cuda_functions_take_what_they_are_given() -> None:
    runtime = pytest.importorskip("cuda.bindings.runtime", reason="cuda-bindings is missing")
    found = {}
    for node in calls(cuda):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if isinstance(node.func, ast.Name) and node.func.id == "call":
            function = node.args[0]
            if isinstance(function, ast.Attribute):
                found[function.attr] = len(node.args) - 1
        elif name.startswith("cuda"):
            found[name] = len(node.args)
    assert len(found) >= 12  # the walk has found the calls
    for name, n_arguments in found.items():
        signature = inspect.signature(getattr(runtime, name))
        signature.bind(*range(n_arguments))


def test_cuda_constants_exist() -> None:
    runtime = pytest.importorskip("cuda.bindings.runtime", reason="cuda-bindings is missing")
    assert runtime.cudaStreamNonBlocking == cuda._NON_BLOCKING
    assert runtime.cudaError_t.cudaSuccess == 0
    assert runtime.cudaError_t.cudaErrorMemoryAllocation == 2
    assert runtime.cudaMemcpyKind.cudaMemcpyHostToDevice == 1
    assert runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost == 2
    assert runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal == 1
    for name in ("name", "major", "minor"):
        assert hasattr(runtime.cudaDeviceProp, name)


# Method of TensorRT's runtime -> its class.
OWNERS = {
    "deserialize_cuda_engine": "Runtime",
    "create_execution_context": "ICudaEngine",
    "create_runtime_config": "ICudaEngine",
    "set_execution_context_allocation_strategy": "IRuntimeConfig",
    "get_tensor_name": "ICudaEngine",
    "get_tensor_mode": "ICudaEngine",
    "get_tensor_dtype": "ICudaEngine",
    "set_input_shape": "IExecutionContext",
    "get_tensor_shape": "IExecutionContext",
    "set_tensor_address": "IExecutionContext",
    "update_device_memory_size_for_shapes": "IExecutionContext",
    "set_device_memory": "IExecutionContext",
    "execute_async_v3": "IExecutionContext",
}


def test_tensorrt_methods_take_what_they_are_given(rtx: TensorRT) -> None:
    checked = set()
    for node in calls(gpu_engine):
        if isinstance(node.func, ast.Attribute) and node.func.attr in OWNERS:
            method = node.func.attr
            described = getattr(getattr(rtx.api, OWNERS[method]), method).__doc__
            # pybind11 writes the signature of each overload as `name(self: ..., a: int) -> b`.
            overloads = re.findall(rf"{method}\((self: .*)\) ->", described)
            n_arguments = {len(re.findall(r"(?:^|, )\w+: ", text)) - 1 for text in overloads}
            assert len(node.args) in n_arguments, method
            checked.add(method)
    assert checked == set(OWNERS)


def test_tensorrt_names_exist(rtx: TensorRT) -> None:
    api = rtx.api
    for name in ("Logger", "Runtime", "TensorIOMode", "ExecutionContextAllocationStrategy"):
        assert hasattr(api, name)
    assert hasattr(api.ExecutionContextAllocationStrategy, "USER_MANAGED")
    assert hasattr(api.ICudaEngine, "num_io_tensors")
    for name in ("WHOLE_GRAPH_CAPTURE", "DISABLED"):
        assert hasattr(api.CudaGraphStrategy, name)
    assert hasattr(api.IRuntimeConfig, "cuda_graph_strategy")
    assert api.nptype(api.DataType.UINT8) is np.uint8


def test_the_gpu_calls_stay_few() -> None:
    n_lines = 0
    for module in (cuda, gpu_engine):
        tree = ast.parse(inspect.getsource(module))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                documented = ast.get_docstring(node) is not None
                node.body = node.body[1 if documented else 0 :] or [ast.Pass()]
        n_lines += len([line for line in ast.unparse(tree).splitlines() if line.strip()])
    assert 150 < n_lines < 250
