"""`sleap-nn info`: what a model is, trained or exported."""

import json
from typing import Any

import click

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.options.models import given_models, model_arguments
from sleap_rt.cli.terminal.messages import waiting
from sleap_rt.cli.terminal.tables import show_facts


@click.command("info", cls=OnceCommand, short_help="Say what a model is, trained or exported.")
@model_arguments("PATH")
@click.option(
    "--verbose",
    is_flag=True,
    help="Sizes, decoding, provenance and proof as well; of a trained model also parameters and "
    "operations, which loads its weights.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(as_json: bool, verbose: bool, **params: Any) -> None:
    """Say what a model is, what it was trained on, how an export was proven, and how to use it.

    PATH is an export folder, an `.onnx` file, or a trained model's folder (sleap-nn, or SLEAP 1.4
    and older). Its weights are read with --verbose only, which needs the export extra.

    \b
    sleap-nn info exports/flies
    sleap-nn info models/centroid --verbose
    sleap-nn info models/centroid --json
    """
    (path,) = given_models(params, most=1)
    from sleap_rt.workflows.inspect.in_words import in_words
    from sleap_rt.workflows.inspect.info import describe

    with waiting("reading the weights" if verbose else "reading the model"):
        models = describe(path, with_network=verbose)
    if as_json:
        click.echo(json.dumps(models, indent=2))
        return
    lines = in_words(models, path)
    for model in models:
        lines += [f"note: {note}" for note in model.get("notes") or ()]
        lines += ["", *_lines(model)] if verbose else []
    show_facts(lines)


def _lines(values: dict[str, Any], indent: str = "") -> list[str]:
    """`name: value`, sections below their names; None and empty values are left out."""
    shown = {
        name.replace("_", " "): value
        for name, value in values.items()
        if value not in (None, [], ())
    }
    width = max((len(name) for name, v in shown.items() if not isinstance(v, dict)), default=0)
    lines = []
    for name, value in shown.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}:", *_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name + ':':<{width + 1}} {_text(value)}")
    return lines


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(
            "-".join(map(str, item)) if isinstance(item, list | tuple) else str(item)
            for item in value
        )
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and value > 9999 else str(value)
