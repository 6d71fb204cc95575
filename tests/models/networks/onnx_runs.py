"""Runs a network as an exported graph."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.export import Dim


class ExportedNetwork:
    """A network exported at one size, run by ONNX Runtime on the CPU.

    Args:
        network: takes images, gives a dict of tensors.
        size: (height, width) px of the example that the exporter sees.
        in_channels: channels of the image.
    """

    def __init__(self, network: nn.Module, size: tuple[int, int], in_channels: int = 1) -> None:
        free = {0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
        program = torch.onnx.export(
            network,
            (torch.zeros(2, in_channels, *size),),
            dynamo=True,
            dynamic_shapes=(free,),
            verbose=False,
        )
        assert program is not None
        with tempfile.TemporaryDirectory() as folder:  # a large network's weights lie beside it
            path = Path(folder) / "network.onnx"
            program.save(path, external_data=True)
            self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    @property
    def input_shape(self) -> Sequence[int | str]:
        """Names stand for free axes."""
        (found,) = self._session.get_inputs()
        return found.shape

    def run(self, image: torch.Tensor) -> list[np.ndarray]:
        """The outputs in the order of the network's heads."""
        (found,) = self._session.get_inputs()
        return self._session.run(None, {found.name: image.numpy()})
