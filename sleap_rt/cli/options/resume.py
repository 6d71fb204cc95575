"""`--resume`, `--no-resume` and `--resume auto`, also for jobs that a cluster starts again."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import click

_STARTS_AGAIN = "SLURM_RESTART_COUNT"  # set by SLURM from the first time on that it requeues a job

RESUME = (
    click.option(
        "--resume/--no-resume",
        default=None,
        help="Continue an interrupted run, or start it again; `--resume auto` continues one if "
        "there is any, as a job that SLURM requeued does by itself.",
    ),
    click.option("--auto_resume", is_flag=True, hidden=True),  # what `--resume auto` is read as
)


def with_auto_resume(words: Sequence[str]) -> list[str]:
    """The command line with `--resume auto` as one word."""
    joined: list[str] = []
    for word in words:
        if word == "auto" and joined[-1:] == ["--resume"]:
            joined.pop()
            word = "--resume=auto"
        joined.append("--auto_resume" if word == "--resume=auto" else word)
    return joined


def resume_asked(params: Mapping[str, Any]) -> bool | Literal["auto"] | None:
    """What the options say; for a job that was requeued and says nothing, `auto`.

    Raises:
        UsageError: `--resume auto` stands beside another of them.
    """
    if params["auto_resume"]:
        if params["resume"] is not None:
            other = "--resume" if params["resume"] else "--no-resume"
            raise click.UsageError(f"--resume auto and {other} exclude each other; give one")
        return "auto"
    if params["resume"] is None and os.environ.get(_STARTS_AGAIN, "0") != "0":
        return "auto"
    asked: bool | None = params["resume"]
    return asked
