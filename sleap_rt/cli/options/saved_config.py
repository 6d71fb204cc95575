"""Writes the options of a run to a file that `--config` reads."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sleap_rt.cli.options.config_file import CONFIG, SAVE_CONFIG, is_file
from sleap_rt.cli.terminal.streams import say
from sleap_rt.errors import OptionError
from sleap_rt.options.written_files import BEGINS, saved_by
from sleap_rt.version import __version__
from sleap_rt.words import as_typed, no_text_why

# Of one attempt, and not of what is done.
NOT_SAVED = (CONFIG, SAVE_CONFIG, "help", "dry_run", "resume", "auto_resume")


def save_config(
    parameters: Sequence[click.Parameter], given: Mapping[str, Any], ctx: click.Context
) -> None:
    """Write what was given; options that were not stand below, with their defaults, as comments.

    Paths within the file's folder are written relative to it, others in full.

    Raises:
        OptionError: the file cannot be written, or is another one; a name is no text.
    """
    path = Path(given[SAVE_CONFIG])
    _refuse_other_file(path)
    used, unused = [], []
    for one in parameters:
        if one.name in NOT_SAVED:
            continue
        if one.name in given:
            used.append(f"{key_of(one)}: {_text(given[one.name], one, path.parent)}")
        elif isinstance(one, click.Option) and not one.hidden:
            unused.append(f"# {key_of(one)}: {_default(one, ctx)}".rstrip())
    lines = [f"{BEGINS}{ctx.command_path}, sleap-rt {__version__}", *used]
    lines += ["", "# not given; these are the defaults", *unused, ""]
    try:
        path.write_text("\n".join(lines), encoding="utf8")
    except OSError as error:
        why = error.strerror or error
        raise OptionError(f"save_config: {path} cannot be written: {why}") from error
    if not given.get("quiet"):
        again = f"{ctx.command_path} --config {as_typed(path)}"
        say(f"options saved; repeat with: {again}", err=True)


def key_of(parameter: click.Parameter) -> str:
    """The name that a file gives a parameter."""
    if isinstance(parameter, click.Argument):
        return str(parameter.name)
    return max(parameter.opts, key=len).lstrip("-").replace("-", "_")


def _refuse_other_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            begins = file.readline(200)
    except FileNotFoundError:
        return
    except OSError as error:
        raise OptionError(f"save_config: {path} cannot be written: {error.strerror}") from error
    if saved_by(begins) is None:
        raise OptionError(
            f"save_config: {path} is there and was not written by save_config; name another file"
        )


def _text(value: Any, parameter: click.Parameter, folder: Path) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_text(one, parameter, folder) for one in value)}]"
    if not isinstance(value, str):  # click's mark of an option that stands alone
        return "true"
    text = value
    path = Path(text).absolute()
    saved = _portable(path, folder) if is_file(text, path, parameter) else text
    if why := no_text_why(saved):
        raise OptionError(
            f"save_config: {why}, so it cannot be saved; rename it, or leave save_config out"
        )
    return _quoted(saved)


def _portable(path: Path, folder: Path) -> str:
    home = folder.absolute()
    within = path.is_relative_to(home) and not str(path.relative_to(home)).startswith("~")
    return str(path.relative_to(home) if within else path)


def _quoted(text: str) -> str:
    """A word of YAML; in quotes where it would mean something else."""
    import yaml

    style = None if text.isprintable() else '"'  # only there line breaks of any kind stay
    listed = yaml.safe_dump(
        [text], default_flow_style=True, default_style=style, allow_unicode=True, width=sys.maxsize
    )
    word: str = listed.strip()[1:-1]
    return word.strip("'") if _is_number(text) else word


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _default(option: click.Option, ctx: click.Context) -> str:
    default = option.get_default(ctx, call=False)
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, tuple | list):
        return f"[{', '.join(map(str, default))}]"
    return "" if default is None or not isinstance(default, str | int | float) else str(default)
