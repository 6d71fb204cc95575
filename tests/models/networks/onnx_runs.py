"""Runs a network as a written graph."""

from collections.abc import Sequence

import numpy as np
import onnxruntime
import torch
from tolerances import MAP
from torch import nn

from sleap_rt.export.graph.network.writer import network_part
from sleap_rt.export.graph.part import model_of


def assert_written_for_every_size(
    network: nn.Module, max_stride: int, shapes: Sequence[tuple[int, int, int, int]]
) -> None:
    """One graph gives the network's maps of every shape, (batch, channels, height, width)."""
    written, noise = WrittenNetwork(network, max_stride), np.random.default_rng(11)
    for shape in shapes:
        image = torch.from_numpy(noise.random(shape, np.float32))
        (actual,) = written.run(image)
        expected = network(image)["confmaps"].numpy()
        assert actual.shape == expected.shape
        atol = MAP * np.abs(expected).max()
        np.testing.assert_allclose(actual, expected, rtol=0, atol=atol, err_msg=str(shape))


class WrittenNetwork:
    """A network as a graph, run by ONNX Runtime on the CPU.

    Args:
        network: takes images, gives a dict of tensors.
        max_stride: height and width of images are multiples of it, px.
        in_channels: channels of the image.
    """

    def __init__(self, network: nn.Module, max_stride: int, in_channels: int = 1) -> None:
        part = network_part(network, in_channels=in_channels, max_stride=max_stride)
        graph = model_of([part]).SerializeToString()
        self._session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    @property
    def input_shape(self) -> Sequence[int | str]:
        """Names stand for free axes."""
        (found,) = self._session.get_inputs()
        return found.shape

    def run(self, image: torch.Tensor) -> list[np.ndarray]:
        """The outputs in the order of the network's heads."""
        return self._session.run(None, {"image": image.numpy()})
