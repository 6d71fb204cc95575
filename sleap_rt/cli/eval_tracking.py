"""`eval-tracking`: the identity half of `eval --tracks` alone, also for files without scores."""

from typing import Any

import click

from sleap_rt.cli.eval import FILES, IDENTITIES, OUTPUT, TRUTH, evaluate
from sleap_rt.cli.options.dialects import DialectCommand
from sleap_rt.cli.options.sections import section


@click.command("eval-tracking", cls=DialectCommand)
@section("Files", *FILES)
@section("Ground truth", *TRUTH)
@section("Identities", *IDENTITIES)
@section("Results", *OUTPUT)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Compare tracked animals with true tracks: HOTA, MOTA, IDF1, every switch.

    \b
    sleap-nn eval-tracking -g proofread.slp -p tracked.slp
    sleap-nn eval-tracking -g proofread.slp -p tracked.slp --similarity centroid
    """
    evaluate(context, given, {}, measure_poses=False, measure_identities=True)
