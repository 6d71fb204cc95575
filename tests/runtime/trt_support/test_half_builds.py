"""Networks in float16 become TensorRT-RTX engines, whatever the kind of model."""

from pathlib import Path

import onnx
import pytest
from building import builds

from sleap_rt.export.graphs import build_graph
from sleap_rt.export.onnx_file import fuse
from sleap_rt.export.precision import in_half_precision
from sleap_rt.models import TrainedModel, load_native_model
from sleap_rt.runtime.trt_support.bindings import TensorRT

SAMPLES = Path(__file__).resolve().parents[3] / "samples/models"


# One kind is built on every run, beside its certificate, in tests/cli/test_export_precision.py.
@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.parametrize(
    "kind",
    ["centroid", "centered_instance", "multi_class_topdown", "bottomup", "multi_class_bottomup"],
)
def test_every_kind_builds_in_float16(rtx: TensorRT, tmp_path: Path, kind: str) -> None:
    model = in_half_precision(load_native_model(SAMPLES / kind))
    assert isinstance(model, TrainedModel)
    path = tmp_path / "half.onnx"
    onnx.save(fuse(build_graph(model)), path)
    for target in ("sm86", "sm89"):
        assert builds(rtx, path, target, (150, 211))
