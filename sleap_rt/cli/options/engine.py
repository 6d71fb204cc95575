"""The options that choose engine and device, and the line that explains what `auto` chose."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sleap_rt.cli.terminal.streams import say
from sleap_rt.options import EngineOptions

if TYPE_CHECKING:
    from sleap_rt.runtime.engines import EngineChoice


class _DeclaredOption(click.Option):
    """An option whose help names the engines that honour it, in place of `{engines}`."""

    _help: str | None = None

    @property
    def help(self) -> str | None:
        from sleap_rt.runtime.engines import declarations

        names = [
            f"{name} ({declared.product})" if self.name == "engine" else name
            for name, declared in declarations().items()
            if self.name == "engine" or self.name in declared.options
        ]
        return self._help and self._help.replace("{engines}", ", ".join(names))

    @help.setter
    def help(self, text: str | None) -> None:
        self._help = text


_Command = TypeVar("_Command", bound=Callable[..., Any])

DEVICE = click.option(
    "--device",
    "-d",
    default=EngineOptions.device,
    show_default=True,
    help="auto, cpu, cuda, cuda:N, ... Runs on exactly the device asked for, or fails.",
)
ENGINE = click.option(
    "--engine",
    default=EngineOptions.engine,
    show_default=True,
    cls=_DeclaredOption,
    help="auto, or one of {engines}.",
)
TUNING = (
    click.option(
        "--threads",
        type=int,
        cls=_DeclaredOption,
        help="{engines}: CPU threads.  [default: one per core]",
    ),
    click.option(
        "--workspace",
        type=int,
        metavar="MIB",
        cls=_DeclaredOption,
        help="{engines}: most GPU memory for one layer.  [default: what the GPU has]",
    ),
    click.option(
        "--cuda_graphs/--no_cuda_graphs",
        default=EngineOptions.cuda_graphs,
        cls=_DeclaredOption,
        help="{engines}: launch runs whose shapes repeat as a whole.  [default: where it can]",
    ),
)


def engine_options(command: _Command) -> _Command:
    """Decorate a click command with every option of engines."""
    return ENGINE(DEVICE(tuning_options(command)))


def tuning_options(command: _Command) -> _Command:
    """Decorate a click command with the engine options that are seldom needed."""
    for option in reversed(TUNING):
        command = option(command)
    return command


def tell_choice(choice: "EngineChoice") -> None:
    """Say on standard error what `auto` chose, and why."""
    from sleap_rt.runtime.engines import AS_ASKED

    if choice.reason != AS_ASKED:
        chosen = choice.options
        say(f"engine {chosen.engine} on {chosen.device}: {choice.reason}", err=True)
