"""The program `sleap-nn` (also installed as `sleap-rt`): its commands and its exit codes."""

import sys
import traceback
from importlib import import_module
from importlib.util import find_spec

import click

from sleap_rt.errors import OptionError, SleapRtError
from sleap_rt.version import __version__

_COMMANDS = (
    "bench",
    "eval",
    "eval-tracking",
    "export",
    "info",
    "predict",
    "system",
    "track",
    "verify",
)
_ALIASES = {"predict": "track"}
_UPSTREAM_COMMANDS = ("config", "train")  # training is upstream's job
_INTERRUPTED = 130


def _underscored(token: str) -> str:
    """`--data-path` is accepted for `--data_path`."""
    return token.replace("-", "_")


class _LazyGroup(click.Group):
    """Imports a command's module when that command is called, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in _UPSTREAM_COMMANDS:
            return _upstream_command(name)
        if name not in _COMMANDS:
            return None
        module = import_module(f"sleap_rt.cli.{_underscored(_ALIASES.get(name, name))}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            raise click.UsageError(f"no command {name!r}.{_nearest(name)}", ctx)
        return super().resolve_command(ctx, args)


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, (*_COMMANDS, *_UPSTREAM_COMMANDS), n=1)
    return f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(_COMMANDS)}."


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
        "max_content_width": 100,
    },
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

    0 success, 1 bad data or a failed run, 2 wrong usage, 130 interrupted.
    """
    try:
        code = app.main(args=args, prog_name="sleap-nn", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        words = str(error.__cause__ or error)
        click.echo(f"interrupted: {words}" if words else "interrupted", err=True)
        sys.exit(_INTERRUPTED)
    except SleapRtError as error:
        if "--verbose" in (sys.argv if args is None else args):
            traceback.print_exception(error)
        click.echo(f"Error: {error}", err=True)
        sys.exit(2 if isinstance(error, OptionError) else 1)
    sys.exit(code if isinstance(code, int) else 0)
