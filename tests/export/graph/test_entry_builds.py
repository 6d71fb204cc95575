"""TensorRT-RTX builds what brings frames and crops to a network; there is no GPU to run it on."""

from pathlib import Path

import onnx
import pytest

from sleap_rt.contract import Family, Preprocessing
from sleap_rt.export.graph.chain import RULES, crops_part, sizing_part
from sleap_rt.export.graph.part import Part, model_of
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT
from sleap_rt.runtime.engines.tensorrt.build import BuildRequest, build_engine
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile
from sleap_rt.runtime.engines.tensorrt.targets import parse_target

pytestmark = pytest.mark.engine

SIZE = (150, 211)  # (height, width) px of the frames
Size = tuple[int | None, int | None]
SETTINGS: list[tuple[Size, float]] = [
    ((None, None), 1.0),
    ((None, None), 0.3),
    (SIZE, 0.5),
    ((250, 324), 0.5),
    ((250, 324), 0.3),
    ((120, 160), 1.5),
]


def spec_of(family: Family, size: Size, scale: float, **other: object) -> Preprocessing:
    known = {"channels": "grayscale", "in_channels": 1, "max_stride": 16}
    known["resize"] = "antialiased" if family == "native" else "bilinear"
    return Preprocessing(
        max_height=size[0], max_width=size[1], input_scale=scale, **(known | other)
    )


def builds(rtx: TensorRT, part: Part, path: Path, channels: int) -> bool:
    model = model_of([part])
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    request = BuildRequest(
        model=path,
        profile=ShapeProfile(frame_size=(*SIZE, channels)),
        outputs=part.outputs,
        target=parse_target("sm86"),
    )
    return len(build_engine(rtx, request, lambda phase, done: None)) > 0


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("size", "scale"), SETTINGS)
@pytest.mark.parametrize("family", ["native", "legacy"])
def test_sizing_builds(
    rtx: TensorRT, tmp_path: Path, family: Family, size: Size, scale: float, channels: int
) -> None:
    part = sizing_part(spec_of(family, size, scale), RULES[family])
    assert builds(rtx, part, tmp_path / "sizing.onnx", channels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("size", "scale"), SETTINGS)
@pytest.mark.parametrize("family", ["native", "legacy"])
def test_crops_build(
    rtx: TensorRT, tmp_path: Path, family: Family, size: Size, scale: float, channels: int
) -> None:
    spec = spec_of(family, size, scale, channels="as_is", crop_size=(96, 96))
    if family == "legacy":
        spec = spec_of(family, size, scale, channels="rgb", crop_size=(96, 96))
    part = crops_part(spec, RULES[family])
    assert builds(rtx, part, tmp_path / "crops.onnx", channels)
