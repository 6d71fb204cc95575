"""How an export was proven, in the words of `export` and of `info`."""

from collections.abc import Mapping
from typing import Any

from sleap_rt.words import counted


def proof_in_words(model: Mapping[str, Any]) -> list[str]:
    """What was measured at export, line by line.

    Args:
        model: at least `precision` and `certificate` of its contract, as plain values.
    """
    found, precision = model["certificate"], model["precision"]
    compared = (
        f"{counted(found['n_instances'], 'instance')} in {counted(found['n_frames'], 'frame')}"
    )
    if precision == "fp32":
        return [
            f"{compared} equal to the checkpoint's within {found['max_px']:.5f} px, "
            f"{found['max_score']:.1g} in score"
        ]
    if found["poses"] is not None:
        return _loss(found, found["poses"])
    return [
        f"{compared}; in float16, 99 of 100 points stay within {found['p99_px']:.3f} px and all "
        f"within {found['max_px']:.3f} px of float32, {found['max_score']:.1e} in score; "
        f"{counted(found['n_lost'], 'point')} lost, {found['n_extra']} new"
    ]


def _loss(found: Mapping[str, Any], poses: Mapping[str, Any]) -> list[str]:
    """How int8 changes poses."""
    lines = [
        f"int8, calibrated on {poses['calibration']}; against float32 on {found['frames']}:",
        f"{counted(found['n_instances'], 'instance')}, {poses['n_lost']} lost, "
        f"{poses['n_extra']} new"
        + (f", {poses['n_renamed']} of another class" if poses["n_renamed"] else "")
        + f"; {counted(found['n_lost'], 'point')} lost, {found['n_extra']} new",
        f"points move by {poses['p50_px']:.3f} px (median), {poses['p90_px']:.3f} (90 %), "
        f"{found['p99_px']:.3f} (99 %), {found['max_px']:.3f} (largest)",
    ]
    if poses["oks_mean"] is not None:
        lines.append(
            f"OKS {poses['oks_mean']:.4f} (mean), {poses['oks_p5']:.4f} (5 %), "
            f"{poses['oks_min']:.4f} (least)"
        )
    if poses["exceeded"]:
        lines.append(f"MORE THAN THE LIMITS ALLOW: {'; '.join(poses['exceeded'])}")
    return lines
