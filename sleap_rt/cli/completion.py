"""`sleap-nn completion`: a script that lets the shell complete commands and options."""

import click
from click.shell_completion import get_completion_class

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.terminal.messages import next_step
from sleap_rt.cli.terminal.program import script_name
from sleap_rt.cli.terminal.streams import say
from sleap_rt.errors import OptionError

_FILES = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/config.fish"}


@click.command(
    "completion", cls=OnceCommand, short_help="Print a script for the shell's completion."
)
@click.argument("shell", type=click.Choice(tuple(_FILES)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a script that completes commands and options; load it when the shell starts.

    \b
    sleap-nn completion bash >> ~/.bashrc
    sleap-nn completion zsh >> ~/.zshrc
    sleap-nn completion fish >> ~/.config/fish/config.fish
    """
    program, name = ctx.find_root(), script_name()
    kind = get_completion_class(shell)
    assert kind is not None  # the choices are those that click knows
    try:
        source = kind(program.command, {}, name, complete_variable(name)).source()
    except RuntimeError as error:  # bash is missing, or too old
        raise OptionError(f"No script for {shell}: {error}") from None
    say(source)
    next_step(f"open a new shell, once the script is in {_FILES[shell]}")


def complete_variable(program: str) -> str:
    """The variable that asks a program for completions; as click derives it."""
    return f"_{program}_COMPLETE".replace("-", "_").upper()
