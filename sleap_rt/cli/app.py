"""The program `sleap-nn` (also installed as `sleap-rt`): its commands and its exit codes."""

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

import click
from rich_click import RichCommandPanel, RichGroup

from sleap_rt.cli.terminal import messages
from sleap_rt.cli.terminal.help import MOST_COLUMNS, HelpContext, examples_as_called
from sleap_rt.cli.terminal.program import program_name
from sleap_rt.cli.terminal.streams import say, take_every_name
from sleap_rt.errors import OptionError, SleapRtError, did_you_mean, options_are_typed
from sleap_rt.interrupts import Interrupts
from sleap_rt.version import __version__

_PANELS = {  # of the help, and the commands in each
    "Models": ("export", "info", "verify", "bench", "page"),
    "Poses and tracks": ("track", "merge", "live", "render"),
    "Evaluation": ("eval", "eval-tracking"),
    "This machine": ("system", "completion"),
}
_COMMANDS = (*(name for names in _PANELS.values() for name in names), "predict")
_ALIASES = {"predict": "track", "infer": "track"}  # `infer` is not listed: sleap-nn's old name
_USUAL_WORDS = {  # of other programs -> what it is here
    "inference": "track",
    "evaluation": "eval",
    "version": "--version",
    "devices": "system",
    "diagnostics": "system",
}
_ELSEWHERE = {"convert": "sio convert", "embed": "sio embed"}  # of sleap-io, which we need
_VERBOSE_IN_FACTS = {"info", "export"}  # whose --verbose is not about errors
_UPSTREAM_COMMANDS = ("config", "train")  # training is upstream's job


def _underscored(token: str) -> str:
    """`--data-path` is accepted for `--data_path`."""
    return token.replace("-", "_")


class _LazyGroup(RichGroup):
    """Imports a command's module when that command is called, so that `--help` stays fast."""

    context_class = HelpContext

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with examples_as_called(self):
            super().format_help(ctx, formatter)  # type: ignore[arg-type]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in _UPSTREAM_COMMANDS:
            return _upstream_command(name)
        if name not in _COMMANDS and name not in _ALIASES:
            return None
        module = import_module(f"sleap_rt.cli.{_underscored(_ALIASES.get(name, name))}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[1:] == ["help"] and not os.path.exists("help"):
            args = args[::-1]  # as in `track help`
        if args[0] == "help":
            args = [*args[1:2], "--help"]
            if len(args) == 1:
                say(ctx.get_help())
                ctx.exit()
        name = args[0]
        if not name.isascii():
            from sleap_rt.cli.options.words.stray import refuse_long_dashes

            refuse_long_dashes([name], self.get_params(ctx))
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            raise click.UsageError(f"There is no command {name!r}.{_nearest(name)}", ctx)
        return super().resolve_command(ctx, args)


def _nearest(name: str) -> str:
    if name in _ELSEWHERE:
        return (
            f" `{_ELSEWHERE[name]}` of sleap-io, which is installed with this program, does that."
        )
    if name in _USUAL_WORDS:
        return f" Did you mean {_USUAL_WORDS[name]!r}?"
    near = did_you_mean(name, (*_COMMANDS, *_UPSTREAM_COMMANDS))
    return near or f" There are: {', '.join(_COMMANDS)}."


def _upstream_command(name: str) -> click.Command:
    @click.command(
        name,
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
        help=f"Handed to upstream's sleap-nn, which has `{name}`.",
    )
    @click.argument("args", nargs=-1, type=click.UNPROCESSED)
    def upstream(args: tuple[str, ...]) -> None:
        if find_spec("sleap_nn") is None:
            raise OptionError(
                f"`{name}` belongs to upstream's sleap-nn, which is not installed in this "
                "environment. Install it (`pip install sleap-nn`) to train models, then come back "
                "with the trained folder."
            )
        upstream_cli = import_module("sleap_nn.cli")
        upstream_cli.cli(args=[name, *args])

    return upstream


@click.group(
    cls=_LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": _underscored,
        "max_content_width": MOST_COLUMNS,
    },
    panels=[RichCommandPanel(title, commands=list(names)) for title, names in _PANELS.items()],
)
@click.version_option(__version__, "-v", "--version", prog_name="sleap-rt")
def app() -> None:
    """Turn trained SLEAP models into ONNX graphs, run them over video, track and evaluate.

    \b
    sleap-nn export models/centroid models/centered_instance -o exports/flies
    sleap-nn track -i video.mp4 -m exports/flies
    """


def main(args: list[str] | None = None) -> None:
    """Run the program and leave with its exit code.

    0 success, 1 bad data or a failed run, 2 wrong usage, 128 + its number after a signal: 130 for
    Ctrl-C, 143 for SIGTERM, 129 for SIGHUP. `live` takes the first signal as its usual end.
    """
    take_every_name()
    with Interrupts() as interrupts, options_are_typed():
        try:
            code = app.main(args=args, prog_name=program_name(), standalone_mode=False)
            code = code if isinstance(code, int) else 0
        except click.ClickException as error:
            messages.refused(error)
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt) as error:
            code = _interrupted(interrupts, error)
        except Exception as error:
            if interrupts.number is not None:  # some imports turn an interrupt into ImportError
                code = _interrupted(interrupts, error)
            else:
                code = _failed(error, sys.argv if args is None else args)
    sys.exit(code)


def _interrupted(interrupts: Interrupts, error: BaseException) -> int:
    words = _how_to_go_on(error)
    with suppress(OSError):  # the terminal may be gone
        say(f"{interrupts.words}: {words}" if words else interrupts.words, err=True)
    return interrupts.exit_code


def _how_to_go_on(error: BaseException | None) -> str:
    """What the first interrupt said, whatever came behind it."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt) and str(error):
            return str(error)
        error = error.__cause__ or error.__context__
    return ""


def _failed(error: Exception, args: Sequence[str]) -> int:
    is_usage = isinstance(error, OptionError)  # nothing has run that could be traced
    if "--verbose" in args and not is_usage and not _VERBOSE_IN_FACTS & {*args[:2]}:
        traceback.print_exception(error)
    if isinstance(error, SleapRtError):
        messages.error(str(error))
        return 2 if isinstance(error, OptionError) else 1
    if isinstance(error, OSError) and _output_fails():
        messages.error(f"Standard output cannot be written: {error.strerror or error}")
        return 1
    words = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")
    messages.error(f"{words}. No part of sleap-rt foresees this; please report it.")
    return 1


def _output_fails() -> bool:
    """Whether nothing can be printed: a line break, the least there is, cannot either."""
    try:
        click.echo()
    except OSError:
        return True
    return False
