"""The sizing part of graphs, alone: TensorRT-RTX reads it and knows the size of what comes out.

What follows it in a graph cannot be built where that size stays open.
"""

from pathlib import Path

import onnx
import pytest

from sleap_rt.contract import Preprocessing
from sleap_rt.export.graph.chain import RULES, sizing_part
from sleap_rt.export.graph.part import model_of
from sleap_rt.runtime.engines.tensorrt.bindings import TensorRT

HEIGHT, WIDTH = 150, 211  # px of the frames
TARGETS = [(None, None), (120, None), (120, 240), (150, 211)]


def output_sizes(rtx: TensorRT, model: onnx.ModelProto, path: Path, channels: int) -> tuple:
    """(height, width) of the image as TensorRT sees it ahead of a run, -1 where open."""
    api = rtx.api
    onnx.save(model, path)
    log = api.Logger(api.Logger.ERROR)
    builder = api.Builder(log)
    network = builder.create_network(0)
    parser = api.OnnxParser(network, log)
    assert parser.parse_from_file(str(path))
    network.get_input(0).shape = (-1, HEIGHT, WIDTH, channels)
    return tuple(network.get_output(0).shape)[2:]


def preprocessing(size: tuple[int | None, int | None], **other: object) -> Preprocessing:
    known = {"channels": "grayscale", "in_channels": 1, "input_scale": 0.5, "max_stride": 16}
    return Preprocessing(max_height=size[0], max_width=size[1], **(known | other))


def padded(side: int) -> int:
    """A side of the scaled image, with whole strides."""
    return -(-(side // 2) // 16) * 16


@pytest.mark.parametrize("size", TARGETS)
def test_native_sizing(rtx: TensorRT, tmp_path: Path, size: tuple[int | None, int | None]) -> None:
    model = model_of([sizing_part(preprocessing(size), RULES["native"])])
    expected = padded(size[0] or HEIGHT), padded(size[1] or WIDTH)
    for channels in (1, 3):
        assert output_sizes(rtx, model, tmp_path / "sizing.onnx", channels) == expected


@pytest.mark.parametrize("size", [(None, None), (120, 240)])
def test_legacy_sizing(rtx: TensorRT, tmp_path: Path, size: tuple[int | None, int | None]) -> None:
    model = model_of([sizing_part(preprocessing(size, resize="bilinear"), RULES["legacy"])])
    expected = padded(size[0] or HEIGHT), padded(size[1] or WIDTH)
    for channels in (1, 3):
        assert output_sizes(rtx, model, tmp_path / "sizing.onnx", channels) == expected
