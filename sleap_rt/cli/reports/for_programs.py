"""What a program reads from standard output: results as one JSON object, and why a run failed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from sleap_rt.cli.options.dialects import DialectCommand
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.errors import DataError, OptionError, RunError
from sleap_rt.runtime.pipeline.progress import json_error

if TYPE_CHECKING:
    from sleap_rt.workflows.many.run import ManyRun

_GUI = "--gui"


class GuiCommand(DialectCommand):
    """A command with `--gui`: a failure, wrong use too, ends in an object on standard output."""

    def make_context(
        self, info_name: str | None, args: list[str], *rest: Any, **extra: Any
    ) -> click.Context:
        with _failure_as_json(_GUI in args):
            return super().make_context(info_name, args, *rest, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _failure_as_json(ctx.params["gui"]):
            return super().invoke(ctx)


@contextmanager
def _failure_as_json(is_asked: Any) -> Iterator[None]:
    try:
        yield
    except (click.exceptions.Exit, click.Abort):  # of --help, and of an interrupt
        raise
    except click.ClickException as error:
        if is_asked:
            json_error(OptionError(error.format_message()))
        raise
    except Exception as error:
        if is_asked:
            json_error(error)
        raise


@contextmanager
def facts_of_failure(run: "ManyRun", params: dict[str, Any]) -> Iterator[None]:
    """With `--json`, a run that fails or is cut off is told as one that is done; no wrong use."""
    try:
        yield
    except OptionError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if len(run.tasks) == 1:
            run.tasks[0].fail(error)
        with suppress(OSError, RunError):  # the failure is more than a stream that takes nothing
            tell_facts(run, params)
        raise


def tell_facts(run: "ManyRun", params: dict[str, Any]) -> None:
    """What was done, where `--json` asks for it."""
    if params["as_json"]:
        print_json(run.facts())


def exit_code(run: "ManyRun", params: dict[str, Any]) -> int:
    """1 where inputs failed or frames lack poses; `--gui` is told in a last object what did."""
    missing = run.missing
    if missing and params["gui"]:
        json_error(DataError("; ".join(missing)))
    return int(bool(missing))
