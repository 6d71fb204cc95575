"""`sleap-nn system`: which engines and devices work here, and what to do about the others."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from sleap_rt.cli.options.arguments import OnceCommand
from sleap_rt.cli.terminal.documents import print_json
from sleap_rt.cli.terminal.messages import next_step, waiting
from sleap_rt.cli.terminal.streams import say
from sleap_rt.cli.terminal.tables import show_facts, show_table
from sleap_rt.version import __version__
from sleap_rt.words import counted

_VARIANTS = ("python-headless", "python", "contrib-python", "contrib-python-headless")
_OPENCV = tuple(f"opencv-{name}" for name in _VARIANTS)
_BEFORE = ("numpy", "scipy", "sleap-io", "av", *_OPENCV)
_AFTER = ("torch", "onnx", "onnxscript", "h5py")


@click.command("system", cls=OnceCommand, short_help="Say which engines and devices work here.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(as_json: bool) -> None:
    """Say which engines and devices truly work here, by running a small graph on each.

    For each that does not work, it gives the reason and the fix. The exit code is always 0.
    """
    from sleap_rt.runtime.inspect.probe import probe_engines
    from sleap_rt.runtime.inspect.trial_store import stored_trials, trials_folder

    facts = _facts()
    n_compared = sum(bool(stored.evidence.trials) for stored in stored_trials())
    facts["engines_compared"] = f"{counted(n_compared, 'time')}, kept in {trials_folder()}"
    with waiting("running a small graph on each engine"):
        probes = probe_engines()
    if as_json:
        print_json({**facts, "engines": [vars(probe) for probe in probes]})
        return
    show_facts(f"{name}: {_in_words(value)}" for name, value in facts.items())
    say("engines:")
    elsewhere = _of_other_systems()
    rows = [
        (one.engine, one.device, "works" if one.works else "absent", one.detail)
        for one in sorted(probes, key=lambda one: not one.works)
        if one.works or (one.engine, one.device) not in elsewhere
    ]
    show_table(("engine", "device", "state", "where it runs, or what to do"), rows)
    if elsewhere:
        named = ", ".join(f"{engine} {device}" for engine, device in elsewhere)
        show_facts([f"not for this system: {named}"])
    next_step("sleap-nn bench EXPORT -i VIDEO", "measure")


def _of_other_systems() -> list[tuple[str, str]]:
    """Engines with devices that this operating system cannot have."""
    from sleap_rt.runtime.engines import declarations

    return [
        (name, device.kind)
        for name, declared in declarations().items()
        for device in declared.devices
        if device.platform not in ("", sys.platform)
    ]


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {found}" for name, found in value.items())
    return str(value)


def _facts() -> dict[str, Any]:
    from sleap_rt.libraries.telemetry import onnxruntime_telemetry
    from sleap_rt.machine.cores import available_cores
    from sleap_rt.runtime.engines import declarations
    from sleap_rt.runtime.frames.video import DECODER

    cores = available_cores()
    of_engines = (name for declared in declarations().values() for name in declared.packages)
    packages = dict.fromkeys((*_BEFORE, *of_engines, *_AFTER))  # each once, in order
    return {
        "sleap_rt": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "cpu_cores": os.cpu_count(),
        "cores_used": cores.n,
        "cores_limited_by": cores.limited_by,
        "video_decoder": f"{DECODER}, BT.601",
        "onnxruntime_telemetry": onnxruntime_telemetry(),
        "packages": {name: found for name in packages if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
