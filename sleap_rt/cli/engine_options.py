"""The options that say which engine runs and where, and `auto` explained."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from sleap_rt.options import EngineOptions

_Command = TypeVar("_Command", bound=Callable[..., Any])


DEVICE = click.option(
    "--device",
    "-d",
    default=EngineOptions.device,
    show_default=True,
    help="auto, cpu, cuda, cuda:N, ... What is asked for is what runs, or an error.",
)
ENGINE = click.option(
    "--engine",
    default=EngineOptions.engine,
    show_default=True,
    help="auto, ort (ONNX Runtime), openvino, trt or trt-rtx (TensorRT).",
)


def engine_options(command: _Command) -> _Command:
    """Decorate a click command with `--engine` and `--device`."""
    return ENGINE(DEVICE(command))


def engine_options_from(engine: str, device: str, *, quiet: bool = False) -> EngineOptions:
    """Options with `auto` settled; what `auto` came to is told on standard error.

    Raises:
        OptionError: no engine of that name.
    """
    from sleap_rt.runtime.engines import choose_engine

    asked = EngineOptions(engine=engine, device=device)
    choice = choose_engine(asked)
    if choice.options != asked and not quiet:
        chosen = choice.options
        click.echo(f"engine {chosen.engine} on {chosen.device}: {choice.reason}", err=True)
    return choice.options
