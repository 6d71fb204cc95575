"""`sleap-nn page`: an exported model in a browser."""

import sys
from pathlib import Path
from typing import Any

import click

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.options.models import given_models, model_arguments
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.cli.terminal.messages import next_step
from sleap_rt.cli.terminal.streams import say
from sleap_rt.options import PageOptions, filled
from sleap_rt.words import in_full


@click.command("page", cls=OnceCommand, short_help="Make a page that runs a model in a browser.")
@model_arguments("MODEL [MODEL]")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the page; any web server can show it.",
)
@click.option("--serve", is_flag=True, help="Show it to browsers on this machine, and only there.")
@click.option(
    "--port", type=int, help="With --serve: where.  [default: 8000, or any free one; 0: any]"
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object in place of text.")
def command(as_json: bool, **params: Any) -> None:
    """Make a page that runs a model in a browser: drop a video on it, and poses are drawn over it.

    MODEL is an export folder, an `.onnx` file or a trained model. The page reads the video itself
    and sends nothing anywhere; it runs on the GPU through WebGPU, else in WebAssembly, and saves
    poses as CSV and JSON.

    \b
    sleap-nn page exports/flies --serve
    sleap-nn page exports/flies -o flies_page
    """
    models = given_models(params, most=2)
    options = filled(PageOptions, params)
    from sleap_rt.cli.reports.steps_progress import StepsProgress
    from sleap_rt.workflows.show.page import plan_page

    plan = plan_page(models, options)
    content = plan.content(StepsProgress(quiet=False, verbose=False))
    folder = plan.write(content)
    server = plan.open_server(content)
    (_show_json if as_json else _show)(folder, None if server is None else server.address)
    if server is not None:
        with server:
            server.serve_forever()


def _show(folder: Path | None, address: str | None) -> None:
    if folder is not None:
        say(f"{folder}: a page of {_size(folder) / 1e6:.0f} MB")
    if address is not None:
        say(f"{address} shows the page on this machine. Ctrl-C ends it.")
        next_step(f"open {address} in a browser, and drop a video on it")
    else:
        next_step(
            "put the folder on a web server (a browser does not open it from the disk), or --serve"
        )


def _show_json(folder: Path | None, address: str | None) -> None:
    written = {} if folder is None else {"folder": in_full(folder), "bytes": _size(folder)}
    served = {} if address is None else {"address": address}
    print_json({**written, **served})
    sys.stdout.flush()  # it may be read while the page is served


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
