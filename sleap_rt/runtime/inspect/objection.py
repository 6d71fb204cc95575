"""Whether an engine gives the poses that a file was certified with, in words."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sleap_rt.options import EngineOptions
from sleap_rt.runtime.inspect.verify import Tolerance, Verification, verify_graph

CAUTIOUS = 0.5  # of the limits: one small frame shows only some of what a video holds


def objection_to(
    engine: EngineOptions, graphs: Sequence[Path], *, share: float = 1.0
) -> str | None:
    """What speaks against an engine: that it exceeds a limit of a file's stored sample.

    Args:
        engine: name and device.
        graphs: of a run.
        share: of the limits for networks in float32, which must suffice.

    Returns:
        None if it keeps all limits.

    Raises:
        SleapRtError: a file has no sample, or the engine cannot run it.
    """
    for path in graphs:
        found = verify_graph(path, engine)
        of_them = ""
        if found.precision == "fp32" and share < 1:
            found = replace(found, tolerance=_scaled(found.tolerance, share))
            of_them = f", {share:.0%} of what verify allows"
        if not found.passed:
            return excess(found, of_them)
    return None


def _scaled(limits: Tolerance, share: float) -> Tolerance:
    return replace(limits, px=share * limits.px, score=share * limits.score)


def excess(found: Verification, of_them: str = "") -> str:
    """By how much a replay that did not pass exceeds a limit.

    Args:
        found: the replay.
        of_them: what share of the certificate's limits it has to keep.
    """
    allowed = found.tolerance
    if found.n_missing or found.n_extra:
        what = f"{found.n_missing} points are missing and {found.n_extra} extra"
    elif found.px > allowed.px:
        what = f"points differ by {found.px:.1e} px (allowed {allowed.px:g}{of_them})"
    else:
        what = f"scores differ by {found.score:.1e} (allowed {allowed.score:g}{of_them})"
    return f"in {found.kind}, {what}"
