"""The options that say which engine runs and where, and `auto` explained."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from sleap_rt.options import EngineOptions, filled

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
TUNING = (
    click.option(
        "--threads",
        type=int,
        help="ort, openvino: CPU threads.  [default: one per core]",
    ),
    click.option(
        "--workspace",
        type=int,
        metavar="MIB",
        help="trt: most GPU memory for one layer.  [default: what the GPU has]",
    ),
    click.option(
        "--cuda_graphs/--no_cuda_graphs",
        default=EngineOptions.cuda_graphs,
        show_default=True,
        help="trt: launch runs whose shapes repeat as a whole.",
    ),
)


def engine_options(command: _Command) -> _Command:
    """Decorate a click command with every option of engines."""
    return ENGINE(DEVICE(tuning_options(command)))


def tuning_options(command: _Command) -> _Command:
    """Decorate a click command with those that are seldom needed."""
    for option in reversed(TUNING):
        command = option(command)
    return command


def engine_options_from(
    params: Mapping[str, Any], graphs: Sequence[Path], *, quiet: bool = False
) -> EngineOptions:
    """Options with `auto` settled; what `auto` came to is told on standard error.

    Args:
        params: values of a command's options, by their names.
        graphs: that are to run.
        quiet: tell nothing.

    Raises:
        OptionError: no engine of that name, or an option that it does not have.
    """
    from sleap_rt.runtime.engines import choose_engine
    from sleap_rt.runtime.graph_file import precisions_of

    asked = filled(EngineOptions, params)
    choice = choose_engine(asked, precisions_of(graphs))
    if choice.options != asked and not quiet:
        chosen = choice.options
        click.echo(f"engine {chosen.engine} on {chosen.device}: {choice.reason}", err=True)
    return choice.options
