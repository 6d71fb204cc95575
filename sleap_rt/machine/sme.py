"""Whether an ARM processor has SME, the Scalable Matrix Extension."""

import platform
import subprocess
import sys
from functools import cache
from pathlib import Path

from sleap_rt.machine.cgroups import text_of

_ARM = ("aarch64", "arm64")


def may_have_sme(root: Path = Path("/")) -> bool:
    """True on an ARM processor that has it, or of which the system does not tell."""
    if platform.machine().lower() not in _ARM:
        return False
    if sys.platform == "darwin":
        return _sysctl("hw.optional.arm.FEAT_SME") != "0"
    features = [
        line.partition(":")[2].split()
        for line in text_of(root / "proc/cpuinfo").splitlines()
        if line.lower().startswith("features")
    ]
    # A system that does not name it does not let programs use it.
    return any("sme" in names for names in features) if features else True


@cache
def _sysctl(name: str) -> str:
    """A setting of macOS; `0` where it knows none of that name, empty where it cannot be asked."""
    try:
        asked = subprocess.run(
            ["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() or "0"
