"""What drives the GPUs of this machine."""

from pathlib import Path

from sleap_rt.machine.cgroups import text_of


def driver_version(root: Path = Path("/")) -> str:
    """The line in which NVIDIA's driver names itself; empty where there is none that tells."""
    return text_of(root / "proc/driver/nvidia/version").partition("\n")[0]
