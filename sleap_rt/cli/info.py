"""`sleap-nn info`: what a model is, trained or exported."""

from typing import Any

import click

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.options.models import given_models, model_arguments
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.cli.terminal.messages import waiting
from sleap_rt.cli.terminal.tables import show_facts
from sleap_rt.words import in_full


@click.command("info", cls=OnceCommand, short_help="Say what a model is, trained or exported.")
@model_arguments("PATH...")
@click.option(
    "--verbose",
    is_flag=True,
    help="Sizes, decoding, provenance and proof as well; of a trained model also parameters and "
    "operations, which loads its weights.",
)
@click.option("--json", "as_json", is_flag=True, help="A JSON list of the models instead of text.")
def command(as_json: bool, verbose: bool, **params: Any) -> None:
    """Say what a model is, what it was trained on, how an export was proven, and how to use it.

    PATH is an export folder, an `.onnx` file, or a trained model's folder (sleap-nn, or SLEAP 1.4
    and older). Its weights are read with --verbose only, which needs the export extra.

    \b
    sleap-nn info exports/flies
    sleap-nn info models/centroid --verbose
    sleap-nn info models/centroid --json
    """
    paths = given_models(params, most=None)
    from sleap_rt.workflows.inspect.in_words import in_words
    from sleap_rt.workflows.inspect.info import describe

    with waiting("reading the weights" if verbose else "reading the model"):
        found = [(path, describe(path, with_network=verbose)) for path in paths]
    if as_json:
        print_json(
            [{**model, "file": in_full(model["file"])} for _, models in found for model in models]
        )
        return
    for number, (path, models) in enumerate(found):
        lines = [""] if number else []
        lines += in_words(models, path)
        for model in models:
            lines += [f"note: {note}" for note in model.get("notes") or ()]
            lines += ["", *_lines(model)] if verbose else []
        show_facts(lines)


def _lines(values: dict[str, Any], section: str = "", indent: str = "") -> list[str]:
    """`name: value`, sections below their names."""
    from sleap_rt.workflows.inspect.facts_in_words import facts_in_words

    shown = list(facts_in_words(values, section))
    width = max((len(label) for _, label, v in shown if not isinstance(v, dict)), default=0)
    lines = []
    for name, label, value in shown:
        if isinstance(value, dict):
            lines += [f"{indent}{label}:", *_lines(value, name, indent + "  ")]
        else:
            lines.append(f"{indent}{label + ':':<{width + 1}} {_text(value)}")
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
