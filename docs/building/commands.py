"""The reference of commands, written from the program: what `--help` says, as Markdown."""

import html
from collections.abc import Iterator

import click

from sleap_rt.cli.app import app

_PROGRAM = "sleap-nn"
_SAME = {"predict"}  # another name of `track`


def reference() -> str:
    """Every command with its options, under the headings of its help."""
    context = click.Context(app, info_name=_PROGRAM)
    names = [name for name in app.list_commands(context) if name not in _SAME]
    commands = [(name, app.get_command(context, name)) for name in names]
    return "\n\n".join(_command(name, found, context) for name, found in commands if found)


def _command(name: str, command: click.Command, above: click.Context) -> str:
    context = command.make_context(
        name, [], parent=above, resilient_parsing=True, help_option_names=["-h", "--help"]
    )
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [
        f"## {name}",
        *_paragraphs(command.help or ""),
        f"```text\n{_PROGRAM} {name} {usage}\n```",
    ]
    for panel, options in _panels(command).items():
        rows = [_row(option, context) for option in options]
        parts.append("\n".join([f"| {panel} | |", "|---|---|", *filter(None, rows)]))
    return "\n\n".join(parts)


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of a help; those after a backspace character keep their lines."""
    for paragraph in text.split("\n\n"):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if lines[0] == "\b":
            yield "\n".join(["```sh", *lines[1:], "```"])
        else:
            yield html.escape(" ".join(lines), quote=False)


def _panels(command: click.Command) -> dict[str, list[click.Parameter]]:
    panels: dict[str, list[click.Parameter]] = {}
    for option in command.params:
        if isinstance(option, click.Option):
            panels.setdefault(getattr(option, "panel", None) or "Options", []).append(option)
    return panels


def _row(option: click.Parameter, context: click.Context) -> str:
    record = option.get_help_record(context)
    if record is None:  # hidden
        return ""
    names, text = (html.escape(cell, quote=False).replace("|", "&#124;") for cell in record)
    return f"| <code>{names}</code> | {' '.join(text.split())} |"
