"""The options that choose an engine and a device, for every command that runs models."""

from collections.abc import Callable
from typing import Any

import click

from sleap_rt.options import EngineOptions

_HELP = "auto, ort (ONNX Runtime), openvino, trt (TensorRT) or trt-rtx (TensorRT-RTX)."


def engine_option(*, multiple: bool = False) -> Callable[[Any], Any]:
    """`--engine`.

    Args:
        multiple: it may be given more than once, to compare engines.
    """
    default = (EngineOptions.engine,) if multiple else EngineOptions.engine
    more = " May be given more than once." if multiple else ""
    return click.option(
        "--engine", default=default, multiple=multiple, show_default=True, help=_HELP + more
    )


device_option = click.option(
    "--device",
    "-d",
    default=EngineOptions.device,
    show_default=True,
    help="auto, cpu, cuda, cuda:N and others, by engine. What is asked for is what runs, or an "
    "error.",
)
